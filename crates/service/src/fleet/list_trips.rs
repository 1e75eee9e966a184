//! Lists trips, and reads one, for callers that may see their vehicles.

use super::Fleet;
use super::measure_trip::measure_running_trip;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Caller, TenantId, Timestamp, Trip, TripId, TripOrigin, TripStatus, UserId, VehicleId, VehicleScope,
};
use milepost_store::{TripCursor, TripFilter};

/// A page ends after this many trips were read, even if it is not full, because few of them had the asked driver.
const MAX_READ: usize = 10_000;

/// Which trips to list.
#[derive(Debug, Clone, PartialEq)]
pub struct TripListing {
    /// The tenant of the trips.
    pub tenant: TenantId,
    /// Only trips of this vehicle.
    pub vehicle: Option<VehicleId>,
    /// Only trips that this user drove.
    pub driver: Option<UserId>,
    /// Only trips with this status.
    pub status: Option<TripStatus>,
    /// Only trips that were under way at this time, or started later.
    pub from: Timestamp,
    /// Only trips that started before this time.
    pub to: Timestamp,
    /// Only trips before this place in the list.
    pub before: Option<TripCursor>,
    /// The most trips to list, at least 1.
    pub limit: u32,
}

/// A page of trips.
#[derive(Debug, Clone, PartialEq)]
pub struct TripPage {
    /// The trips by their start, newest first.
    pub trips: Vec<Trip>,
    /// The place in the list to continue before, if there may be more.
    pub next: Option<TripCursor>,
}

/// The trips of the vehicles that the caller may see. A driver sees those that it drove, whoever drives the vehicle now.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a caller that may see no vehicle at all.
pub async fn list_trips(fleet: &Fleet, request: &Request, listing: &TripListing) -> Result<TripPage, ServiceError> {
    let scope = VehicleScope::of(&request.caller, Action::SeeVehicle, &listing.tenant);
    if scope == VehicleScope::Nothing {
        return Err(ServiceError::Forbidden("you may see no vehicle"));
    }
    let TripListing { vehicle, status, from, to, .. } = listing.clone();
    // Nothing began before the epoch, and all trips ended after it.
    let begun_before = from.unix_ms() > 0;
    let filter = TripFilter { scope, vehicle, from, begun_before, to, status };
    let (mut trips, mut read_count) = (Vec::new(), 0);
    let mut next = listing.before.clone();
    loop {
        let read = fleet.store.list_trips(&listing.tenant, &filter, next.as_ref(), listing.limit).await?;
        let is_end = read.len() < listing.limit as usize;
        read_count += read.len();
        for trip in read {
            let cursor = TripCursor { started_at: trip.started_at, id: trip.id.clone() };
            if listing.driver.is_none() || listing.driver == trip.driver_id {
                trips.push(trip);
            }
            next = Some(cursor);
            if trips.len() == listing.limit as usize {
                return Ok(TripPage { trips, next });
            }
        }
        if is_end {
            return Ok(TripPage { trips, next: None });
        }
        if read_count >= MAX_READ {
            return Ok(TripPage { trips, next });
        }
    }
}

/// One trip. A trip under way that was started by hand is measured up to now.
///
/// # Errors
/// [`ServiceError::NotFound`] also for what the caller may not see.
pub async fn get_trip(fleet: &Fleet, request: &Request, tenant: &TenantId, id: &TripId) -> Result<Trip, ServiceError> {
    let trip = find_trip(fleet, &request.caller, tenant, id).await?;
    if is_measured_when_asked(&trip) { Box::pin(measure_running_trip(fleet, request, trip)).await } else { Ok(trip) }
}

/// A stored trip, if the caller may see its vehicle, or drove it.
pub(super) async fn find_trip(
    fleet: &Fleet,
    caller: &Caller,
    tenant: &TenantId,
    id: &TripId,
) -> Result<Trip, ServiceError> {
    const UNKNOWN: ServiceError = ServiceError::NotFound("trip");
    let trip = fleet.store.get_trip(tenant, id).await?.ok_or(UNKNOWN)?;
    let scope = VehicleScope::of(caller, Action::SeeVehicle, tenant);
    if scope.holds(&trip.vehicle_id, trip.driver_id) { Ok(trip) } else { Err(UNKNOWN) }
}

/// Whether a trip is under way and not updated by the fold of positions, so that each read has to measure it.
fn is_measured_when_asked(trip: &Trip) -> bool {
    trip.origin == TripOrigin::Manual && trip.status == TripStatus::Started
}
