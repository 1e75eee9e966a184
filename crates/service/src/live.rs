//! The vehicles in memory, with their descriptions and last positions.

use crate::PositionRecorded;
use async_trait::async_trait;
use milepost_domain::{Position, TenantId, Timestamp, Vehicle, VehicleId, VehicleScope, VehicleStatus, lies_ahead};
use milepost_follow::{TenantVehicles, VehicleDirectory, read_thresholds};
use milepost_geo::{Bounds, PlaceIndex, Point, distance_m};
use milepost_store::{CurrentPosition, Store, StoreError, TrackedVehicle, VehicleNo};
use milepost_track::Thresholds;
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
    /// The newest position by its own time.
    pub last: Option<Position>,
    /// A number of its own among the tenant's vehicles in this node's memory, for compact messages.
    pub number: u32,
}

impl From<TrackedVehicle> for LiveVehicle {
    fn from(tracked: TrackedVehicle) -> Self {
        Self { no: tracked.no, vehicle: Arc::new(tracked.vehicle), last: tracked.track.last, number: 0 }
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
        let Vehicles { by_id, by_place } = &mut *vehicles;
        let removed = self.lock_removed();
        for tracked in page.into_iter().filter(|tracked| !removed.contains(&tracked.vehicle.id)) {
            match by_id.entry(tracked.vehicle.id.clone()) {
                Entry::Vacant(place) => {
                    let live = place.insert(LiveVehicle { number: self.next_number(), ..tracked.into() });
                    moved(by_place, live, None);
                }
                Entry::Occupied(mut known) if known.get().no == tracked.no && known.get().last.is_none() => {
                    let live = known.get_mut();
                    live.last = tracked.track.last;
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

    /// The vehicles within a scope, in the order of their ids.
    pub(crate) fn within(&self, scope: &VehicleScope) -> Vec<LiveVehicle> {
        self.watch(scope, &Among::All, |_| true, |_| ()).0
    }

    /// The vehicles within a scope that are wanted, in the order of their ids, and what `begin` returns. It is called under the lock:
    /// what is published before is in the vehicles, and what is published later is not. Only vehicles of `among` are looked at.
    pub(crate) fn watch<T>(
        &self,
        scope: &VehicleScope,
        among: &Among<'_>,
        is_wanted: impl Fn(&LiveVehicle) -> bool,
        begin: impl FnOnce(&[LiveVehicle]) -> T,
    ) -> (Vec<LiveVehicle>, T) {
        let vehicles = self.lock();
        let Vehicles { by_id, by_place } = &*vehicles;
        let is_visible = |live: &&LiveVehicle| scope.holds(&live.vehicle.id, live.vehicle.driver_id) && is_wanted(live);
        let mut found: Vec<LiveVehicle> = match (scope, among) {
            (VehicleScope::Nothing, _) => Vec::new(),
            // A parent's few buses are looked up, which is cheaper than filtering ten thousand.
            (VehicleScope::Some { listed, driven_by: None }, _) => {
                listed.iter().filter_map(|id| by_id.get(id)).filter(|live| is_wanted(live)).cloned().collect()
            }
            (_, Among::Listed(ids)) => ids.iter().filter_map(|id| by_id.get(id)).filter(is_visible).cloned().collect(),
            (_, Among::In(area)) => {
                let mut found = Vec::new();
                by_place.within(area, |placed| {
                    found.extend(by_id.get(&placed.value.id).filter(is_visible).cloned());
                });
                found
            }
            (_, Among::All) => by_id.values().filter(is_visible).cloned().collect(),
        };
        let begun = begin(&found);
        drop(vehicles);
        found.sort_by(|a, b| a.vehicle.id.cmp(&b.vehicle.id));
        found.dedup_by(|a, b| a.vehicle.id == b.vehicle.id);
        (found, begun)
    }

    /// The vehicles of a scope that are nearest to a place, the nearest first, with their distances in metres.
    pub(crate) fn nearest(
        &self,
        scope: &VehicleScope,
        from: Point,
        limit: usize,
        within_m: f64,
        is_wanted: impl Fn(&Vehicle) -> bool,
    ) -> Vec<(LiveVehicle, f64)> {
        let vehicles = self.lock();
        let Vehicles { by_id, by_place } = &*vehicles;
        if *scope == VehicleScope::All {
            let found = by_place.nearest(from, limit, within_m, |placed| is_wanted(&placed.value));
            let live = |id: &VehicleId| by_id.get(id).cloned();
            return found.iter().filter_map(|near| Some((live(&near.placed.value.id)?, near.distance_m))).collect();
        }
        drop(vehicles);
        // Few, or all have to be looked at to know which they are.
        let with_distance = |live: LiveVehicle| {
            let distance_m = distance_m(from, live.last.as_ref()?.into());
            (distance_m <= within_m).then_some((live, distance_m))
        };
        let visible = self.watch(scope, &Among::All, |live| live.last.is_some() && is_wanted(&live.vehicle), |_| ()).0;
        let mut found: Vec<_> = visible.into_iter().filter_map(with_distance).collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.number.cmp(&b.0.number)));
        found.truncate(limit);
        found
    }

    /// The number of vehicles with a place in an area.
    pub(crate) fn count_in(&self, area: &Bounds) -> usize {
        self.lock().by_place.count_within(area)
    }

    /// Calls `visit` with the status and the place of each vehicle that has one, under the lock. Returns the state of the map.
    pub(crate) fn visit_places(&self, mut visit: impl FnMut(&VehicleStatus, Point)) -> u64 {
        let vehicles = self.lock();
        vehicles.by_place.within(&Bounds::WORLD, |placed| visit(&placed.value.status, placed.place));
        *self.changes.borrow()
    }

    /// The vehicles of a scope in an area that are wanted, with their places. `None` if more than `most` lie in it.
    pub(crate) fn places_in(
        &self,
        scope: &VehicleScope,
        area: &Bounds,
        most: usize,
        is_wanted: impl Fn(&Vehicle) -> bool,
    ) -> Option<Vec<(VehicleId, Point)>> {
        let vehicles = self.lock();
        if *scope == VehicleScope::All && vehicles.by_place.count_within(area) > most {
            return None;
        }
        let mut found = Vec::new();
        vehicles.by_place.within(area, |placed| {
            let vehicle = &placed.value;
            if scope.holds(&vehicle.id, vehicle.driver_id) && is_wanted(vehicle) {
                found.push((vehicle.id.clone(), placed.place));
            }
        });
        Some(found)
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
        let Vehicles { by_id, by_place } = &mut *vehicles;
        let mut advanced = Vec::new();
        for Advance { no, position, received_at } in newest {
            let Some(live) = by_id.get_mut(&position.vehicle_id).filter(|live| live.no == no) else { continue };
            let gives_way =
                |last: &Position| last.at < position.at || received_at.is_some_and(|now| lies_ahead(last.at, now));
            if live.last.as_ref().is_none_or(gives_way) {
                let before = live.last.replace(position.clone());
                moved(by_place, live, before.as_ref());
                let before = before.map(|before| (before.latitude, before.longitude));
                advanced.push((Arc::clone(&live.vehicle), live.number, position, before));
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
        live.is_some_and(|live| live.last.as_ref().is_none_or(gives_way))
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
        let Vehicles { by_id, by_place } = &mut *vehicles;
        let known = by_id.get(&vehicle.id);
        // Numbers count up, so that of two vehicles with one id the newer has the higher one.
        if known.is_some_and(|known| (known.no, known.vehicle.version) >= (no, vehicle.version)) {
            return;
        }
        let same = known.filter(|known| known.no == no);
        let last = same.and_then(|known| known.last.clone());
        let number = same.map_or_else(|| self.next_number(), |known| known.number);
        let live = LiveVehicle { no, vehicle: Arc::new(vehicle), last, number };
        publish(&live, known);
        if let Some((known, last)) = known.and_then(|known| Some((known, known.last.as_ref()?))) {
            by_place.remove(known.number, last.into());
        }
        moved(by_place, &live, None);
        by_id.insert(live.vehicle.id.clone(), live);
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
            publish(&removed);
            self.changed();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Label, Latitude, Longitude, VehicleKind};
    use milepost_store::{Once, OpenOptions, Unsent, open};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_000_000_000 + minutes * 60_000).unwrap()
    }

    fn position(minutes: i64) -> Position {
        let id = VehicleId::new("bus").unwrap();
        Position::new(id, at(minutes), Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap())
    }

    /// A vehicle, and another one that was made anew under its id.
    async fn two_of_one_id() -> (TrackedVehicle, TrackedVehicle) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
        let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
        let (home, id) = (TenantId::default_tenant(), VehicleId::new("bus").unwrap());
        let bus = Vehicle::new(id.clone(), VehicleKind::new("bus").unwrap(), Label::new("Bus").unwrap());
        let old = store.add_vehicle(&home, &bus, at(0), &Once::unclaimed()).await.unwrap();
        store.remove_vehicle(&home, &id, None, at(1)).await.unwrap();
        let new = store.add_vehicle(&home, &bus, at(2), &Once::unclaimed()).await.unwrap();
        store.close().await;
        (old, new)
    }

    fn advance(tenant: &LiveTenant, no: VehicleNo, position: &Position, received_at: Option<Timestamp>) -> bool {
        let mut is_published = false;
        tenant.advance([Advance { no, position, received_at }], |_| is_published = true);
        is_published
    }

    #[tokio::test]
    async fn a_vehicle_removed_while_its_tenant_is_read_does_not_come_back() {
        let (old, new) = two_of_one_id().await;
        let id = old.vehicle.id.clone();
        let tenant = LiveTenant::default();
        // The page was read before the removal.
        tenant.forget(&id, |_| ());
        tenant.fill(vec![old.clone()]);
        assert_eq!(tenant.get(&id), None);
        tenant.describe(new.no, new.vehicle.clone(), |_, _| {});
        tenant.fill(vec![old]);
        tenant.filled();
        assert_eq!(tenant.get(&id).map(|live| LiveVehicle { number: 0, ..live }), Some(new.into()));
    }

    #[tokio::test]
    async fn a_vehicle_described_while_its_tenant_is_read_is_where_the_store_says() {
        let (_, mut bus) = two_of_one_id().await;
        let tenant = LiveTenant::default();
        tenant.describe(bus.no, bus.vehicle.clone(), |_, _| {});
        bus.track.last = Some(position(60));
        tenant.fill(vec![bus.clone()]);
        assert_eq!(tenant.get(&bus.vehicle.id).unwrap().last, Some(position(60)));
        bus.track.last = Some(position(50));
        tenant.fill(vec![bus.clone()]);
        assert_eq!(tenant.get(&bus.vehicle.id).unwrap().last, Some(position(60)), "the place that is known");
    }

    #[tokio::test]
    async fn a_vehicle_made_anew_takes_no_place_and_no_description_of_the_old_one() {
        let (old, new) = two_of_one_id().await;
        let id = old.vehicle.id.clone();
        let tenant = LiveTenant::default();
        tenant.fill(vec![old.clone()]);
        assert!(advance(&tenant, old.no, &position(10), None));
        tenant.describe(new.no, new.vehicle.clone(), |live, _| assert_eq!(live.last, None));
        assert!(!advance(&tenant, old.no, &position(20), None), "it was committed before the removal");
        assert!(advance(&tenant, new.no, &position(5), None), "its own first position");
        for stale in [(old.no, old.vehicle), (new.no, new.vehicle.clone())] {
            tenant.describe(stale.0, stale.1, |_, _| panic!("it is not newer"));
        }
        let next = Vehicle { version: new.vehicle.version + 1, ..new.vehicle };
        tenant.describe(new.no, next.clone(), |live, _| assert_eq!(live.last, Some(position(5))));
        assert_eq!(*tenant.get(&id).unwrap().vehicle, next);
    }

    #[tokio::test]
    async fn a_place_that_lies_ahead_gives_way_to_a_present_one() {
        let (_, bus) = two_of_one_id().await;
        let tenant = LiveTenant::default();
        tenant.fill(vec![bus.clone()]);
        assert!(advance(&tenant, bus.no, &position(60), None));
        assert!(!advance(&tenant, bus.no, &position(1), None));
        assert!(advance(&tenant, bus.no, &position(1), Some(at(1))));
        assert!(!advance(&tenant, bus.no, &position(0), Some(at(1))));
        assert!(advance(&tenant, bus.no, &position(2), Some(at(2))));
        assert!(!advance(&tenant, bus.no, &position(2), Some(at(2))), "it is known");
    }
}
