//! Committed positions that are not ingested yet.

use crate::owners::Owners;
use crate::stats::{TrackCounters, TrackStats};
use milepost_domain::{NodeId, Position, TenantId, VehicleId};
use milepost_store::{TrackStep, VehicleNo};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Positions waiting, about 150 bytes each. When full, only the vehicles are noted, each once, and their positions are read
/// from the store.
const INBOX_POSITIONS: usize = 100_000;

/// The committer's side of the follower. It is filled on the path of every position, so that nothing here waits.
#[derive(Default)]
pub struct TrackInbox {
    /// A std mutex: held for microseconds, never across an await.
    contents: Mutex<Contents>,
    filled: Notify,
    is_stopping: AtomicBool,
    owners: Owners,
    pub(crate) counters: TrackCounters,
}

/// Everything that came since the contents were last taken.
#[derive(Default)]
pub(crate) struct Contents {
    /// In the order of commit.
    pub(crate) committed: Vec<Committed>,
    /// Positions that came, including those without room.
    pub(crate) positions: usize,
    held: usize,
    /// Vehicles that must be read from the store, because there was no room for their positions.
    pub(crate) overflowed: HashSet<VehicleNo>,
    /// Positions that this node folds may be in the store alone.
    pub(crate) has_missed: bool,
    /// Tenants whose thresholds or geofences were changed.
    pub(crate) changed_rules: HashSet<TenantId>,
    /// Vehicles whose description was changed.
    pub(crate) changed_vehicles: HashSet<(TenantId, VehicleId)>,
}

/// Committed positions of one tenant.
pub(crate) struct Committed {
    pub(crate) tenant: TenantId,
    /// Each newer than all before it of its vehicle; in the order of commit for each vehicle.
    pub(crate) newest: Vec<(TrackStep, Position)>,
    /// Those that came after newer ones.
    pub(crate) late: Vec<(VehicleNo, Position)>,
}

impl TrackInbox {
    /// Adds positions of one tenant that were committed, here or by another node: those that became their vehicle's newest, in the
    /// order of commit, and those that came late.
    pub fn add(&self, tenant: &TenantId, newest: &[(TrackStep, &Position)], late: &[(VehicleNo, &Position)]) {
        let mut contents = self.lock();
        let positions = newest.len() + late.len();
        contents.positions += positions;
        self.counters.committed(positions);
        if contents.held + positions > INBOX_POSITIONS {
            contents.overflowed.extend(newest.iter().map(|(step, _)| step.vehicle));
            contents.overflowed.extend(late.iter().map(|(vehicle, _)| *vehicle));
        } else {
            contents.held += positions;
            let newest = newest.iter().map(|(step, position)| (*step, (*position).clone()));
            let late = late.iter().map(|(vehicle, position)| (*vehicle, (*position).clone()));
            match contents.committed.last_mut().filter(|last| last.tenant == *tenant) {
                // One entry for the batches of a thousand kiosks of one tenant.
                Some(last) => {
                    last.newest.extend(newest);
                    last.late.extend(late);
                }
                None => {
                    let committed =
                        Committed { tenant: tenant.clone(), newest: newest.collect(), late: late.collect() };
                    contents.committed.push(committed);
                }
            }
        }
        drop(contents);
        self.filled.notify_one();
    }

    /// Notes that positions may have been missed: all vehicles that are not folded up to their newest position are looked for.
    pub fn missed(&self) {
        self.lock().has_missed = true;
        self.filled.notify_one();
    }

    /// Sets the nodes that share the vehicles. Without this node among them, or without others, it folds all that it takes.
    pub fn share_among(&self, own: NodeId, nodes: &[NodeId]) {
        self.owners.set(own, nodes);
    }

    /// Whether other nodes fold some of the vehicles whose positions this one takes.
    pub fn has_sharers(&self) -> bool {
        self.owners.are_several()
    }

    /// The other node that folds a vehicle. `None`: this one.
    pub fn other_owner(&self, vehicle: VehicleNo) -> Option<NodeId> {
        self.owners.other_than_own(vehicle)
    }

    pub(crate) fn owns(&self, vehicle: VehicleNo) -> bool {
        self.other_owner(vehicle).is_none()
    }

    /// Counts positions that another node folds.
    pub fn count_handed_over(&self, positions: usize) {
        self.counters.handed_over(positions);
    }

    /// Notes that thresholds or geofences of a tenant were changed, here or by another process.
    pub fn rules_changed(&self, tenant: &TenantId) {
        self.lock().changed_rules.insert(tenant.clone());
    }

    /// Notes that a vehicle's description was changed, here or by another process: it may be due for service now.
    pub fn vehicle_changed(&self, tenant: &TenantId, vehicle: &VehicleId) {
        self.lock().changed_vehicles.insert((tenant.clone(), vehicle.clone()));
    }

    /// Lets the follower fold what was committed, and end.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        self.filled.notify_one();
    }

    /// The follower's counters so far.
    pub fn stats(&self) -> TrackStats {
        self.counters.stats()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Returns when something came since the contents were last taken. It may return too early.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    pub(crate) fn take(&self) -> Contents {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().expect("nothing panics while holding it")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::{INBOX_POSITIONS, TrackInbox};
    use crate::samples::{position, two_numbers};
    use milepost_domain::TenantId;
    use milepost_store::{TrackStep, VehicleNo};

    fn add_newest(to: &TrackInbox, vehicle: VehicleNo, positions: usize) {
        let (step, position) = (TrackStep { vehicle, after: None, is_wrong: false }, position(1));
        to.add(&TenantId::default_tenant(), &vec![(step, &position); positions], &[]);
    }

    #[tokio::test]
    async fn vehicles_whose_positions_find_the_inbox_full_are_read_from_the_store() {
        let inbox = TrackInbox::default();
        let (bus, car) = two_numbers().await;
        add_newest(&inbox, bus, INBOX_POSITIONS - 1);
        add_newest(&inbox, car, 2);
        add_newest(&inbox, bus, 1);
        inbox.add(&TenantId::default_tenant(), &[], &[(bus, &position(0))]);
        let contents = inbox.take();
        assert_eq!(contents.committed.iter().map(|one| one.newest.len()).sum::<usize>(), INBOX_POSITIONS);
        assert_eq!(contents.overflowed, [car, bus].into());
        add_newest(&inbox, car, 2);
        assert!(inbox.take().overflowed.is_empty(), "there is room again");
    }
}
