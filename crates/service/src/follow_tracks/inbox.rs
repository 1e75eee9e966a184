//! What was committed and is not folded yet.

use super::figures::TrackCounters;
use milepost_domain::{Position, TenantId, VehicleId};
use milepost_store::{Recorded, TrackStep, VehicleNo};
use std::collections::{HashMap, HashSet};
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
    /// Vehicles that must be read from the store: there was no room for what they drove.
    pub(super) missed: HashSet<VehicleNo>,
    /// Vehicles with late positions.
    pub(super) late: HashSet<VehicleNo>,
    /// Tenants whose thresholds or geofences were changed.
    pub(super) changed: HashSet<TenantId>,
    /// Vehicles that were described anew.
    pub(super) described: HashSet<(TenantId, VehicleId)>,
}

/// Newest positions of one tenant, in the order of commit for each vehicle.
pub(super) struct Growth {
    pub(super) tenant: TenantId,
    pub(super) positions: Vec<(TrackStep, Position)>,
}

impl TrackInbox {
    /// Takes in what one caller's batch came to.
    pub(crate) fn grow(&self, tenant: &TenantId, recorded: &Recorded) {
        let mut waiting = self.lock();
        waiting.late.extend(recorded.late.iter().map(|(vehicle, _)| *vehicle));
        if waiting.positions + recorded.newest.len() > INBOX_POSITIONS {
            waiting.missed.extend(recorded.steps.iter().map(|step| step.vehicle));
        } else if !recorded.newest.is_empty() {
            waiting.positions += recorded.newest.len();
            let positions = recorded.steps.iter().copied().zip(recorded.newest.iter().cloned()).collect();
            waiting.growth.push(Growth { tenant: tenant.clone(), positions });
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

/// The vehicles that must be read from the store, each once, and from when on: a late position waits for those that follow it.
#[derive(Default)]
pub(super) struct Behind(HashMap<VehicleNo, tokio::time::Instant>);

impl Behind {
    /// At once.
    pub(super) fn add(&mut self, vehicle: VehicleNo) {
        self.0.insert(vehicle, tokio::time::Instant::now());
    }

    /// After a while, unless it is due before.
    pub(super) fn add_after(&mut self, vehicle: VehicleNo, after: std::time::Duration) {
        self.0.entry(vehicle).or_insert_with(|| tokio::time::Instant::now() + after);
    }

    /// Takes the one that is due first, if it is due by now.
    pub(super) fn take_due(&mut self) -> Option<VehicleNo> {
        let (vehicle, at) = self.0.iter().min_by_key(|(_, at)| **at)?;
        let (vehicle, is_due) = (*vehicle, *at <= tokio::time::Instant::now());
        is_due.then(|| self.0.remove(&vehicle)).map(|_| vehicle)
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<tokio::time::Instant> {
        self.0.values().min().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// All are due now: nothing more comes.
    pub(super) fn hurry(&mut self) {
        let now = tokio::time::Instant::now();
        self.0.values_mut().for_each(|at| *at = now);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::{Behind, INBOX_POSITIONS, TrackInbox};
    use milepost_domain::{
        Label, Latitude, Longitude, Position, TenantId, Timestamp, Vehicle, VehicleId, VehicleKind, VehicleStatus,
    };
    use milepost_store::{OpenOptions, Recorded, TrackStep, VehicleNo};
    use std::time::Duration;

    fn batch(vehicle: VehicleNo, positions: usize) -> Recorded {
        let position = Position {
            vehicle_id: VehicleId::new("bus").unwrap(),
            at: Timestamp::from_unix_ms(1).unwrap(),
            latitude: Latitude::new(1.0).unwrap(),
            longitude: Longitude::new(2.0).unwrap(),
            speed: None,
            heading: None,
            accuracy: None,
            altitude: None,
            odometer: None,
            fuel_level: None,
            ignition: None,
        };
        let step = TrackStep { vehicle, after: None };
        Recorded { newest: vec![position; positions], steps: vec![step; positions], ..Recorded::default() }
    }

    /// Only a store gives them out.
    async fn two_numbers() -> (VehicleNo, VehicleNo) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
        let store = milepost_store::open(&url, &OpenOptions::default()).await.unwrap();
        let mut numbers = Vec::new();
        for name in ["bus", "car"] {
            let (home, id, at) =
                (TenantId::default_tenant(), VehicleId::new(name).unwrap(), Timestamp::from_unix_ms(0));
            let vehicle = Vehicle {
                id: id.clone(),
                kind: VehicleKind::new(name).unwrap(),
                label: Label::new(name).unwrap(),
                license_plate: None,
                route: None,
                status: VehicleStatus::active(),
                driver_id: None,
                speed_limit: None,
                fuel_l_per_100km: None,
                fuel_price_per_l: None,
                odometer: None,
                service_due_km: None,
                service_due_at: None,
            };
            store.add_vehicle(&home, &vehicle, at.unwrap()).await.unwrap();
            numbers.push(store.get_vehicle(&home, &id).await.unwrap().unwrap().no);
        }
        store.close().await;
        (numbers[0], numbers[1])
    }

    #[tokio::test]
    async fn what_finds_no_room_is_noted_to_be_read_from_the_store() {
        let (inbox, home) = (TrackInbox::default(), TenantId::default_tenant());
        let (bus, car) = two_numbers().await;
        inbox.grow(&home, &batch(bus, INBOX_POSITIONS - 1));
        inbox.grow(&home, &batch(car, 2));
        inbox.grow(&home, &batch(bus, 1));
        let late = Recorded { late: vec![(bus, Timestamp::from_unix_ms(0).unwrap())], ..Recorded::default() };
        inbox.grow(&home, &late);
        let waiting = inbox.take();
        assert_eq!(waiting.growth.iter().map(|one| one.positions.len()).sum::<usize>(), INBOX_POSITIONS);
        assert!(waiting.missed.contains(&car) && waiting.missed.len() == 1);
        assert!(waiting.late.contains(&bus) && waiting.late.len() == 1);
        inbox.grow(&home, &batch(car, 2));
        assert!(inbox.take().missed.is_empty(), "there is room again");
    }

    #[tokio::test]
    async fn a_late_vehicle_waits_and_is_due_at_once_when_it_is_missed_too() {
        let (mut behind, (bus, car)) = (Behind::default(), two_numbers().await);
        tokio::time::pause();
        behind.add_after(bus, Duration::from_secs(1));
        behind.add_after(car, Duration::from_secs(2));
        // Further late positions do not make it wait for longer.
        tokio::time::advance(Duration::from_millis(900)).await;
        behind.add_after(bus, Duration::from_secs(1));
        assert_eq!(behind.take_due(), None);
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!((behind.take_due(), behind.take_due()), (Some(bus), None));
        behind.add(car);
        assert_eq!((behind.take_due(), behind.len()), (Some(car), 0));
    }
}
