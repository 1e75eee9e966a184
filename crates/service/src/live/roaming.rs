//! The tenant's vehicles as the watching of roaming fences sees them.

use super::{LiveTenant, Vehicles};
use crate::roaming::{RoamingFound, RoamingWatch};
use milepost_domain::{Timestamp, VehicleId};
use milepost_store::VehicleNo;
use std::sync::atomic::Ordering;

impl LiveTenant {
    /// Counts the changes of the tenant's roaming fences.
    pub(crate) fn roaming_version(&self) -> u64 {
        self.roaming_version.load(Ordering::Acquire)
    }

    /// Roaming fences were changed, here or by another process.
    pub(crate) fn roaming_changed(&self) {
        self.roaming_version.fetch_add(1, Ordering::AcqRel);
    }

    /// Begins or ends the watching of roaming fences.
    pub(crate) fn set_roaming(&self, roaming: Option<Box<RoamingWatch>>) {
        self.lock().roaming = roaming;
    }

    /// The vehicles by their numbers.
    pub(crate) fn numbered(&self) -> Vec<(VehicleNo, VehicleId)> {
        self.lock().by_id.iter().map(|(id, live)| (live.no, id.clone())).collect()
    }

    /// Judges the places of vehicles as if they had just come there.
    pub(crate) fn judge_roaming(&self, ids: &[VehicleId]) {
        let mut vehicles = self.lock();
        let Vehicles { by_id, by_place, roaming: Some(roaming), .. } = &mut *vehicles else { return };
        ids.iter().filter_map(|id| by_id.get(id)).for_each(|live| roaming.moved(live, by_id, by_place));
    }

    /// Judges vehicles that stand near each other.
    pub(crate) fn look_at_roaming(&self, now: Timestamp) {
        let mut vehicles = self.lock();
        let Vehicles { by_id, roaming: Some(roaming), .. } = &mut *vehicles else { return };
        roaming.look(now, by_id);
    }

    /// What was found of roaming fences since the last call.
    pub(crate) fn take_roaming(&self) -> RoamingFound {
        self.lock().roaming.as_mut().map(|roaming| roaming.take_found()).unwrap_or_default()
    }
}
