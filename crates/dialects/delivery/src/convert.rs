//! Converts between the delivery dialect's JSON and the domain.

use crate::wire::{
    BetterEta, CurrentLocation, Dropoff, FromFollower, StartTracking, ToFollower, TrackingSession, UpdateLocation,
};
use milepost_domain::{Delivery, DeliveryStatus, Invalid, Latitude, Longitude, OrderId, Phone, RiderId, Timestamp};
use milepost_http::Problem;
use milepost_live::{INVALID_JSON, unknown_type};
use milepost_service::{DeliveryUpdate, DeliveryView, Eta, NewDelivery};

/// Reads the request to start a session.
///
/// # Errors
/// All fields that do not fit.
pub fn new_delivery(body: &StartTracking) -> Result<NewDelivery, Vec<Invalid>> {
    let mut wrong = Vec::new();
    let order_id = keep(OrderId::new(&body.order_id), &mut wrong);
    let rider_id = keep(RiderId::new(&body.rider_id), &mut wrong);
    let latitude = keep(Latitude::new(body.dropoff_lat).map_err(|e| named(e, "dropoff_lat")), &mut wrong);
    let longitude = keep(Longitude::new(body.dropoff_lng).map_err(|e| named(e, "dropoff_lng")), &mut wrong);
    let phone = keep(body.phone.as_deref().map(Phone::new).transpose(), &mut wrong);
    match (order_id, rider_id, latitude, longitude, phone) {
        (Some(order_id), Some(rider_id), Some(latitude), Some(longitude), Some(phone)) => {
            Ok(NewDelivery { order_id, rider_id, dropoff: (latitude, longitude), phone })
        }
        _ => Err(wrong),
    }
}

/// Reads an update.
///
/// # Errors
/// All fields that do not fit.
pub fn update_of(body: &UpdateLocation) -> Result<DeliveryUpdate, Vec<Invalid>> {
    let mut wrong = Vec::new();
    let status = keep(body.status.as_deref().map(DeliveryStatus::parse).transpose(), &mut wrong);
    let latitude = keep(body.lat.map(Latitude::new).transpose().map_err(|e| named(e, "lat")), &mut wrong).flatten();
    let longitude = keep(body.lng.map(Longitude::new).transpose().map_err(|e| named(e, "lng")), &mut wrong).flatten();
    match (body.lat, body.lng) {
        (Some(_), None) => wrong.push(Invalid::new("lng", "is required with lat")),
        (None, Some(_)) => wrong.push(Invalid::new("lat", "is required with lng")),
        (None, None) if body.status.is_none() => {
            wrong.push(Invalid::new("lat", "is required, unless there is a status"))
        }
        _ => {}
    }
    match status {
        Some(status) if wrong.is_empty() => Ok(DeliveryUpdate { place: latitude.zip(longitude), status }),
        _ => Err(wrong),
    }
}

fn keep<T>(result: Result<T, Invalid>, wrong: &mut Vec<Invalid>) -> Option<T> {
    result.map_err(|invalid| wrong.push(invalid)).ok()
}

const fn named(invalid: Invalid, field: &'static str) -> Invalid {
    Invalid { field, ..invalid }
}

/// Answers several refused fields at once.
pub(crate) fn refusal(wrong: Vec<Invalid>) -> Problem {
    milepost_service::ServiceError::Invalid(wrong).into()
}

/// Writes the session, without its rider unless `sees_rider`.
pub(crate) fn session_of(view: &DeliveryView, sees_rider: bool) -> TrackingSession<'_> {
    let Delivery { dropoff, .. } = &view.delivery;
    TrackingSession {
        order_id: Some(view.delivery.order_id.as_str()),
        rider_id: sees_rider.then(|| view.delivery.rider_id.as_str()),
        dropoff: Some(Dropoff { lat: dropoff.0.get(), lng: dropoff.1.get() }),
        ..moved(view)
    }
}

/// Writes the fields that an update can change, as the answer to its sender.
pub(crate) fn moved(view: &DeliveryView) -> TrackingSession<'_> {
    let delivery = &view.delivery;
    TrackingSession {
        tracking_id: delivery.tracking_id.as_str(),
        order_id: None,
        rider_id: None,
        status: delivery.status.as_str(),
        current_location: delivery.last.map(|fix| CurrentLocation {
            lat: fix.latitude.get(),
            lng: fix.longitude.get(),
            timestamp: unix_seconds(fix.at),
        }),
        rider_off_duty: view.is_off_duty,
        dropoff: None,
        eta_seconds: view.eta_seconds,
        updated_at: unix_seconds(delivery.updated_at),
        eta: view.estimate.map(better_eta),
        expires_at: unix_seconds(delivery.expires_at),
    }
}

fn better_eta(eta: Eta) -> BetterEta {
    match eta {
        Eta::Stale => BetterEta { stale: true, ..BetterEta::default() },
        Eta::Fresh(estimate) => BetterEta {
            seconds: Some(estimate.seconds),
            low: Some(estimate.low_s),
            high: Some(estimate.high_s),
            basis: Some(estimate.basis.as_str()),
            stale: false,
        },
    }
}

const fn unix_seconds(at: Timestamp) -> i64 {
    at.unix_ms() / 1000
}

/// Writes a message to a follower.
///
/// # Panics
/// Never: the types hold only strings and finite numbers.
pub(crate) fn render(message: &ToFollower<'_>) -> String {
    serde_json::to_string(message).expect("strings and finite numbers serialise")
}

/// A follower's request.
pub(crate) enum DeliveryRequest {
    Update(UpdateLocation),
    Ping,
}

/// Reads a follower's message. Its errors have the same texts as in other dialects.
pub(crate) fn read_message(text: &str) -> Result<DeliveryRequest, String> {
    match crate::parse_delivery_json::<FromFollower>(text.as_bytes()) {
        Ok(FromFollower { kind, location }) => match (kind.as_str(), location) {
            ("ping", _) => Ok(DeliveryRequest::Ping),
            ("location_update", Some(location)) => Ok(DeliveryRequest::Update(location)),
            ("location_update", None) => Err("location is required".to_owned()),
            (kind, _) => Err(unknown_type(kind)),
        },
        Err(problem) if problem.status != 422 => Err(INVALID_JSON.to_owned()),
        Err(problem) => {
            // A message of another type is not refused because of its location.
            let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            match value.get("type").and_then(serde_json::Value::as_str) {
                Some(kind) if kind != "location_update" => Err(unknown_type(kind)),
                None if value.is_object() => Err(unknown_type("none")),
                _ => Err(problem.detail),
            }
        }
    }
}
