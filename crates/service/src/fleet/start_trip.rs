//! Starts a trip by hand.

use super::Fleet;
use crate::vehicles::find_vehicle;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Caller, Reach, Revision, TenantId, Trip, TripFigures, TripId, TripOrigin, TripStatus, TripUpdate, UserId,
    VehicleId, VehicleScope, reach,
};
use milepost_store::{Once, StoreError};
use uuid::Uuid;

/// Starts a trip by hand. A vehicle is on one such trip at most. Trips are still detected from its positions, too.
/// `driver` defaults to the vehicle's driver. A driver may start only its own trips.
///
/// # Errors
/// [`ServiceError::NotFound`] also for a vehicle that the caller may not see; [`ServiceError::Forbidden`];
/// [`ServiceError::Conflict`] when the vehicle is on such a trip.
pub async fn start_trip(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    vehicle: &VehicleId,
    driver: Option<UserId>,
    once: &Once<'_, Trip>,
) -> Result<Trip, ServiceError> {
    let live = find_vehicle(&*fleet.store, &request.caller, tenant, vehicle).await?;
    require_trips(&request.caller, tenant, vehicle, live.vehicle.driver_id)?;
    let is_driver = request.caller.role().is_some() && reach(&request.caller, Action::ManageTrips) == Some(Reach::Own);
    let driver_id = if is_driver {
        if driver.is_some() && driver != request.caller.user_id() {
            return Err(ServiceError::Forbidden("a driver starts its own trips only"));
        }
        request.caller.user_id()
    } else {
        driver.or(live.vehicle.driver_id)
    };
    let now = request.now;
    let trip = Trip {
        id: TripId::new(&Uuid::now_v7().to_string())?,
        tenant: tenant.clone(),
        vehicle_id: vehicle.clone(),
        driver_id,
        origin: TripOrigin::Manual,
        status: TripStatus::Started,
        started_at: now,
        ended_at: None,
        followed_to: now,
        start: None,
        end: None,
        figures: TripFigures::default(),
        version: 1,
    };
    let update = TripUpdate { trip, revision: Revision::New };
    let added = fleet.store.add_trip(&update, now, &once.map(|(): &()| Some(update.trip.clone()))).await;
    added.map_err(|error| match error {
        StoreError::Conflict(_) => ServiceError::Conflict(
            "the vehicle is on a trip that was started by hand, complete or cancel that one first".to_owned(),
        ),
        other => other.into(),
    })?;
    fleet.wakers.wake_all(&update.trip.tenant);
    let trip = update.trip;
    tracing::debug!(trip.id = %trip.id, tenant.id = %tenant, by = request.caller.log_name(), "trip started by hand");
    Ok(trip)
}

/// Refuses callers that may not start and end this vehicle's trips.
pub(super) fn require_trips(
    caller: &Caller,
    tenant: &TenantId,
    vehicle: &VehicleId,
    driver: Option<UserId>,
) -> Result<(), ServiceError> {
    if VehicleScope::of(caller, Action::ManageTrips, tenant).holds(vehicle, driver) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin, a manager or the driver may start and end trips"))
    }
}
