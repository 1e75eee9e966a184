//! The vehicles in memory, with their descriptions and last positions.

use crate::PositionRecorded;
use async_trait::async_trait;
use milepost_domain::{Position, TenantId, Vehicle, VehicleId, VehicleScope};
use milepost_follow::{TenantVehicles, VehicleDirectory};
use milepost_store::{Store, StoreError, TrackedVehicle};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use tokio::sync::OnceCell;

/// Vehicles in one read of the store while a tenant is loaded.
const PAGE: u32 = 1_000;

/// A vehicle with its last position.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveVehicle {
    /// The vehicle's description.
    pub vehicle: Arc<Vehicle>,
    /// The newest position by its own time.
    pub last: Option<Position>,
}

/// One tenant's vehicles, each in less than 1 KB.
#[derive(Default)]
pub(crate) struct LiveTenant {
    loaded: OnceCell<()>,
    /// A std mutex: held while a batch is applied and put into the hub's queues, never across an await. Because of it,
    /// positions are published in the order of commit.
    vehicles: Mutex<HashMap<VehicleId, LiveVehicle>>,
}

/// All tenants whose vehicles were read since the start. Tenants come from the store or from signed tokens, so that
/// clients without a credential can't make the map grow.
#[derive(Default)]
pub(crate) struct LiveMap(RwLock<HashMap<TenantId, Arc<LiveTenant>>>);

/// The live map for the follower of tracks, which reads unknown tenants from the store.
pub(crate) struct LiveDirectory {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) live: Arc<LiveMap>,
}

#[async_trait]
impl VehicleDirectory for LiveDirectory {
    async fn of_tenant(&self, tenant: &TenantId) -> Result<Arc<dyn TenantVehicles>, StoreError> {
        Ok(self.live.tenant(&*self.store, tenant).await?)
    }
}

impl TenantVehicles for LiveTenant {
    fn get(&self, vehicle: &VehicleId) -> Option<Arc<Vehicle>> {
        self.lock().get(vehicle).map(|live| Arc::clone(&live.vehicle))
    }
}

impl LiveMap {
    /// The tenant's vehicles. The first call reads them from the store.
    pub(crate) async fn tenant(&self, store: &dyn Store, tenant: &TenantId) -> Result<Arc<LiveTenant>, StoreError> {
        let entry = self.entry(tenant);
        entry
            .loaded
            .get_or_try_init(|| async {
                let mut after: Option<VehicleId> = None;
                loop {
                    let page = store.list_vehicles(tenant, &VehicleScope::All, after.as_ref(), PAGE).await?;
                    after = page.last().map(|tracked| tracked.vehicle.id.clone());
                    let is_last = page.len() < PAGE as usize;
                    entry.fill(page);
                    if is_last {
                        return Ok::<(), StoreError>(());
                    }
                }
            })
            .await?;
        Ok(entry)
    }

    fn entry(&self, tenant: &TenantId) -> Arc<LiveTenant> {
        if let Some(entry) = self.0.read().expect("nothing panics while holding it").get(tenant) {
            return Arc::clone(entry);
        }
        Arc::clone(self.0.write().expect("nothing panics while holding it").entry(tenant.clone()).or_default())
    }

    /// The tenant's vehicles, if they were read before. Otherwise they have no viewers on this node.
    pub(crate) fn loaded(&self, tenant: &TenantId) -> Option<Arc<LiveTenant>> {
        self.0.read().expect("nothing panics while holding it").get(tenant).cloned()
    }

    /// Whether no tenant was read yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.read().expect("nothing panics while holding it").is_empty()
    }

    /// The number of vehicles in memory.
    pub(crate) fn len(&self) -> usize {
        let tenants: Vec<_> =
            self.0.read().expect("nothing panics while holding it").values().map(Arc::clone).collect();
        tenants.iter().map(|tenant| tenant.lock().len()).sum()
    }
}

impl LiveTenant {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<VehicleId, LiveVehicle>> {
        self.vehicles.lock().expect("nothing panics while holding it")
    }

    /// Adds vehicles that were read from the store, except those that were added meanwhile, which are newer.
    fn fill(&self, page: Vec<TrackedVehicle>) {
        let mut vehicles = self.lock();
        for tracked in page {
            let id = tracked.vehicle.id.clone();
            let read = LiveVehicle { vehicle: Arc::new(tracked.vehicle), last: tracked.track.last };
            vehicles.entry(id).or_insert(read);
        }
    }

    /// One vehicle.
    pub(crate) fn get(&self, id: &VehicleId) -> Option<LiveVehicle> {
        self.lock().get(id).cloned()
    }

    /// The vehicles within a scope, in the order of their ids.
    pub(crate) fn within(&self, scope: &VehicleScope) -> Vec<LiveVehicle> {
        let vehicles = self.lock();
        let mut found: Vec<LiveVehicle> = match scope {
            VehicleScope::Nothing => Vec::new(),
            // A parent's few buses are looked up, which is cheaper than filtering ten thousand.
            VehicleScope::Some { listed, driven_by: None } => {
                listed.iter().filter_map(|id| vehicles.get(id)).cloned().collect()
            }
            _ => vehicles
                .values()
                .filter(|live| scope.holds(&live.vehicle.id, live.vehicle.driver_id))
                .cloned()
                .collect(),
        };
        drop(vehicles);
        found.sort_by(|a, b| a.vehicle.id.cmp(&b.vehicle.id));
        found.dedup_by(|a, b| a.vehicle.id == b.vehicle.id);
        found
    }

    /// Applies the positions that are newer than the known ones, and passes them to `publish` under the lock.
    pub(crate) fn advance(&self, newest: &[Position], publish: impl FnOnce(&[PositionRecorded<'_>])) {
        let mut vehicles = self.lock();
        let mut advanced = Vec::with_capacity(newest.len());
        for position in newest {
            let Some(live) = vehicles.get_mut(&position.vehicle_id) else { continue };
            if live.last.as_ref().is_none_or(|last| last.at < position.at) {
                live.last = Some(position.clone());
                advanced.push((Arc::clone(&live.vehicle), position));
            }
        }
        let recorded: Vec<_> =
            advanced.iter().map(|(vehicle, position)| PositionRecorded { vehicle, position }).collect();
        if !recorded.is_empty() {
            publish(&recorded);
        }
    }

    /// Applies a new or changed description, and passes the vehicle to `publish` under the lock.
    pub(crate) fn describe(&self, vehicle: Vehicle, publish: impl FnOnce(&LiveVehicle)) {
        let mut vehicles = self.lock();
        let id = vehicle.id.clone();
        let vehicle = Arc::new(vehicle);
        let live = vehicles.entry(id).or_insert_with(|| LiveVehicle { vehicle: Arc::clone(&vehicle), last: None });
        live.vehicle = vehicle;
        publish(live);
    }

    /// Removes a vehicle from memory.
    pub(crate) fn forget(&self, id: &VehicleId) {
        self.lock().remove(id);
    }
}
