//! The vehicles in memory, as many as there is room for.

use crate::fold_context::FoldContext;
use crate::followed_vehicle::FollowedVehicle;
use milepost_cache::WeightedCache;
use milepost_store::VehicleNo;
use milepost_track::Visit;
use std::ops::DerefMut;

/// A pending row, and the descriptions that a vehicle shares with few others.
const ROW_BYTES: usize = 200;
const SHARED_BYTES: usize = 512;

/// The vehicles in memory, and those that are about to leave it.
pub(crate) struct VehicleCache {
    vehicles: WeightedCache<VehicleNo, Box<FollowedVehicle>>,
    /// Evicted, but ahead of what is stored: they are written at the end of the round.
    leaving: Vec<FollowedVehicle>,
}

impl VehicleCache {
    /// Memory for vehicles, 2 to 4 KB each. When it is full, the vehicles that were used least are written and leave it. Such a
    /// vehicle is read from the store when its next position comes.
    pub(crate) fn new(capacity_bytes: usize) -> Self {
        Self { vehicles: WeightedCache::new(capacity_bytes, |_, followed| weigh(followed)), leaving: Vec::new() }
    }

    /// A vehicle, which counts as used.
    pub(crate) fn get(&mut self, vehicle: VehicleNo) -> Option<impl DerefMut<Target = Box<FollowedVehicle>>> {
        self.vehicles.get_mut(&vehicle)
    }

    pub(crate) fn insert(&mut self, followed: FollowedVehicle) {
        let evicted = self.vehicles.insert(followed.vehicle, Box::new(followed));
        self.leaving.extend(evicted.into_iter().filter(|one| one.is_ahead_of_store()).map(|one| *one));
    }

    /// Takes a vehicle out, also one that is about to leave.
    pub(crate) fn remove(&mut self, vehicle: VehicleNo) -> Option<FollowedVehicle> {
        if let Some(followed) = self.vehicles.remove(&vehicle) {
            return Some(*followed);
        }
        let place = self.leaving.iter().position(|followed| followed.vehicle == vehicle)?;
        Some(self.leaving.swap_remove(place))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &FollowedVehicle> {
        self.vehicles.values().map(|followed| &**followed)
    }

    /// The vehicles that have to be written before they are forgotten.
    pub(crate) fn take_leaving(&mut self) -> Vec<FollowedVehicle> {
        std::mem::take(&mut self.leaving)
    }
}

/// Roughly, at the time when it is inserted: the rest of what it points to is small.
fn weigh(followed: &FollowedVehicle) -> usize {
    let visits = followed.state.visits().count() * 2 * size_of::<Visit>();
    let own = size_of::<FollowedVehicle>() + size_of::<FoldContext>() + SHARED_BYTES;
    own + visits + followed.pending.len() * ROW_BYTES
}
