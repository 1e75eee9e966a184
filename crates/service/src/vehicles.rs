//! Adds, lists, changes and removes vehicles.

use crate::listener::Listeners;
use crate::live::{LiveMap, LiveTenant};
use crate::tenants::ensure_tenant;
use crate::{Among, Listener, LiveVehicle, Request, ServiceError};
use milepost_access::{Access, CloseReason, Holder};
use milepost_domain::{Action, Author, Caller, ExpectedVersion, TenantId, Vehicle, VehicleId, VehicleScope, may};
use milepost_store::{Once, Store, TrackedVehicle};
use std::sync::Arc;

/// Attempts when others change the same vehicle at the same time. A failed one means that another change was stored first.
const TRIES: usize = 16;

/// Vehicles in one read of the store.
const PAGE: u32 = 1_000;

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

    /// The tenant's vehicles in memory.
    pub(crate) async fn live(&self, tenant: &TenantId) -> Result<Arc<LiveTenant>, ServiceError> {
        Ok(self.live.tenant(&*self.store, tenant).await?)
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
    let added = store_vehicle(vehicles, tenant, vehicle, request.author(), once).await?;
    tracing::info!(vehicle.id = %added.vehicle.id, tenant.id = %tenant, by = request.caller.log_name(), "vehicle added");
    Ok(added)
}

/// [`add_vehicle`] for use cases of other subjects, which checked who does it. There must be such a tenant.
pub(crate) async fn store_vehicle(
    vehicles: &Vehicles,
    tenant: &TenantId,
    vehicle: Vehicle,
    author: Author,
    once: &Once<'_, LiveVehicle>,
) -> Result<LiveVehicle, ServiceError> {
    let live = vehicles.live(tenant).await?;
    let once = once.map(|added: &TrackedVehicle| Some(LiveVehicle::from(added.clone())));
    let now = author.at;
    let added = vehicles.store.by(author).add_vehicle(tenant, &vehicle, now, &once).await?;
    live.describe(added.no, added.vehicle.clone(), |live, before| {
        vehicles.listeners.vehicle_changed(tenant, live, before)
    });
    vehicles.access.end_drivers_connections(None, added.vehicle.driver_id);
    Ok(added.into())
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
    Ok(tracked.into())
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
    Ok(page.into_iter().map(LiveVehicle::from).collect())
}

/// All vehicles of a scope that `keep` keeps, from the store, in the order of their ids. Hold a permit for a large read.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_vehicles(
    vehicles: &Vehicles,
    tenant: &TenantId,
    scope: &VehicleScope,
    keep: impl Fn(&LiveVehicle) -> bool + Send,
) -> Result<Vec<LiveVehicle>, ServiceError> {
    let (mut kept, mut after) = (Vec::new(), None);
    loop {
        let page = vehicles.store.list_vehicles(tenant, scope, after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map(|last| last.vehicle.id.clone());
        kept.extend(page.into_iter().map(LiveVehicle::from).filter(&keep));
        if is_last {
            return Ok(kept);
        }
    }
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
    Ok(vehicles.live(tenant).await?.within(scope))
}

/// The vehicles in a viewer's scope that are wanted, and what `begin` returns. It is called while nothing is published, with the
/// same vehicles in any order: a subscription that it makes begins exactly after them. Only vehicles of `among` are looked at.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn watch_vehicles<T>(
    vehicles: &Vehicles,
    tenant: &TenantId,
    scope: &VehicleScope,
    among: &Among<'_>,
    is_wanted: impl Fn(&LiveVehicle) -> bool + Send + Sync,
    begin: impl FnOnce(&[LiveVehicle]) -> T + Send,
) -> Result<(Vec<LiveVehicle>, T), ServiceError> {
    Ok(vehicles.live(tenant).await?.watch(scope, among, is_wanted, begin))
}

/// Changes a vehicle's description. What others change at the same time stays.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`] when others keep
/// changing it.
pub async fn change_vehicle(
    vehicles: &Vehicles,
    request: &Request,
    tenant: &TenantId,
    id: &VehicleId,
    expected: &ExpectedVersion,
    change: impl Fn(Vehicle) -> Vehicle + Send + Sync,
) -> Result<LiveVehicle, ServiceError> {
    require_one(&request.caller, tenant, id)?;
    let live = vehicles.live(tenant).await?;
    for _ in 0..TRIES {
        let tracked = read_expected(vehicles, tenant, id, expected).await?;
        let version = tracked.vehicle.version + 1;
        let after = Vehicle { version, ..change(tracked.vehicle.clone()) };
        let Some(stored) = vehicles.store.by(request.author()).update_vehicle(tenant, &after, request.now).await?
        else {
            continue;
        };
        live.describe(stored.no, stored.vehicle.clone(), |live, before| {
            vehicles.listeners.vehicle_changed(tenant, live, before)
        });
        vehicles.access.end_drivers_connections(tracked.vehicle.driver_id, stored.vehicle.driver_id);
        tracing::info!(vehicle.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "vehicle changed");
        return Ok(stored.into());
    }
    Err(being_changed())
}

/// Removes a vehicle with its devices, positions and alerts. Nothing refers to it any more.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`] when others keep
/// changing it.
pub async fn remove_vehicle(
    vehicles: &Vehicles,
    request: &Request,
    tenant: &TenantId,
    id: &VehicleId,
    expected: &ExpectedVersion,
) -> Result<(), ServiceError> {
    require_one(&request.caller, tenant, id)?;
    let live = vehicles.live(tenant).await?;
    for _ in 0..TRIES {
        let before = read_expected(vehicles, tenant, id, expected).await?.vehicle;
        if vehicles.store.by(request.author()).remove_vehicle(tenant, id, Some(before.version), request.now).await? {
            live.forget(id, |removed| vehicles.listeners.vehicle_removed(tenant, removed));
            vehicles.access.end_connections(Holder::DevicesOf(tenant, id), CloseReason::Revoked);
            tracing::info!(vehicle.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "vehicle removed");
            return Ok(());
        }
    }
    Err(being_changed())
}

async fn read_expected(
    vehicles: &Vehicles,
    tenant: &TenantId,
    id: &VehicleId,
    expected: &ExpectedVersion,
) -> Result<TrackedVehicle, ServiceError> {
    let tracked = vehicles.store.get_vehicle(tenant, id).await?.ok_or(ServiceError::NotFound("vehicle"))?;
    if expected.allows(tracked.vehicle.version) { Ok(tracked) } else { Err(ServiceError::Changed("vehicle")) }
}

fn being_changed() -> ServiceError {
    ServiceError::Conflict("the vehicle is being changed by others, try again".to_owned())
}

const NOT_A_MANAGER: ServiceError =
    ServiceError::Forbidden("only an admin or manager of the tenant may manage its vehicles");

fn require(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageVehicles, tenant) { Ok(()) } else { Err(NOT_A_MANAGER) }
}

/// An access token may be for some vehicles alone.
fn require_one(caller: &Caller, tenant: &TenantId, id: &VehicleId) -> Result<(), ServiceError> {
    let scope = VehicleScope::of(caller, Action::ManageVehicles, tenant);
    if scope.holds(id, None) { Ok(()) } else { Err(NOT_A_MANAGER) }
}
