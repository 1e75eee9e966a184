//! The vehicles in memory, as many as there is room for.

use crate::followed_vehicle::FollowedVehicle;
use milepost_store::VehicleNo;
use std::collections::HashMap;

/// Vehicles in one generation, 1 to 4 KB each. When the young generation is full it becomes the old one, and the vehicles of
/// the old one are dropped. A vehicle that is not in memory is read from the store when it is heard of again.
const GENERATION: usize = 20_000;

/// The most recently used vehicles, in two generations.
#[derive(Default)]
pub(crate) struct VehicleCache {
    young: HashMap<VehicleNo, FollowedVehicle>,
    old: HashMap<VehicleNo, FollowedVehicle>,
}

impl VehicleCache {
    /// A vehicle, which counts as used.
    pub(crate) fn get(&mut self, vehicle: VehicleNo) -> Option<&mut FollowedVehicle> {
        if let Some(followed) = self.old.remove(&vehicle) {
            self.insert(followed);
        }
        self.young.get_mut(&vehicle)
    }

    pub(crate) fn insert(&mut self, followed: FollowedVehicle) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&followed.vehicle) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(followed.vehicle, followed);
    }

    pub(crate) fn remove(&mut self, vehicle: VehicleNo) -> Option<FollowedVehicle> {
        self.young.remove(&vehicle).or_else(|| self.old.remove(&vehicle))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &FollowedVehicle> {
        self.young.values().chain(self.old.values())
    }
}
