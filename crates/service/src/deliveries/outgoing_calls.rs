//! Makes the outgoing calls of a delivery's changes: to the order service, and SMS to the customer.

use super::tracking_id::random_chars;
use crate::Outgoing;
use milepost_domain::{Delivery, DeliveryStatus, OutgoingCall, Phone, Target};
use serde_json::json;
use std::fmt::Write;

/// The number that texts about a delivery go to, if this server sends texts.
pub(super) fn texts_to<'a>(delivery: &'a Delivery, outgoing: &Outgoing) -> Option<&'a Phone> {
    delivery.phone.as_ref().filter(|_| outgoing.notifications)
}

/// The call to the order service for a step forward to the present status of `delivery`.
pub(super) fn order_call(delivery: &Delivery, outgoing: &Outgoing) -> Option<OutgoingCall> {
    if !outgoing.orders || delivery.status != DeliveryStatus::Delivered {
        return None;
    }
    let body = json!({
        "status": delivery.status.as_str(),
        "delivered_at": delivery.updated_at.unix_ms() / 1000,
        "tenant": delivery.tenant.as_str(),
        "tracking_id": delivery.tracking_id.as_str(),
    });
    Some(OutgoingCall {
        target: Target::Orders,
        path: format!("/orders/{}/status", percent_encode(delivery.order_id.as_str())),
        body: body.to_string(),
        key: random_key(),
    })
}

/// The text to the customer about the present status of `delivery`.
pub(super) fn text_call(delivery: &Delivery, phone: &Phone, outgoing: &Outgoing) -> OutgoingCall {
    let progress = match delivery.status {
        DeliveryStatus::Assigned => "has a rider",
        DeliveryStatus::PickedUp => "was picked up",
        DeliveryStatus::InTransit => "is on its way",
        DeliveryStatus::Delivered => "was delivered",
    };
    let order = delivery.order_id.in_text().map_or_else(|| "Your order".to_owned(), |id| format!("Order {id}"));
    let message = format!("{order} {progress}. Follow it: {}/track/{}", outgoing.public_url, delivery.tracking_id);
    OutgoingCall {
        target: Target::Notifications,
        path: "/notify/sms".to_owned(),
        body: json!({ "phone": phone.as_str(), "message": message }).to_string(),
        key: random_key(),
    }
}

/// A key that neither another server makes nor this one after a restore: receivers take a known key for a repetition.
fn random_key() -> String {
    format!("msg_{}", random_chars())
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
    encoded
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    #[test]
    fn an_order_id_stays_one_segment_of_the_path() {
        let check = |id, expected| assert_eq!(percent_encode(id), expected);
        check("ORD-12345", "ORD-12345");
        check("a/../b?c#d e", "a%2F..%2Fb%3Fc%23d%20e");
        check("é", "%C3%A9");
    }
}
