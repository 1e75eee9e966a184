//! Completes or cancels a trip that was started by hand.

use super::start_trip::require_trips;
use crate::{Service, ServiceError};
use milepost_domain::{Caller, Revision, TenantId, Trip, TripId, TripOrigin, TripStatus, TripUpdate};
use milepost_store::Once;

/// Tries while others change the same trip. Each means that somebody else was quicker: so many in a row are no accident.
const TRIES: usize = 5;

/// How a trip ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripEnding {
    /// It came to its end.
    Completed,
    /// It was none.
    Cancelled,
}

impl From<TripEnding> for TripStatus {
    fn from(ending: TripEnding) -> Self {
        match ending {
            TripEnding::Completed => Self::Completed,
            TripEnding::Cancelled => Self::Cancelled,
        }
    }
}

impl Service {
    /// Ends a trip that was started by hand, now, and measures it. One that ended so already is left as it is.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for what the caller may not see; [`ServiceError::Forbidden`];
    /// [`ServiceError::Conflict`] for one that ended otherwise, and for one that the positions tell of.
    pub async fn end_trip(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: &TripId,
        ending: TripEnding,
        once: &Once<'_, Trip>,
    ) -> Result<Trip, ServiceError> {
        let status = TripStatus::from(ending);
        for _ in 0..TRIES {
            let trip = self.find_trip(caller, tenant, id).await?;
            let vehicle = self.get_vehicle(caller, tenant, &trip.vehicle_id).await?;
            require_trips(caller, tenant, &trip.vehicle_id, vehicle.vehicle.driver_id)?;
            if trip.origin == TripOrigin::Auto {
                return Err(conflict("the trip begins and ends with the vehicle's positions, not by hand"));
            }
            if trip.status == status {
                return Ok(trip);
            }
            if trip.status.has_ended() {
                return Err(ServiceError::Conflict(format!("the trip is {} already", trip.status.as_str())));
            }
            let now = self.now();
            let ended_at = now.max(trip.started_at);
            let ended = Trip { status, ended_at: Some(ended_at), version: trip.version + 1, ..trip };
            let update = TripUpdate {
                trip: Box::pin(self.measure_trip(ended)).await?,
                revision: Revision::New,
                is_progress: false,
            };
            let ended = |is_changed: &bool| is_changed.then(|| update.trip.clone());
            if self.store.change_trip(&update, now, &once.map(ended)).await? {
                self.fleet_stored();
                tracing::info!(trip.id = %id, tenant.id = %tenant, by = caller.log_name(), "trip {}", status.as_str());
                return Ok(update.trip);
            }
        }
        Err(conflict("somebody else changes the trip, try again"))
    }
}

fn conflict(why: &str) -> ServiceError {
    ServiceError::Conflict(why.to_owned())
}
