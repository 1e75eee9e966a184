//! `/api/events/{id}`, and what happened to a device in a time.

use crate::TraccarParts;
use crate::events::{Happening, of_command, of_ignition, of_incident, of_position, of_trip, of_visit};
use crate::extract::{Id, Signed};
use crate::fleet::DeviceView;
use crate::handlers::devices::Visible;
use crate::handlers::positions::read_positions;
use crate::ids::event_of;
use crate::refusal::Refusal;
use crate::shape::Object;
use axum::Json;
use axum::extract::State;
use milepost_domain::{Position, Timestamp, Trip};
use milepost_service::TripListing;
use milepost_service::devices::commands_between;
use milepost_service::fleet::{list_incidents, list_trips, list_visits};

/// Trips, visits or incidents of one device in one answer.
const MAX_FOUND: u32 = 10_000;
/// A visit that began before a time may end within it.
const LONGEST_VISIT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The trips of a device that overlap a time, in its order.
pub(crate) async fn trips_of(
    parts: &TraccarParts,
    signed: &Signed,
    device: &DeviceView,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Trip>, Refusal> {
    let listing = TripListing {
        tenant: signed.tenant().clone(),
        vehicle: Some(device.vehicle.id.clone()),
        driver: None,
        status: None,
        from,
        to,
        before: None,
        limit: MAX_FOUND,
    };
    let mut trips = list_trips(&parts.live.use_cases().fleet, &signed.request, &listing).await?.trips;
    trips.reverse();
    Ok(trips)
}

/// What happened to a device in a time, in its order, with what its `positions` of that time show.
pub(crate) async fn happenings(
    parts: &TraccarParts,
    signed: &Signed,
    device: &DeviceView,
    (from, to): (Timestamp, Timestamp),
    positions: &[Position],
) -> Result<Vec<Happening>, Refusal> {
    let service = &parts.live.use_cases().fleet;
    let (request, tenant, vehicle) = (&signed.request, signed.tenant(), &device.vehicle.id);
    let before = from.plus_ms(-LONGEST_VISIT_MS);
    let mut found: Vec<Happening> =
        trips_of(parts, signed, device, (from, to)).await?.iter().flat_map(of_trip).collect();
    let visits = list_visits(service, request, tenant, vehicle, (before, to), MAX_FOUND).await?;
    found.extend(visits.iter().flat_map(|visit| of_visit(vehicle, visit)));
    let incidents = list_incidents(service, request, tenant, vehicle, (from, to), MAX_FOUND).await?;
    found.extend(incidents.iter().filter_map(|incident| of_incident(vehicle, incident)));
    let devices = &parts.live.use_cases().devices;
    let commands = commands_between(devices, request, tenant, vehicle, (from, to), MAX_FOUND).await?;
    found.extend(commands.iter().flat_map(of_command));
    found.extend(positions.iter().filter_map(of_position));
    let mut ignition = None;
    for position in positions {
        found.extend(of_ignition(ignition, position));
        ignition = position.ignition.or(ignition);
    }
    found.retain(|one| from <= one.at && one.at < to);
    found.sort_by_key(|one| (one.at, one.kind as u8));
    Ok(found)
}

/// One event.
pub(crate) async fn get_event(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<Json<Object>, Refusal> {
    let (number, at, kind) = event_of(id).ok_or_else(Refusal::no_session)?;
    let visible = Visible::of(&parts, &signed).await?;
    let Some(device) = visible.numbered(number) else {
        let is_known = visible.fleet.numbered(number).is_some() && !signed.sees_all();
        return Err(if is_known { Refusal::forbidden("Device access denied") } else { Refusal::no_session() });
    };
    let window = (at, at.plus_ms(1000));
    // The ignition is compared with the position before.
    let positions = read_positions(&parts, &signed, device, (at.plus_ms(-BEFORE_MS), window.1)).await?;
    let found = happenings(&parts, &signed, device, (at.plus_ms(-BEFORE_MS), window.1), &positions).await?;
    let one = found.iter().find(|one| one.kind as u8 == kind && window.0 <= one.at && one.at < window.1);
    one.map(|one| Json(one.object(device))).ok_or_else(Refusal::no_session)
}

/// Far enough for the position before one.
const BEFORE_MS: i64 = 6 * 60 * 60 * 1000;
