//! Deliveries, from the domain to JSON.

use crate::wire::delivery::{DropoffJson, ListedDeliveryJson, RiderPositionJson};
use milepost_http::rfc3339;
use milepost_service::{DeliveryView, Eta};

pub(crate) fn delivery_to_json(view: &DeliveryView) -> ListedDeliveryJson {
    let delivery = &view.delivery;
    let estimate = match view.estimate {
        Some(Eta::Fresh(estimate)) => Some(estimate),
        Some(Eta::Stale) | None => None,
    };
    ListedDeliveryJson {
        tracking_id: delivery.tracking_id.as_str().to_owned(),
        order_id: delivery.order_id.as_str().to_owned(),
        rider_id: delivery.rider_id.as_str().to_owned(),
        status: delivery.status.as_str().to_owned(),
        dropoff: DropoffJson { latitude: delivery.dropoff.0.get(), longitude: delivery.dropoff.1.get() },
        position: delivery.last.map(|fix| RiderPositionJson {
            latitude: fix.latitude.get(),
            longitude: fix.longitude.get(),
            received_at: rfc3339(fix.at),
        }),
        rider_off_duty: view.is_off_duty,
        eta_s: estimate.map(|estimate| estimate.seconds),
        eta_low_s: estimate.map(|estimate| estimate.low_s),
        eta_high_s: estimate.map(|estimate| estimate.high_s),
        created_at: rfc3339(delivery.created_at),
        updated_at: rfc3339(delivery.updated_at),
        expires_at: rfc3339(delivery.expires_at),
    }
}
