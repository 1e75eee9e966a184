//! Shows trips to those who may see their vehicles.

use crate::{Service, ServiceError};
use milepost_domain::{
    Action, Caller, TenantId, Timestamp, Trip, TripId, TripOrigin, TripStatus, UserId, VehicleId, VehicleScope,
};
use milepost_store::{TripCursor, TripFilter};

/// Trips that are looked at for one page that only a driver's are wanted of; then the page ends, full or not.
const LOOKED_AT: usize = 10_000;

/// Which trips to list.
#[derive(Debug, Clone, PartialEq)]
pub struct TripListing {
    /// Whose.
    pub tenant: TenantId,
    /// Only this vehicle's.
    pub vehicle: Option<VehicleId>,
    /// Only those that this user drove.
    pub driver: Option<UserId>,
    /// Only those with this status.
    pub status: Option<TripStatus>,
    /// Started then or later.
    pub from: Timestamp,
    /// Started before.
    pub to: Timestamp,
    /// Continue before this one.
    pub before: Option<TripCursor>,
    /// At most so many, from 1.
    pub limit: u32,
}

/// Trips of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct TripPage {
    /// Newest first, by their start.
    pub trips: Vec<Trip>,
    /// Before which one to go on, if there may be more.
    pub next: Option<TripCursor>,
}

impl Service {
    /// The trips that the caller may see: those of the vehicles that it may see.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] for who may see no vehicle at all.
    pub async fn list_trips(&self, caller: &Caller, listing: &TripListing) -> Result<TripPage, ServiceError> {
        let scope = VehicleScope::of(caller, Action::SeeVehicle, &listing.tenant);
        if scope == VehicleScope::Nothing {
            return Err(ServiceError::Forbidden("you may see no vehicle"));
        }
        let TripListing { vehicle, status, from, to, .. } = listing.clone();
        let filter = TripFilter { scope, vehicle, from, to, status };
        let (mut trips, mut looked_at) = (Vec::new(), 0);
        let mut next = listing.before.clone();
        loop {
            let read = self.store.list_trips(&listing.tenant, &filter, next.as_ref(), listing.limit).await?;
            let is_end = read.len() < listing.limit as usize;
            looked_at += read.len();
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
            if looked_at >= LOOKED_AT {
                return Ok(TripPage { trips, next });
            }
        }
    }

    /// One trip. One under way that was started by hand comes with its figures so far.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for what the caller may not see.
    pub async fn get_trip(&self, caller: &Caller, tenant: &TenantId, id: &TripId) -> Result<Trip, ServiceError> {
        let trip = self.find_trip(caller, tenant, id).await?;
        if is_measured_when_asked(&trip) { Box::pin(self.measure_trip(trip)).await } else { Ok(trip) }
    }

    /// A trip as it is stored, if the caller may see its vehicle.
    pub(super) async fn find_trip(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: &TripId,
    ) -> Result<Trip, ServiceError> {
        const UNKNOWN: ServiceError = ServiceError::NotFound("trip");
        let trip = self.store.get_trip(tenant, id).await?.ok_or(UNKNOWN)?;
        match self.get_vehicle(caller, tenant, &trip.vehicle_id).await {
            Ok(_) => Ok(trip),
            Err(ServiceError::NotFound(_)) => Err(UNKNOWN),
            Err(other) => Err(other),
        }
    }
}

/// Under way, and not followed by itself: whoever asks measures it.
fn is_measured_when_asked(trip: &Trip) -> bool {
    trip.origin == TripOrigin::Manual && trip.status == TripStatus::Started
}
