//! Completes or cancels a trip that was started by hand.

use super::Fleet;
use super::list_trips::find_trip;
use super::measure_trip::measure_ended_trip;
use super::start_trip::require_trips;
use crate::{Request, ServiceError};
use milepost_domain::{Revision, TenantId, Trip, TripId, TripOrigin, TripStatus, TripUpdate};
use milepost_store::Once;

/// Attempts when others change the same trip at the same time. A failed one means that another change was stored first.
const TRIES: usize = 5;

/// How a trip ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripEnding {
    /// The trip was driven to its end.
    Completed,
    /// The trip did not take place.
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

/// Ends a trip that was started by hand, and measures it. A trip that has ended this way already stays as it is.
///
/// # Errors
/// [`ServiceError::NotFound`] also for what the caller may not see; [`ServiceError::Forbidden`];
/// [`ServiceError::Conflict`] for a trip that ended the other way, and for one detected from positions.
pub async fn end_trip(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: &TripId,
    ending: TripEnding,
    once: &Once<'_, Trip>,
) -> Result<Trip, ServiceError> {
    let status = TripStatus::from(ending);
    for _ in 0..TRIES {
        let trip = find_trip(fleet, &request.caller, tenant, id).await?;
        require_trips(&request.caller, tenant, &trip.vehicle_id, trip.driver_id)?;
        if trip.origin == TripOrigin::Auto {
            return Err(conflict("the trip begins and ends with the vehicle's positions, not by hand"));
        }
        if trip.status == status {
            return Ok(trip);
        }
        if trip.status.has_ended() {
            return Err(ServiceError::Conflict(format!("the trip is {} already", trip.status.as_str())));
        }
        let now = request.now;
        let ended_at = now.max(trip.started_at);
        let ended = Trip { status, ended_at: Some(ended_at), version: trip.version + 1, ..trip };
        let update =
            TripUpdate { trip: Box::pin(measure_ended_trip(fleet, request, ended)).await?, revision: Revision::New };
        let ended = |is_changed: &bool| is_changed.then(|| update.trip.clone());
        if fleet.store.change_trip(&update, now, &once.map(ended)).await? {
            fleet.wakers.wake_all(&update.trip.tenant);
            tracing::debug!(trip.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "trip {}", status.as_str());
            return Ok(update.trip);
        }
    }
    Err(conflict("somebody else changes the trip, try again"))
}

fn conflict(why: &str) -> ServiceError {
    ServiceError::Conflict(why.to_owned())
}
