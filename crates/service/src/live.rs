//! The vehicles in memory, with their descriptions and last positions.

mod off_duty;
mod questions;
mod roaming;

use crate::PositionRecorded;
use crate::roaming::RoamingWatch;
use async_trait::async_trait;
use milepost_domain::{Position, TenantId, Timestamp, UserId, Vehicle, VehicleId, VehicleScope, lies_ahead};
use milepost_follow::{TenantVehicles, VehicleDirectory, read_thresholds};
use milepost_geo::{Bounds, PlaceIndex, Point};
use milepost_store::{CurrentPosition, Store, StoreError, TrackedVehicle, VehicleNo};
use milepost_track::Thresholds;
use off_duty::OffDutyBoards;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use tokio::sync::{OnceCell, watch};

/// Vehicles in one read of the store while a tenant is loaded.
const PAGE: u32 = 1_000;

/// A vehicle with its last position.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveVehicle {
    /// The vehicle's internal number. A vehicle that is made anew under the same id has another one.
    pub no: VehicleNo,
    /// The vehicle's description.
    pub vehicle: Arc<Vehicle>,
    /// The newest position by its own time, unless its driver is off duty since.
    pub last: Option<Position>,
    /// A number of its own among the tenant's vehicles in this node's memory, for compact messages.
    pub number: u32,
}

impl From<TrackedVehicle> for LiveVehicle {
    fn from(tracked: TrackedVehicle) -> Self {
        let last = tracked.track.last.filter(|last| tracked.vehicle.shows(last));
        Self { no: tracked.no, vehicle: Arc::new(tracked.vehicle), last, number: 0 }
    }
}

/// A position that may be the newest of its vehicle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Advance<'a> {
    pub(crate) no: VehicleNo,
    pub(crate) position: &'a Position,
    /// When it arrived, if a known one that lay ahead then is to give way.
    pub(crate) received_at: Option<Timestamp>,
}

impl<'a> From<&'a CurrentPosition> for Advance<'a> {
    fn from(current: &'a CurrentPosition) -> Self {
        Self { no: current.vehicle, position: &current.position, received_at: Some(current.received_at) }
    }
}

/// The vehicles that a question looks at.
#[derive(Debug, Clone)]
pub enum Among<'a> {
    /// All of them.
    All,
    /// Those with a place in an area.
    In(Bounds),
    /// These.
    Listed(&'a [VehicleId]),
}

/// One tenant's vehicles, each in less than 1 KB.
#[derive(Default)]
pub(crate) struct LiveTenant {
    loaded: OnceCell<()>,
    /// A std mutex: held while a batch is applied and put into the hub's queues, never across an await. Because of it,
    /// positions are published in the order of commit.
    vehicles: Mutex<Vehicles>,
    /// The last [`LiveVehicle::number`].
    numbers: AtomicU32,
    /// Counts the changes of vehicles and rules. Who asked where vehicles are asks again when it changed.
    changes: watch::Sender<u64>,
    /// Counts the changes of the tenant's thresholds and geofences.
    rules_version: AtomicU64,
    /// Counts the changes of the tenant's roaming fences.
    roaming_version: AtomicU64,
    /// The thresholds as they were read last, and the version before they were read.
    thresholds: Mutex<Option<(u64, Arc<Thresholds>)>>,
    /// Vehicles that were removed while the tenant is read from the store: a page that was read before may still hold them. Empty
    /// once all is read.
    removed_meanwhile: Mutex<HashSet<VehicleId>>,
}

/// Vehicles by their ids and by their places. One without a place is in the first alone.
#[derive(Default)]
struct Vehicles {
    by_id: HashMap<VehicleId, LiveVehicle>,
    by_place: PlaceIndex<Arc<Vehicle>>,
    by_driver: HashMap<UserId, HashSet<VehicleId>>,
    /// Set while the tenant has roaming fences.
    roaming: Option<Box<RoamingWatch>>,
}

impl Vehicles {
    /// A vehicle has another driver.
    fn change_driver(&mut self, id: &VehicleId, before: Option<UserId>, now: Option<UserId>) {
        if before == now {
            return;
        }
        if let Some(driver) = before
            && let Some(driven) = self.by_driver.get_mut(&driver)
        {
            driven.remove(id);
            if driven.is_empty() {
                self.by_driver.remove(&driver);
            }
        }
        if let Some(driver) = now {
            self.by_driver.entry(driver).or_default().insert(id.clone());
        }
    }

    /// The vehicles that a viewer of some sees, which are looked up and not searched for. One may come twice.
    fn of_scope<'v>(
        &'v self,
        listed: &'v [VehicleId],
        driver: Option<UserId>,
    ) -> impl Iterator<Item = &'v LiveVehicle> {
        let driven = driver.and_then(|driver| self.by_driver.get(&driver)).into_iter().flatten();
        listed.iter().chain(driven).filter_map(|id| self.by_id.get(id))
    }
}

/// A vehicle came to a place from another one, or from none.
fn moved(by_place: &mut PlaceIndex<Arc<Vehicle>>, live: &LiveVehicle, from: Option<&Position>) {
    match (from.map(Point::from), live.last.as_ref().map(Point::from)) {
        (Some(from), Some(to)) => by_place.shift(live.number, from, to),
        (None, Some(to)) => by_place.insert(live.number, to, Arc::clone(&live.vehicle)),
        (_, None) => {}
    }
}

/// All tenants whose vehicles were read since the start. Tenants come from the store or from signed tokens, so that
/// clients without a credential can't make the map grow.
#[derive(Default)]
pub(crate) struct LiveMap {
    tenants: RwLock<HashMap<TenantId, Arc<LiveTenant>>>,
    off_duty: OffDutyBoards,
}

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
        self.lock().by_id.get(vehicle).map(|live| Arc::clone(&live.vehicle))
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
                        entry.filled();
                        return Ok::<(), StoreError>(());
                    }
                }
            })
            .await?;
        Ok(entry)
    }

    fn entry(&self, tenant: &TenantId) -> Arc<LiveTenant> {
        if let Some(entry) = self.tenants.read().expect("nothing panics while holding it").get(tenant) {
            return Arc::clone(entry);
        }
        Arc::clone(self.tenants.write().expect("nothing panics while holding it").entry(tenant.clone()).or_default())
    }

    /// The tenant's vehicles, if they were read before. Otherwise they have no viewers on this node.
    pub(crate) fn loaded(&self, tenant: &TenantId) -> Option<Arc<LiveTenant>> {
        self.tenants.read().expect("nothing panics while holding it").get(tenant).cloned()
    }

    /// Whether no tenant was read yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.tenants.read().expect("nothing panics while holding it").is_empty()
    }

    /// The number of vehicles in memory.
    pub(crate) fn len(&self) -> usize {
        let tenants: Vec<_> =
            self.tenants.read().expect("nothing panics while holding it").values().map(Arc::clone).collect();
        tenants.iter().map(|tenant| tenant.lock().by_id.len()).sum()
    }
}

impl LiveTenant {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vehicles> {
        self.vehicles.lock().expect("nothing panics while holding it")
    }

    /// The tenant's thresholds, read from the store at first and after each change.
    pub(crate) async fn thresholds(&self, store: &dyn Store, tenant: &TenantId) -> Result<Arc<Thresholds>, StoreError> {
        let version = self.rules_version.load(Ordering::Acquire);
        let known =
            self.lock_thresholds().as_ref().filter(|(known, _)| *known == version).map(|(_, of)| Arc::clone(of));
        if let Some(thresholds) = known {
            return Ok(thresholds);
        }
        let thresholds = Arc::new(read_thresholds(store.get_rules(tenant).await?.as_ref()));
        *self.lock_thresholds() = Some((version, Arc::clone(&thresholds)));
        Ok(thresholds)
    }

    /// Counts the changes of the tenant's thresholds and geofences.
    pub(crate) fn rules_version(&self) -> u64 {
        self.rules_version.load(Ordering::Acquire)
    }

    /// The thresholds or geofences were changed, here or by another process.
    pub(crate) fn rules_changed(&self) {
        self.rules_version.fetch_add(1, Ordering::AcqRel);
        self.changed();
    }

    fn lock_thresholds(&self) -> std::sync::MutexGuard<'_, Option<(u64, Arc<Thresholds>)>> {
        self.thresholds.lock().expect("nothing panics while holding it")
    }

    /// Adds vehicles that were read from the store, except those that were removed meanwhile. One that was described meanwhile is
    /// newer, and takes only the place if it has none: an event tells of a vehicle and not of where it is.
    fn fill(&self, page: Vec<TrackedVehicle>) {
        let mut vehicles = self.lock();
        let removed = self.lock_removed();
        for tracked in page.into_iter().filter(|tracked| !removed.contains(&tracked.vehicle.id)) {
            let (id, driver) = (tracked.vehicle.id.clone(), tracked.vehicle.driver_id);
            let Vehicles { by_id, by_place, .. } = &mut *vehicles;
            match by_id.entry(id.clone()) {
                Entry::Vacant(place) => {
                    let live = place.insert(LiveVehicle { number: self.next_number(), ..tracked.into() });
                    moved(by_place, live, None);
                    vehicles.change_driver(&id, None, driver);
                }
                Entry::Occupied(mut known) if known.get().no == tracked.no && known.get().last.is_none() => {
                    let live = known.get_mut();
                    live.last = tracked.track.last.filter(|last| live.vehicle.shows(last));
                    moved(by_place, live, None);
                }
                Entry::Occupied(_) => {}
            }
        }
        self.changed();
    }

    fn next_number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Ends the filling. A vehicle whose removal comes after this is in memory already.
    fn filled(&self) {
        self.lock_removed().clear();
    }

    /// Lock order: the vehicles before this.
    fn lock_removed(&self) -> std::sync::MutexGuard<'_, HashSet<VehicleId>> {
        self.removed_meanwhile.lock().expect("nothing panics while holding it")
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    /// One vehicle.
    pub(crate) fn get(&self, id: &VehicleId) -> Option<LiveVehicle> {
        self.lock().by_id.get(id).cloned()
    }

    /// Counts up with each change of a vehicle's description or place, or of the tenant's rules.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Applies the positions that are newer than the known ones, and passes them to `publish` under the lock. One of a vehicle that
    /// was removed since is none of the vehicle's that has its id now.
    pub(crate) fn advance<'p>(
        &self,
        newest: impl IntoIterator<Item = Advance<'p>>,
        publish: impl FnOnce(&[PositionRecorded<'_>]),
    ) {
        let mut vehicles = self.lock();
        let Vehicles { by_id, by_place, roaming, .. } = &mut *vehicles;
        let mut advanced = Vec::new();
        for Advance { no, position, received_at } in newest {
            let is_shown = |live: &&mut LiveVehicle| live.no == no && live.vehicle.shows(position);
            let Some(live) = by_id.get_mut(&position.vehicle_id).filter(is_shown) else { continue };
            let gives_way =
                |last: &Position| last.at < position.at || received_at.is_some_and(|now| lies_ahead(last.at, now));
            if live.last.as_ref().is_none_or(gives_way) {
                let before = live.last.replace(position.clone());
                moved(by_place, live, before.as_ref());
                let before = before.map(|before| (before.latitude, before.longitude));
                advanced.push((Arc::clone(&live.vehicle), live.number, position, before));
                if let Some((roaming, live)) = roaming.as_mut().zip(by_id.get(&position.vehicle_id)) {
                    roaming.moved(live, by_id, by_place);
                }
            }
        }
        let recorded: Vec<_> = advanced
            .iter()
            .map(|(vehicle, number, position, before)| PositionRecorded {
                vehicle,
                number: *number,
                position,
                before: *before,
            })
            .collect();
        if !recorded.is_empty() {
            publish(&recorded);
            self.changed();
        }
    }

    /// Whether a vehicle's place in memory is older than one of `at`, or lies ahead of `now` where that does not. A vehicle that is
    /// not in memory comes with an event.
    pub(crate) fn is_older(&self, id: &VehicleId, no: VehicleNo, at: Timestamp, now: Timestamp) -> bool {
        let vehicles = self.lock();
        let live = vehicles.by_id.get(id).filter(|live| live.no == no);
        let gives_way = |last: &Position| last.at < at || last.at != at && lies_ahead(last.at, now);
        let is_off_duty = |live: &LiveVehicle| live.vehicle.off_duty_since.is_some_and(|since| at < since);
        live.is_some_and(|live| live.last.as_ref().is_none_or(gives_way) && !is_off_duty(live))
    }

    /// Applies a new or changed description, and passes the vehicle to `publish` under the lock. One that is not newer than the
    /// known one is passed over: two changes may come here in another order than they were committed. A vehicle that was made
    /// anew begins without a position.
    pub(crate) fn describe(
        &self,
        no: VehicleNo,
        vehicle: Vehicle,
        publish: impl FnOnce(&LiveVehicle, Option<&LiveVehicle>),
    ) {
        let mut vehicles = self.lock();
        let Vehicles { by_id, by_place, roaming, .. } = &mut *vehicles;
        let known = by_id.get(&vehicle.id);
        let drivers = (known.and_then(|known| known.vehicle.driver_id), vehicle.driver_id);
        // Numbers count up, so that of two vehicles with one id the newer has the higher one.
        if known.is_some_and(|known| (known.no, known.vehicle.version) >= (no, vehicle.version)) {
            return;
        }
        let same = known.filter(|known| known.no == no);
        let last = same.and_then(|known| known.last.clone()).filter(|last| vehicle.shows(last));
        let number = same.map_or_else(|| self.next_number(), |known| known.number);
        let live = LiveVehicle { no, vehicle: Arc::new(vehicle), last, number };
        publish(&live, known);
        if let Some((known, last)) = known.and_then(|known| Some((known, known.last.as_ref()?))) {
            by_place.remove(known.number, last.into());
        }
        moved(by_place, &live, None);
        let id = live.vehicle.id.clone();
        if let Some(roaming) = roaming {
            match known.filter(|known| known.no != no) {
                Some(other) => roaming.removed(other),
                None => roaming.described(number),
            }
        }
        by_id.insert(id.clone(), live);
        if let Some((roaming, live)) = roaming.as_mut().zip(by_id.get(&id)) {
            roaming.moved(live, by_id, by_place);
        }
        vehicles.change_driver(&id, drivers.0, drivers.1);
        self.changed();
    }

    /// Removes a vehicle from memory, and passes it to `publish` under the lock if it was there.
    pub(crate) fn forget(&self, id: &VehicleId, publish: impl FnOnce(&LiveVehicle)) {
        let mut vehicles = self.lock();
        if !self.loaded.initialized() {
            self.lock_removed().insert(id.clone());
        }
        if let Some(removed) = vehicles.by_id.remove(id) {
            if let Some(last) = &removed.last {
                vehicles.by_place.remove(removed.number, last.into());
            }
            vehicles.change_driver(id, removed.vehicle.driver_id, None);
            if let Some(roaming) = &mut vehicles.roaming {
                roaming.removed(&removed);
            }
            publish(&removed);
            self.changed();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
