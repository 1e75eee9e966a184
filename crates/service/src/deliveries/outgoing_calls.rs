//! Makes the outgoing calls of a delivery's changes: to the order service, and SMS to the customer.

use crate::Outgoing;
use milepost_domain::{Delivery, DeliveryStatus, OutgoingCall, Target};
use serde_json::json;
use std::fmt::Write;

/// The calls of a session's start.
pub(super) fn calls_of_start(delivery: &Delivery, outgoing: &Outgoing) -> Vec<OutgoingCall> {
    sms(delivery, outgoing).into_iter().collect()
}

/// The calls of a step forward to the present status of `delivery`.
pub(super) fn calls_of_step(delivery: &Delivery, outgoing: &Outgoing) -> Vec<OutgoingCall> {
    let mut calls = Vec::new();
    if outgoing.orders && delivery.status == DeliveryStatus::Delivered {
        let delivered_at = delivery.updated_at.unix_ms() / 1000;
        calls.push(OutgoingCall {
            target: Target::Orders,
            path: format!("/orders/{}/status", percent_encode(delivery.order_id.as_str())),
            body: json!({ "status": delivery.status.as_str(), "delivered_at": delivered_at }).to_string(),
            key: format!("delivery-{}-delivered", delivery.tracking_id),
        });
    }
    calls.extend(sms(delivery, outgoing));
    calls
}

fn sms(delivery: &Delivery, outgoing: &Outgoing) -> Option<OutgoingCall> {
    let phone = delivery.phone.as_ref().filter(|_| outgoing.notifications)?;
    let status = delivery.status;
    let progress = match status {
        DeliveryStatus::Assigned => "has a rider",
        DeliveryStatus::PickedUp => "was picked up",
        DeliveryStatus::InTransit => "is on its way",
        DeliveryStatus::Delivered => "was delivered",
    };
    let (order, id) = (delivery.order_id.as_str(), &delivery.tracking_id);
    let message = format!("Order {order} {progress}. Follow it: {}/track/{id}", outgoing.public_url);
    Some(OutgoingCall {
        target: Target::Notifications,
        path: "/notify/sms".to_owned(),
        body: json!({ "phone": phone.as_str(), "message": message }).to_string(),
        key: format!("delivery-{}-sms-{}", delivery.tracking_id, status.as_str()),
    })
}

/// Encodes one segment of a path: all characters except the unreserved ones of RFC 3986, section 2.3.
fn percent_encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String never fails");
        }
    }
    // `.` and `..` have a meaning of their own in paths.
    if matches!(encoded.as_str(), "." | "..") { encoded.replace('.', "%2E") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    #[test]
    fn an_order_id_stays_one_segment_of_the_path() {
        let check = |id, expected| assert_eq!(percent_encode(id), expected);
        check("ORD-12345", "ORD-12345");
        check("a/../b?c#d e", "a%2F..%2Fb%3Fc%23d%20e");
        check("..", "%2E%2E");
        check("é", "%C3%A9");
    }
}
