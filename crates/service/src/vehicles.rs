//! Adds, lists, changes and removes vehicles.

use crate::listener::Listeners;
use crate::live::LiveMap;
use crate::tenants::ensure_tenant;
use crate::{Listener, LiveVehicle, Request, ServiceError};
use milepost_access::{Access, CloseReason, Holder};
use milepost_domain::{Action, Caller, TenantId, Vehicle, VehicleId, VehicleScope, may};
use milepost_store::{Once, Store};
use std::sync::Arc;

/// What the use cases of vehicles need.
pub struct Vehicles {
    store: Arc<dyn Store>,
    access: Arc<Access>,
    live: Arc<LiveMap>,
    listeners: Listeners,
}

impl Vehicles {
    pub(crate) fn new(store: Arc<dyn Store>, access: Arc<Access>, live: Arc<LiveMap>, listeners: Listeners) -> Self {
        Self { store, access, live, listeners }
    }

    /// The number of vehicles in this node's memory, for metrics.
    pub fn count_known(&self) -> usize {
        self.live.len()
    }
}

/// Which vehicles to list.
#[derive(Debug, Clone)]
pub struct VehicleListing {
    /// The tenant of the vehicles.
    pub tenant: TenantId,
    /// Only vehicles after this one.
    pub after: Option<VehicleId>,
    /// The most vehicles to list.
    pub limit: u32,
}

/// Adds a vehicle.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`].
pub async fn add_vehicle(
    vehicles: &Vehicles,
    request: &Request,
    tenant: &TenantId,
    vehicle: Vehicle,
    once: &Once<'_, LiveVehicle>,
) -> Result<LiveVehicle, ServiceError> {
    require(&request.caller, tenant)?;
    ensure_tenant(&*vehicles.store, tenant).await?;
    let live = vehicles.live.tenant(&*vehicles.store, tenant).await?;
    let added = LiveVehicle { vehicle: Arc::new(vehicle.clone()), last: None };
    vehicles.store.add_vehicle(tenant, &vehicle, request.now, &once.map(|(): &()| Some(added.clone()))).await?;
    tracing::info!(vehicle.id = %vehicle.id, tenant.id = %tenant, by = request.caller.log_name(), "vehicle added");
    let driver = vehicle.driver_id;
    live.describe(vehicle.clone(), |live| vehicles.listeners.vehicle_changed(tenant, live));
    vehicles.access.end_drivers_connections(None, driver);
    live.get(&vehicle.id).ok_or(ServiceError::NotFound("vehicle"))
}

/// One vehicle with its last position.
///
/// # Errors
/// [`ServiceError::NotFound`] also for a vehicle that the caller may not see.
pub async fn get_vehicle(
    vehicles: &Vehicles,
    request: &Request,
    tenant: &TenantId,
    id: &VehicleId,
) -> Result<LiveVehicle, ServiceError> {
    find_vehicle(&*vehicles.store, &request.caller, tenant, id).await
}

/// [`get_vehicle`] for use cases of other subjects.
pub(crate) async fn find_vehicle(
    store: &dyn Store,
    caller: &Caller,
    tenant: &TenantId,
    id: &VehicleId,
) -> Result<LiveVehicle, ServiceError> {
    let scope = VehicleScope::of(caller, Action::SeeVehicle, tenant);
    let tracked = store.get_vehicle(tenant, id).await?.ok_or(ServiceError::NotFound("vehicle"))?;
    if !scope.holds(id, tracked.vehicle.driver_id) {
        return Err(ServiceError::NotFound("vehicle"));
    }
    Ok(LiveVehicle { vehicle: tracked.vehicle.into(), last: tracked.track.last })
}

/// The vehicles that the caller may see, in the order of their ids.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn list_vehicles(
    vehicles: &Vehicles,
    request: &Request,
    listing: &VehicleListing,
) -> Result<Vec<LiveVehicle>, ServiceError> {
    let scope = VehicleScope::of(&request.caller, Action::SeeVehicle, &listing.tenant);
    let page = vehicles.store.list_vehicles(&listing.tenant, &scope, listing.after.as_ref(), listing.limit).await?;
    Ok(page
        .into_iter()
        .map(|tracked| LiveVehicle { vehicle: tracked.vehicle.into(), last: tracked.track.last })
        .collect())
}

/// The vehicles in a viewer's scope, from this node's memory, in the order of their ids.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn watched_vehicles(
    vehicles: &Vehicles,
    tenant: &TenantId,
    scope: &VehicleScope,
) -> Result<Vec<LiveVehicle>, ServiceError> {
    Ok(vehicles.live.tenant(&*vehicles.store, tenant).await?.within(scope))
}

/// Changes a vehicle's description.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn change_vehicle(
    vehicles: &Vehicles,
    request: &Request,
    tenant: &TenantId,
    id: &VehicleId,
    change: impl FnOnce(Vehicle) -> Vehicle + Send,
) -> Result<LiveVehicle, ServiceError> {
    require(&request.caller, tenant)?;
    let live = vehicles.live.tenant(&*vehicles.store, tenant).await?;
    let before = vehicles.store.get_vehicle(tenant, id).await?.ok_or(ServiceError::NotFound("vehicle"))?.vehicle;
    let old_driver = before.driver_id;
    let after = change(before);
    if !vehicles.store.update_vehicle(tenant, &after, request.now).await? {
        return Err(ServiceError::NotFound("vehicle"));
    }
    let new_driver = after.driver_id;
    // The store knows until when it had its last driver.
    let stored = vehicles.store.get_vehicle(tenant, id).await?.ok_or(ServiceError::NotFound("vehicle"))?.vehicle;
    live.describe(stored, |live| vehicles.listeners.vehicle_changed(tenant, live));
    vehicles.access.end_drivers_connections(old_driver, new_driver);
    tracing::info!(vehicle.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "vehicle changed");
    live.get(id).ok_or(ServiceError::NotFound("vehicle"))
}

/// Removes a vehicle with its devices and positions.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn remove_vehicle(
    vehicles: &Vehicles,
    request: &Request,
    tenant: &TenantId,
    id: &VehicleId,
) -> Result<(), ServiceError> {
    require(&request.caller, tenant)?;
    let live = vehicles.live.tenant(&*vehicles.store, tenant).await?;
    if !vehicles.store.remove_vehicle(tenant, id, request.now).await? {
        return Err(ServiceError::NotFound("vehicle"));
    }
    live.forget(id);
    vehicles.access.end_connections(Holder::DevicesOf(tenant, id), CloseReason::Revoked);
    vehicles.listeners.vehicle_removed(tenant, id);
    tracing::info!(vehicle.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "vehicle removed");
    Ok(())
}

fn require(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageVehicles, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may manage its vehicles"))
    }
}
