//! Vehicles: described by their operator; who may see one sees where it is.

use crate::{Listener, LiveVehicle, Service, ServiceError};
use milepost_access::{CloseReason, Holder};
use milepost_domain::{Action, Caller, TenantId, Vehicle, VehicleId, VehicleScope, may};
use milepost_store::{Once, Store};
use std::sync::Arc;

/// Which vehicles to list.
#[derive(Debug, Clone)]
pub struct VehicleListing {
    /// Whose.
    pub tenant: TenantId,
    /// Continue after this one.
    pub after: Option<VehicleId>,
    /// At most so many.
    pub limit: u32,
}

impl Service {
    /// Adds a vehicle.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Conflict`].
    pub async fn add_vehicle(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        vehicle: Vehicle,
        once: &Once<'_, LiveVehicle>,
    ) -> Result<LiveVehicle, ServiceError> {
        require(caller, tenant)?;
        self.ensure_tenant(tenant).await?;
        let live = self.live.tenant(&*self.store, tenant).await?;
        let added = LiveVehicle { vehicle: Arc::new(vehicle.clone()), last: None };
        self.store.add_vehicle(tenant, &vehicle, self.now(), &once.map(|(): &()| Some(added.clone()))).await?;
        tracing::info!(vehicle.id = %vehicle.id, tenant.id = %tenant, by = caller.log_name(), "vehicle added");
        let driver = vehicle.driver_id;
        live.describe(vehicle.clone(), |live| self.listeners.vehicle_changed(tenant, live));
        self.access.end_drivers_connections(None, driver);
        live.get(&vehicle.id).ok_or(ServiceError::NotFound("vehicle"))
    }

    /// One vehicle with its last position.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for what the caller may not see.
    pub async fn get_vehicle(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: &VehicleId,
    ) -> Result<LiveVehicle, ServiceError> {
        find_vehicle(&*self.store, caller, tenant, id).await
    }

    /// The vehicles that the caller may see, in the order of their ids.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn list_vehicles(
        &self,
        caller: &Caller,
        listing: &VehicleListing,
    ) -> Result<Vec<LiveVehicle>, ServiceError> {
        let scope = VehicleScope::of(caller, Action::SeeVehicle, &listing.tenant);
        let page = self.store.list_vehicles(&listing.tenant, &scope, listing.after.as_ref(), listing.limit).await?;
        Ok(page
            .into_iter()
            .map(|tracked| LiveVehicle { vehicle: tracked.vehicle.into(), last: tracked.track.last })
            .collect())
    }

    /// The vehicles that the caller may watch just now, from this node's memory, in no order.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn watched_vehicles(
        &self,
        tenant: &TenantId,
        scope: &VehicleScope,
    ) -> Result<Vec<LiveVehicle>, ServiceError> {
        Ok(self.live.tenant(&*self.store, tenant).await?.within(scope))
    }

    /// Changes a vehicle's description.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn change_vehicle(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: &VehicleId,
        change: impl FnOnce(Vehicle) -> Vehicle + Send,
    ) -> Result<LiveVehicle, ServiceError> {
        require(caller, tenant)?;
        let live = self.live.tenant(&*self.store, tenant).await?;
        let before = self.store.get_vehicle(tenant, id).await?.ok_or(ServiceError::NotFound("vehicle"))?.vehicle;
        let old_driver = before.driver_id;
        let after = change(before);
        if !self.store.update_vehicle(tenant, &after, self.now()).await? {
            return Err(ServiceError::NotFound("vehicle"));
        }
        let new_driver = after.driver_id;
        live.describe(after, |live| self.listeners.vehicle_changed(tenant, live));
        self.access.end_drivers_connections(old_driver, new_driver);
        tracing::info!(vehicle.id = %id, tenant.id = %tenant, by = caller.log_name(), "vehicle changed");
        live.get(id).ok_or(ServiceError::NotFound("vehicle"))
    }

    /// Removes a vehicle with its devices and positions.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn remove_vehicle(&self, caller: &Caller, tenant: &TenantId, id: &VehicleId) -> Result<(), ServiceError> {
        require(caller, tenant)?;
        let live = self.live.tenant(&*self.store, tenant).await?;
        if !self.store.remove_vehicle(tenant, id, self.now()).await? {
            return Err(ServiceError::NotFound("vehicle"));
        }
        live.forget(id);
        self.access.end_connections(Holder::DevicesOf(tenant, id), CloseReason::Revoked);
        self.listeners.vehicle_removed(tenant, id);
        tracing::info!(vehicle.id = %id, tenant.id = %tenant, by = caller.log_name(), "vehicle removed");
        Ok(())
    }

    /// Vehicles known to this node, for metrics.
    pub fn vehicles_known(&self) -> usize {
        self.live.len()
    }
}

/// A vehicle that the caller may see; to others it does not exist.
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

fn require(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageVehicles, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may manage its vehicles"))
    }
}
