//! Which vehicles a viewer sees, and where they are.

use super::{Among, LiveTenant, LiveVehicle, Vehicles};
use milepost_domain::{Vehicle, VehicleId, VehicleScope, VehicleStatus};
use milepost_geo::{Bounds, Point, distance_m};
use std::collections::BTreeMap;

impl LiveTenant {
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
        let Vehicles { by_id, by_place, .. } = &*vehicles;
        let is_visible = |live: &&LiveVehicle| scope.holds(&live.vehicle.id, live.vehicle.driver_id) && is_wanted(live);
        let mut found: Vec<LiveVehicle> = match (scope, among) {
            (VehicleScope::Nothing, _) => Vec::new(),
            // A parent's few buses are looked up, which is cheaper than filtering ten thousand.
            (VehicleScope::Some { listed, driven_by }, _) => {
                vehicles.of_scope(listed, *driven_by).filter(|live| is_wanted(live)).cloned().collect()
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
        let Vehicles { by_id, by_place, .. } = &*vehicles;
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
        let found = match scope {
            VehicleScope::Nothing => Vec::new(),
            VehicleScope::Some { listed, driven_by } => {
                let place = |live: &LiveVehicle| Some((live.vehicle.id.clone(), Point::from(live.last.as_ref()?)));
                let visible = vehicles.of_scope(listed, *driven_by).filter(|live| is_wanted(&live.vehicle));
                let places: BTreeMap<_, _> =
                    visible.filter_map(place).filter(|(_, place)| area.contains(*place)).collect();
                places.into_iter().collect()
            }
            VehicleScope::All if vehicles.by_place.count_within(area) > most => return None,
            VehicleScope::All => {
                let mut found = Vec::new();
                vehicles.by_place.within(area, |placed| {
                    if is_wanted(&placed.value) {
                        found.push((placed.value.id.clone(), placed.place));
                    }
                });
                found
            }
        };
        Some(found)
    }
}
