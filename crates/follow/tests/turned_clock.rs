//! The follower on a clock that is turned instead of waited for.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use async_trait::async_trait;
use milepost_clock::{Clock, TurnableClock};
use milepost_domain::{Label, Latitude, Longitude, Position, TenantId, Timestamp, Vehicle, VehicleId, VehicleKind};
use milepost_follow::{FollowerParts, TenantVehicles, TrackFollower, TrackInbox, VehicleDirectory};
use milepost_store::{Committer, IncidentKind, Once, OpenOptions, PositionBatch, Store, StoreError, TrackStep, Unsent};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A fleet of one bus.
struct OneBus(Arc<Vehicle>);

#[async_trait]
impl VehicleDirectory for OneBus {
    async fn of_tenant(&self, _: &TenantId) -> Result<Arc<dyn TenantVehicles>, StoreError> {
        Ok(Arc::new(Self(Arc::clone(&self.0))))
    }
}

impl TenantVehicles for OneBus {
    fn get(&self, _: &VehicleId) -> Option<Arc<Vehicle>> {
        Some(Arc::clone(&self.0))
    }
}

fn bus() -> Vehicle {
    Vehicle::new(VehicleId::new("bus").unwrap(), VehicleKind::new("bus").unwrap(), Label::new("Bus").unwrap())
}

fn position(at: Timestamp) -> Position {
    Position::new(bus().id, at, Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap())
}

/// A follower that runs, with the number of times that it woke the tasks that publish.
struct Follower {
    inbox: Arc<TrackInbox>,
    wakes: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Follower {
    fn start(store: &Arc<dyn Store>, clock: Clock) -> Self {
        let (inbox, wakes) = (Arc::new(TrackInbox::default()), Arc::new(AtomicUsize::new(0)));
        let woken = Arc::clone(&wakes);
        let follower = TrackFollower::new(FollowerParts {
            store: Arc::clone(store),
            clock,
            inbox: Arc::clone(&inbox),
            vehicles: Arc::new(OneBus(Arc::new(bus()))),
            alert_expiry_ms: 86_400_000,
            wakers: vec![Arc::new(move |_| {
                woken.fetch_add(1, Ordering::Relaxed);
            })],
            on_progress: Arc::new(drop),
            cache_budget: milepost_cache::CacheBudget::default(),
        });
        Self { inbox, wakes, task: tokio::spawn(follower.run()) }
    }

    async fn stop(self) {
        self.inbox.stop();
        self.task.await.unwrap();
    }
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..2_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that");
}

async fn silences(store: &Arc<dyn Store>, from: Timestamp) -> usize {
    let until = from.plus_ms(86_400_000);
    let incidents =
        store.list_incidents(&TenantId::default_tenant(), &bus().id, from.plus_ms(-1), until, 10).await.unwrap();
    incidents.iter().filter(|incident| incident.kind == IncidentKind::Offline).count()
}

#[tokio::test]
async fn a_vehicle_that_fell_silent_before_a_restart_is_offline_a_minute_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
    let store = milepost_store::open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
    let (turnable, home) = (TurnableClock::new(), TenantId::default_tenant());
    let heard_at = turnable.clock().now();
    store.add_vehicle(&home, &bus(), heard_at, &Once::unclaimed()).await.unwrap();
    let committer = Committer::start(Arc::clone(&store), None);
    let batch = PositionBatch {
        tenant: home,
        positions: vec![position(heard_at)],
        received_at: heard_at,
        thresholds: Arc::default(),
    };
    committer.record(batch).await.unwrap();

    let first = Follower::start(&store, turnable.clock());
    until(async || first.inbox.stats().folds == 1).await;
    first.stop().await;
    assert_eq!(silences(&store, heard_at).await, 0);

    turnable.turn(Duration::from_secs(600));
    let second = Follower::start(&store, turnable.clock());
    turnable.turn(Duration::from_secs(60));
    until(async || silences(&store, heard_at).await == 1).await;
    until(async || second.wakes.load(Ordering::Relaxed) == 1).await;

    // A longer silence is the same incident.
    turnable.turn(Duration::from_secs(120));
    second.stop().await;
    assert_eq!(silences(&store, heard_at).await, 1);
}

#[tokio::test]
async fn a_position_that_was_missed_before_a_late_one_is_folded() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
    let store = milepost_store::open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
    let (turnable, home) = (TurnableClock::new(), TenantId::default_tenant());
    let committer = Committer::start(Arc::clone(&store), None);
    // Positions of the past, so that they are held for a moment before they are folded.
    let first_at = turnable.clock().now().plus_ms(-3_600_000);
    let after = |seconds: i64| position(first_at.plus_ms(seconds * 1000));
    store.add_vehicle(&home, &bus(), first_at, &Once::unclaimed()).await.unwrap();
    let record = async |seconds| {
        let batch = PositionBatch {
            tenant: home.clone(),
            positions: vec![after(seconds)],
            received_at: first_at,
            thresholds: Arc::default(),
        };
        committer.record(batch).await.unwrap();
    };
    let vehicle = store.get_vehicle(&home, &bus().id).await.unwrap().unwrap().no;
    record(0).await;
    let follower = Follower::start(&store, turnable.clock());
    until(async || follower.inbox.stats().folds == 1).await;

    for seconds in [10, 30, 20] {
        record(seconds).await;
    }
    let step = TrackStep { vehicle, after: Some(first_at), is_wrong: false };
    follower.inbox.add(&home, &[(step, &after(10))], &[]);
    // Of the one after which this came late the follower is not told.
    follower.inbox.add(&home, &[], &[(vehicle, &after(20))]);
    until(async || {
        turnable.turn(Duration::from_secs(5));
        let fold = store.load_fold(vehicle).await.unwrap().unwrap().fold;
        fold.is_some_and(|fold| fold.folded_at == after(30).at)
    })
    .await;
    follower.stop().await;
    assert_eq!(store.load_fold(vehicle).await.unwrap().unwrap().late_from, None);
}
