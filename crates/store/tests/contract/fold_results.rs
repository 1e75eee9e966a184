//! Rules, activity, statistics, and states of the fold.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, batch, id, position, vehicle};
use crate::trips::{self, ended, started};
use fastrand::Rng;
use milepost_domain::{Fact, FleetRules, JsonObject, TenantId, Trip, TripStatus, Vehicle};
use milepost_store::{
    ActivityChange, Checkpoint, Committer, FleetStats, Once, Retention, StatsWindow, Store, StoreError, TrackRow,
};

fn values(text: &str) -> JsonObject {
    JsonObject::of_parsed(text.to_owned(), "rules").unwrap()
}

async fn track(store: &dyn Store, tenant: &TenantId, vehicle: &str) -> TrackRow {
    store.load_tracks(&[(tenant.clone(), id(vehicle))]).await.unwrap().remove(0).1
}

/// A change whose fields all differ, so that a test notices exchanged ones.
fn change(ms: i64, part: i64) -> ActivityChange {
    ActivityChange {
        bucket: at(ms),
        distance_mm: part,
        moving_ms: part * 10,
        idle_ms: part * 100,
        fuel_ml: part * 1_000,
    }
}

async fn add(store: &dyn Store, tenant: &TenantId, vehicle: &str, changes: &[ActivityChange]) {
    let track = track(store, tenant, vehicle).await;
    store.add_activity(track.tenant_no, track.vehicle_no, changes).await.unwrap();
}

fn window(from: i64, to: i64) -> StatsWindow {
    StatsWindow { from: at(from), to: at(to), active_since: at(0) }
}

async fn distance(store: &dyn Store, tenant: &TenantId, from: i64, to: i64) -> i64 {
    store.fleet_stats(tenant, window(from, to)).await.unwrap().distance_mm
}

pub(crate) async fn rules_are_set_only_with_the_last_version(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let nowhere = TenantId::new("nowhere").unwrap();
    assert_eq!(store.get_rules(&home).await.unwrap(), None);
    assert_eq!(store.set_rules(&nowhere, &values("{}"), 0, at(0)).await, Err(StoreError::NotFound("tenant")));
    assert_eq!(store.set_rules(&home, &values("{}"), 1, at(0)).await.unwrap(), None);
    let first = values("{\"z\":1.00000000000000000001,\"a\":2}");
    let set = store.set_rules(&home, &first, 0, at(1)).await.unwrap();
    let expected = FleetRules { values: first, version: 1, changed_at: at(1) };
    assert_eq!(set.as_ref(), Some(&expected));
    assert_eq!(store.get_rules(&home).await.unwrap(), Some(expected));
    assert_eq!(store.set_rules(&home, &values("{}"), 0, at(2)).await.unwrap(), None);
    let other_node = database.another_node().await;
    let writers: Vec<_> = (0..6)
        .map(|writer| {
            let store = if writer % 2 == 0 { store.clone() } else { other_node.clone() };
            let (home, values) = (home.clone(), values(&format!("{{\"writer\":{writer}}}")));
            tokio::spawn(async move { store.set_rules(&home, &values, 1, at(3)).await.unwrap() })
        })
        .collect();
    let mut set = Vec::new();
    for writer in writers {
        set.extend(writer.await.unwrap());
    }
    let [second] = set.try_into().expect("one of them sets them");
    assert_eq!(store.get_rules(&home).await.unwrap(), Some(second));
    assert_eq!(store.get_rules(&acme).await.unwrap(), None);
    let stored: Vec<_> = store.events_after(&home, 0, 10).await.unwrap().into_iter().map(|event| event.fact).collect();
    assert_eq!(stored, [Fact::RulesChanged { version: 1 }, Fact::RulesChanged { version: 2 }]);
    other_node.close().await;
}

pub(crate) async fn stats_are_sums_of_the_windows_buckets(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    assert_eq!(store.fleet_stats(&home, window(0, 100)).await.unwrap(), FleetStats::default());
    add_vehicles(&**store, &home, &["bus"]).await;
    add_vehicles(&**store, &acme, &["bus"]).await;
    let van = Vehicle { fuel_price_per_l: Some(1.5), ..vehicle("van") };
    store.add_vehicle(&home, &van, at(0), &Once::unclaimed()).await.unwrap();
    let committer = Committer::start(store.clone(), None);
    committer.record(batch(&home, vec![position("bus", -1), position("van", 0)])).await.unwrap();
    add(&**store, &home, "bus", &[change(0, 1), change(10, 2), change(20, 4)]).await;
    add(&**store, &home, "van", &[change(10, 8), change(30, 16)]).await;
    add(&**store, &acme, "bus", &[change(10, 1_000)]).await;
    let of_van = store.list_activity(&home, &id("van"), at(0), at(30), 10).await.unwrap();
    assert_eq!(of_van, [change(10, 8)], "one vehicle's, before the end");
    let of_bus = store.list_activity(&home, &id("bus"), at(10), at(100), 1).await.unwrap();
    assert_eq!(of_bus, [change(10, 2)], "in the order of time");
    let expected = FleetStats {
        vehicles: 2,
        active_vehicles: 1,
        trips: 0,
        distance_mm: 14,
        moving_ms: 140,
        idle_ms: 1_400,
        fuel_ml: 14_000,
        fuel_cost: 12.0,
        priced_distance_mm: 8,
    };
    assert_eq!(store.fleet_stats(&home, window(10, 30)).await.unwrap(), expected);
    // Corrections subtract, and changes of one bucket add up.
    add(&**store, &home, "van", &[change(10, -3), change(10, -1), change(20, 5), change(30, 7), change(30, -7)]).await;
    assert_eq!(distance(&**store, &home, 10, 20).await, 2 + 4);
    assert_eq!(distance(&**store, &home, 20, 31).await, 4 + 5 + 16);
    assert_eq!(distance(&**store, &home, 30, 30).await, 0);
    store.remove_vehicle(&home, &id("van"), None, at(1)).await.unwrap();
    let left = store.fleet_stats(&home, window(0, 100)).await.unwrap();
    assert_eq!((left.vehicles, left.distance_mm, left.fuel_cost), (1, 7, 0.0));
}

pub(crate) async fn activity_is_the_same_in_whatever_order_it_is_added(database: &TestDatabase) {
    const WRITERS: u64 = 4;
    const CHANGES: usize = 250;
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let other_node = database.another_node().await;
    let of = |seed| -> Vec<ActivityChange> {
        let mut dice = Rng::with_seed(seed);
        (0..CHANGES).map(|_| change(dice.i64(0..=300), dice.i64(-50..=1_000))).collect()
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|seed| {
            let store = if seed % 2 == 0 { store.clone() } else { other_node.clone() };
            let (home, changes) = (home.clone(), of(seed));
            tokio::spawn(async move {
                for some in changes.chunks(190) {
                    add(&*store, &home, "bus", some).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let all: Vec<_> = (0..WRITERS).flat_map(of).collect();
    for (from, to) in [(0, 301), (0, 1), (17, 18), (100, 200), (300, 301)] {
        let within = all.iter().filter(|one| (at(from)..at(to)).contains(&one.bucket));
        let expected: i64 = within.map(|one| one.distance_mm).sum();
        assert_eq!(distance(&**store, &home, from, to).await, expected, "{from} to {to}");
    }
    other_node.close().await;
}

pub(crate) async fn trips_are_counted_that_were_under_way_in_the_window(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    add_vehicles(&**store, &home, &["bus", "car", "old"]).await;
    add_vehicles(&**store, &acme, &["bus"]).await;
    let mut dice = Rng::with_seed(8);
    let mut all = Vec::new();
    for number in 0..60 {
        let from = dice.i64(0..=100);
        let status = if dice.u64(..5) == 0 { TripStatus::Cancelled } else { TripStatus::Completed };
        let trip = ended(&started(&number.to_string(), &home, "bus", from), status, from + dice.i64(0..=60));
        all.push(Trip { version: 1, ..trip });
    }
    all.push(started("running", &home, "car", 40));
    for trip in &all {
        trips::add(&**store, trip).await;
    }
    trips::add(&**store, &started("theirs", &acme, "bus", 40)).await;
    trips::add(&**store, &started("of no vehicle", &home, "old", 40)).await;
    store.remove_vehicle(&home, &id("old"), None, at(50)).await.unwrap();
    for (from, to) in [(0, 200), (30, 60), (40, 41), (41, 42), (39, 40), (90, 300), (200, 300), (50, 50), (60, 50)] {
        let under_way = |trip: &&Trip| {
            let began_in_it = trip.started_at >= at(from);
            let lasted_into_it = trip.ended_at.is_none_or(|ended_at| ended_at > at(from));
            trip.status != TripStatus::Cancelled
                && from < to
                && trip.started_at < at(to)
                && (began_in_it || lasted_into_it)
        };
        let expected = u64::try_from(all.iter().filter(under_way).count()).unwrap();
        let counted = store.fleet_stats(&home, window(from, to)).await.unwrap().trips;
        assert_eq!(counted, expected, "{from} to {to}");
    }
}

fn checkpoint(ms: i64, mark: u8) -> Checkpoint {
    let state = std::iter::repeat_n(mark, usize::from(mark) * 7).collect();
    Checkpoint { at: at(ms), code_version: u32::from(mark), state }
}

async fn newest(store: &dyn Store, track: &TrackRow, before: Option<i64>) -> Option<Checkpoint> {
    store.newest_checkpoint(track.vehicle_no, before.map(at)).await.unwrap()
}

async fn save(store: &dyn Store, track: &TrackRow, from: i64, checkpoints: &[Checkpoint]) {
    store.save_checkpoints(track.vehicle_no, at(from), checkpoints).await.unwrap();
}

pub(crate) async fn checkpoints_replace_those_from_their_time_on(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let (bus, car) = (track(&**store, &home, "bus").await, track(&**store, &home, "car").await);
    assert_eq!(newest(&**store, &bus, None).await, None);
    for (ms, mark) in [(10, 1), (20, 2), (30, 3)] {
        save(&**store, &bus, ms, &[checkpoint(ms, mark)]).await;
    }
    save(&**store, &car, 25, &[checkpoint(25, 255)]).await;
    assert_eq!(newest(&**store, &bus, None).await, Some(checkpoint(30, 3)));
    assert_eq!(newest(&**store, &bus, Some(30)).await, Some(checkpoint(20, 2)));
    assert_eq!(newest(&**store, &bus, Some(11)).await, Some(checkpoint(10, 1)));
    assert_eq!(newest(&**store, &bus, Some(10)).await, None);
    // The later states are useless once a late position has arrived.
    save(&**store, &bus, 15, &[checkpoint(18, 4), checkpoint(35, 5)]).await;
    assert_eq!(newest(&**store, &bus, None).await, Some(checkpoint(35, 5)));
    assert_eq!(newest(&**store, &bus, Some(35)).await, Some(checkpoint(18, 4)));
    assert_eq!(newest(&**store, &bus, Some(18)).await, Some(checkpoint(10, 1)));
    save(&**store, &bus, 0, &[]).await;
    assert_eq!(newest(&**store, &bus, None).await, None);
    assert_eq!(newest(&**store, &car, None).await, Some(checkpoint(25, 255)));
}

pub(crate) async fn old_activity_and_checkpoints_are_forgotten_but_for_each_vehicles_newest(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "parked", "gone"]).await;
    let (bus, parked) = (track(&**store, &home, "bus").await, track(&**store, &home, "parked").await);
    let gone = track(&**store, &home, "gone").await;
    for name in ["bus", "gone"] {
        add(&**store, &home, name, &[change(0, 1), change(49, 2), change(50, 4)]).await;
    }
    save(&**store, &bus, 0, &[checkpoint(1, 1), checkpoint(2, 2), checkpoint(49, 3), checkpoint(60, 4)]).await;
    save(&**store, &parked, 0, &[checkpoint(1, 5)]).await;
    save(&**store, &gone, 0, &[checkpoint(70, 6)]).await;
    let retention = Retention { positions_ms: 50, events_ms: i64::MAX, ..Retention::default() };
    let pruned = store.prune(at(100), &retention).await.unwrap();
    assert_eq!((pruned.activity, pruned.checkpoints), (4, 2));
    assert_eq!(distance(&**store, &home, 0, 100).await, 8);
    assert_eq!(newest(&**store, &bus, Some(60)).await, Some(checkpoint(49, 3)));
    assert_eq!(newest(&**store, &bus, Some(49)).await, None);
    assert_eq!(newest(&**store, &parked, None).await, Some(checkpoint(1, 5)));
    store.remove_vehicle(&home, &id("gone"), None, at(100)).await.unwrap();
    let pruned = store.prune(at(100), &retention).await.unwrap();
    assert_eq!((pruned.activity, pruned.checkpoints), (1, 1));
    assert_eq!(newest(&**store, &gone, None).await, None);
}
