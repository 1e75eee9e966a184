//! What was committed and is not folded yet.

use super::figures::TrackCounters;
use milepost_domain::{Position, TenantId, VehicleId};
use milepost_store::{CommittedPositions, TrackStep, VehicleNo};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Positions waiting, about 150 bytes each. When full, only the vehicles are noted, each once, and what they drove is read
/// from the store.
const INBOX_POSITIONS: usize = 100_000;

/// The committer's side of the follower: filled on the path of every position, so that nothing here waits.
#[derive(Default)]
pub(crate) struct TrackInbox {
    /// A std mutex: held for microseconds, never across an await.
    waiting: Mutex<Waiting>,
    grown: Notify,
    is_stopping: AtomicBool,
    pub(super) counters: TrackCounters,
}

/// Everything that came since it was taken last.
#[derive(Default)]
pub(super) struct Waiting {
    /// In the order of commit.
    pub(super) growth: Vec<Growth>,
    positions: usize,
    /// Positions, those without room too.
    pub(super) told: usize,
    /// Vehicles that must be read from the store: there was no room for what they drove.
    pub(super) missed: HashSet<VehicleNo>,
    /// Tenants whose thresholds or geofences were changed.
    pub(super) changed: HashSet<TenantId>,
    /// Vehicles that were described anew.
    pub(super) described: HashSet<(TenantId, VehicleId)>,
}

/// Positions of one tenant.
pub(super) struct Growth {
    pub(super) tenant: TenantId,
    /// In the order of commit for each vehicle.
    pub(super) newest: Vec<(TrackStep, Position)>,
    /// Those that came after newer ones.
    pub(super) late: Vec<(VehicleNo, Position)>,
}

impl TrackInbox {
    /// Takes in what one caller's batch came to.
    pub(crate) fn grow(&self, tenant: &TenantId, recorded: &CommittedPositions) {
        let mut waiting = self.lock();
        let positions = recorded.newest.len() + recorded.late.len();
        waiting.told += positions;
        TrackCounters::add(&self.counters.waiting, positions);
        if waiting.positions + positions > INBOX_POSITIONS {
            waiting.missed.extend(recorded.steps.iter().map(|step| step.vehicle));
            waiting.missed.extend(recorded.late.iter().map(|(vehicle, _)| *vehicle));
        } else {
            waiting.positions += positions;
            let newest = recorded.steps.iter().copied().zip(recorded.newest.iter().cloned());
            let late = recorded.late.iter().cloned();
            match waiting.growth.last_mut().filter(|last| last.tenant == *tenant) {
                // A thousand kiosks of one tenant are one growth.
                Some(last) => {
                    last.newest.extend(newest);
                    last.late.extend(late);
                }
                None => {
                    let growth = Growth { tenant: tenant.clone(), newest: newest.collect(), late: late.collect() };
                    waiting.growth.push(growth);
                }
            }
        }
        drop(waiting);
        self.grown.notify_one();
    }

    /// Thresholds or geofences of a tenant were changed, here or by another process.
    pub(crate) fn rules_changed(&self, tenant: &TenantId) {
        self.lock().changed.insert(tenant.clone());
    }

    /// A vehicle was described anew, here or by another process: a date of its own may have passed.
    pub(crate) fn vehicle_described(&self, tenant: &TenantId, vehicle: &VehicleId) {
        self.lock().described.insert((tenant.clone(), vehicle.clone()));
    }

    /// From now on the follower only finishes what was brought.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        self.grown.notify_one();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Returns when something came since it was taken last; it may return too early.
    pub(super) async fn filled(&self) {
        self.grown.notified().await;
    }

    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while holding it")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::{INBOX_POSITIONS, TrackInbox};
    use crate::follow_tracks::samples::{position, two_numbers};
    use milepost_domain::TenantId;
    use milepost_store::{CommittedPositions, TrackStep, VehicleNo};

    fn batch(vehicle: VehicleNo, positions: usize) -> CommittedPositions {
        let step = TrackStep { vehicle, after: None };
        CommittedPositions {
            newest: vec![position(1); positions],
            steps: vec![step; positions],
            ..CommittedPositions::default()
        }
    }

    #[tokio::test]
    async fn what_finds_no_room_is_noted_to_be_read_from_the_store() {
        let (inbox, home) = (TrackInbox::default(), TenantId::default_tenant());
        let (bus, car) = two_numbers().await;
        inbox.grow(&home, &batch(bus, INBOX_POSITIONS - 1));
        inbox.grow(&home, &batch(car, 2));
        inbox.grow(&home, &batch(bus, 1));
        inbox.grow(&home, &CommittedPositions { late: vec![(bus, position(0))], ..CommittedPositions::default() });
        let waiting = inbox.take();
        assert_eq!(waiting.growth.iter().map(|one| one.newest.len()).sum::<usize>(), INBOX_POSITIONS);
        assert_eq!(waiting.missed, [car, bus].into());
        inbox.grow(&home, &batch(car, 2));
        assert!(inbox.take().missed.is_empty(), "there is room again");
    }
}
