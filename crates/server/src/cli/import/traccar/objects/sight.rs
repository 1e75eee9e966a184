//! Who sees which vehicles at the other server, by itself or by groups.

use milepost_domain::{EntryKind, VehicleId};
use milepost_traccar_source::{ForeignLink, Vehicles};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Groups within groups, beyond which nothing is looked up.
const MAX_DEPTH: usize = 10;

/// Who sees which vehicles at the other server.
pub(super) struct Sight<'a> {
    pub(super) links: &'a [ForeignLink],
    /// The group that a group is in.
    pub(super) parents: &'a HashMap<i64, i64>,
    /// Devices with their groups.
    pub(super) of_groups: &'a [(i64, i64)],
    pub(super) vehicles: &'a Vehicles,
}

impl Sight<'_> {
    /// The vehicles that a user sees, or that have a geofence: by themselves, or by their groups.
    pub(super) fn vehicles_of(&self, kind: EntryKind, id: i64) -> BTreeSet<VehicleId> {
        let (mut devices, mut groups) = (BTreeSet::new(), HashSet::new());
        for link in self.links {
            match (link.owner, link.member) {
                (owner, (EntryKind::Vehicle, device)) if owner == (kind, id) => drop(devices.insert(device)),
                (owner, (EntryKind::Group, group)) if owner == (kind, id) => drop(groups.insert(group)),
                ((EntryKind::Vehicle, device), member) if member == (kind, id) => drop(devices.insert(device)),
                ((EntryKind::Group, group), member) if member == (kind, id) => drop(groups.insert(group)),
                _ => {}
            }
        }
        if !groups.is_empty() {
            for (device, group) in self.of_groups {
                let mut next = *group;
                for _ in 0..MAX_DEPTH {
                    if next == 0 {
                        break;
                    }
                    if groups.contains(&next) {
                        devices.insert(*device);
                        break;
                    }
                    next = self.parents.get(&next).copied().unwrap_or(0);
                }
            }
        }
        devices.iter().filter_map(|device| self.vehicles.get(device)).cloned().collect()
    }
}
