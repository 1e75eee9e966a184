//! The vehicles in memory: each with its description and its last position.

use crate::PositionRecorded;
use async_trait::async_trait;
use milepost_domain::{Position, TenantId, UserId, Vehicle, VehicleId, VehicleScope};
use milepost_follow::{TenantVehicles, VehicleDirectory};
use milepost_store::{Store, StoreError, TrackedVehicle};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use tokio::sync::OnceCell;

/// Vehicles read at once while a tenant is loaded.
const PAGE: u32 = 1_000;

/// A vehicle and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveVehicle {
    /// Its description, shared with those that render it.
    pub vehicle: Arc<Vehicle>,
    /// Newest position by its own time.
    pub last: Option<Position>,
}

/// One tenant's vehicles. Less than 1 KB a vehicle.
#[derive(Default)]
pub(crate) struct LiveTenant {
    loaded: OnceCell<()>,
    /// A std mutex: held while a batch is applied and put into the hub's queues, never across an await. It keeps the
    /// order of publishing the order of commit.
    vehicles: Mutex<HashMap<VehicleId, LiveVehicle>>,
}

/// All tenants whose vehicles were read since the start. Tenants come from the store or signed tokens, so that strangers
/// cannot make it grow.
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
    /// The tenant's vehicles, read from the store when asked for the first time.
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

    /// The tenant's vehicles, if they were ever read: else nobody watches them here.
    pub(crate) fn loaded(&self, tenant: &TenantId) -> Option<Arc<LiveTenant>> {
        self.0.read().expect("nothing panics while holding it").get(tenant).cloned()
    }

    /// Was no tenant ever read?
    pub(crate) fn is_empty(&self) -> bool {
        self.0.read().expect("nothing panics while holding it").is_empty()
    }

    /// Vehicles known to this node.
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

    /// Adds the vehicles that were read, except those described or published meanwhile: these are newer.
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

    /// Who drives it; the outer `None` means that there is no such vehicle.
    pub(crate) fn driver(&self, id: &VehicleId) -> Option<Option<UserId>> {
        self.lock().get(id).map(|live| live.vehicle.driver_id)
    }

    /// The vehicles within a scope, in the order of their ids.
    pub(crate) fn within(&self, scope: &VehicleScope) -> Vec<LiveVehicle> {
        let vehicles = self.lock();
        let mut found: Vec<LiveVehicle> = match scope {
            VehicleScope::Nothing => Vec::new(),
            // A parent's few buses are looked up, not filtered out of ten thousand.
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

    /// Applies newer positions, in order, and passes them to `publish` under the lock.
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

    /// Applies a new or changed description, and passes it to `publish` under the lock.
    pub(crate) fn describe(&self, vehicle: Vehicle, publish: impl FnOnce(&LiveVehicle)) {
        let mut vehicles = self.lock();
        let id = vehicle.id.clone();
        let vehicle = Arc::new(vehicle);
        let live = vehicles.entry(id).or_insert_with(|| LiveVehicle { vehicle: Arc::clone(&vehicle), last: None });
        live.vehicle = vehicle;
        publish(live);
    }

    /// Forgets a vehicle.
    pub(crate) fn forget(&self, id: &VehicleId) {
        self.lock().remove(id);
    }
}
