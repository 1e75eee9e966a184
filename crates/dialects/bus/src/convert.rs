//! Converts between the bus dialect's JSON and the domain.

use crate::wire::{BusLocation, KioskLocation, ToViewer};
use milepost_domain::{
    AccuracyM, HeadingDeg, Invalid, Latitude, Longitude, Position, Principal, SpeedKmh, TenantId, Timestamp, Vehicle,
};
use milepost_http::{parse_timestamp, rfc3339};
use uuid::Uuid;

/// Reads a kiosk's ping as a position of the bus that it was in. A speed, heading or accuracy out of range is unknown: phones write -1 for what they
/// do not know, and the place is good without it.
///
/// # Errors
/// [`Invalid`] names the field that does not fit.
pub fn position_from_ping(ping: &KioskLocation, kiosk: &Principal, now: Timestamp) -> Result<Position, Invalid> {
    let at = match &ping.timestamp {
        None | Some(serde_json::Value::Null) => now,
        Some(value) => parse_timestamp(value).map_err(|message| Invalid::new("timestamp", message))?,
    };
    Position::check_time(at, now)?;
    let vehicle_id = kiosk.own_vehicle(at)?.ok_or(Invalid::new("vehicle_id", "is required"))?;
    let (latitude, longitude) = (Latitude::new(ping.latitude)?, Longitude::new(ping.longitude)?);
    Ok(Position {
        speed: ping.speed.and_then(|speed| SpeedKmh::new(speed).ok()),
        heading: ping.heading.and_then(|heading| HeadingDeg::new(heading).ok()),
        accuracy: ping.accuracy.and_then(|accuracy| AccuracyM::new(accuracy).ok()),
        ..Position::new(vehicle_id.clone(), at, latitude, longitude)
    })
}

/// The id of a stored location: a UUID made from the location's identity, so that a repeated ping gets the same id.
pub(crate) fn location_id(tenant: &TenantId, position: &Position) -> String {
    let at_ms = position.at.unix_ms().to_string();
    let name = [tenant.as_str(), position.vehicle_id.as_str(), &at_ms].join("/");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// Writes a `location_update` for a vehicle at a position.
pub(crate) fn render_update(vehicle: &Vehicle, position: &Position, replayed: bool) -> String {
    render(&ToViewer::LocationUpdate {
        data: BusLocation {
            bus_id: vehicle.id.as_str(),
            license_plate: vehicle.license_plate.as_ref().map(|plate| plate.as_str()),
            latitude: position.latitude.get(),
            longitude: position.longitude.get(),
            speed: position.speed.map_or(0.0, SpeedKmh::get),
            heading: position.heading.map_or(0.0, HeadingDeg::get),
            status: vehicle.status.as_str(),
            timestamp: rfc3339(position.at),
        },
        replayed,
    })
}

/// Writes a message to a viewer.
///
/// # Panics
/// Never: the types hold only strings and finite numbers.
pub(crate) fn render(message: &ToViewer<'_>) -> String {
    serde_json::to_string(message).expect("strings and finite numbers serialise")
}
