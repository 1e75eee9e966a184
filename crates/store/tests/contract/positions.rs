//! Positions that are stored through the committer.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, batch, full_position, history, id, latitude, longitude, position};
use milepost_domain::{Position, TenantId, Timestamp, VehicleId};
use milepost_store::{
    CommitObserver, CommitSample, CommittedPositions, Committer, PositionBatch, Store, StoreError, WrongPositions,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) async fn position_comes_back_as_it_was_recorded(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    let (bare, full) = (position("bus", 1), full_position("bus", 2));
    let recorded = committer.record(batch(&home, vec![bare.clone(), full.clone()])).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (2, 0));
    assert_eq!(recorded.newest, [bare.clone(), full.clone()]);
    assert_eq!(history(&**store, &home, "bus").await, [bare, full.clone()]);
    let track = store.get_vehicle(&home, &id("bus")).await.unwrap().unwrap().track;
    assert_eq!((track.last, track.version), (Some(full), 1));
}

pub(crate) async fn many_positions_come_back_as_they_were_recorded(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    let ignited = |ms| Position { ignition: Some(true), ..full_position("bus", ms) };
    let points: Vec<_> = (0..400)
        .flat_map(|ms| [position("bus", 3 * ms), full_position("bus", 3 * ms + 1), ignited(3 * ms + 2)])
        .collect();
    let recorded = committer.record(batch(&home, points.clone())).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (1_200, 0));
    assert_eq!(history(&**store, &home, "bus").await, points);
    // Old and new positions in one transaction.
    let later: Vec<_> = (1_100..2_400).map(|ms| position("bus", ms)).collect();
    let recorded = committer.record(batch(&home, later)).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (1_200, 100));
    assert_eq!(history(&**store, &home, "bus").await.len(), 2_400);
}

pub(crate) async fn same_point_again_is_a_duplicate(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let committer = Committer::start(store.clone(), None);
    let points = vec![position("bus", 1), position("bus", 2), position("car", 1), position("bus", 2)];
    let recorded = committer.record(batch(&home, points.clone())).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (3, 1));
    let again = committer.record(batch(&home, points)).await.unwrap();
    assert_eq!((again.accepted, again.duplicates, again.newest.len()), (0, 4, 0));
    // Late and twice in one batch: stored once, and a duplicate once.
    let late = committer.record(batch(&home, vec![position("bus", 0), position("bus", 0)])).await.unwrap();
    assert_eq!((late.accepted, late.duplicates, late.newest.len()), (1, 1, 0));
    // A new node reads what is stored.
    let fresh = Committer::start(store.clone(), None);
    let repeated = fresh.record(batch(&home, vec![position("bus", 0), position("bus", 2)])).await.unwrap();
    assert_eq!((repeated.accepted, repeated.duplicates), (0, 2));
    assert_eq!(history(&**store, &home, "bus").await.len(), 3);
}

pub(crate) async fn point_sent_by_two_callers_at_once_is_accepted_once(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    let callers = (0..40).map(|caller| {
        let (committer, home) = (committer.clone(), home.clone());
        tokio::spawn(async move {
            // Four callers send every point, and half of the points are late by then.
            let points = (0..10).map(|point| position("bus", (caller % 10) * 10 + point)).collect();
            committer.record(batch(&home, points)).await.unwrap()
        })
    });
    let (mut accepted, mut duplicates) = (0, 0);
    for caller in callers.collect::<Vec<_>>() {
        let recorded = caller.await.unwrap();
        assert_eq!(recorded.accepted + recorded.duplicates, 10);
        accepted += recorded.accepted;
        duplicates += recorded.duplicates;
    }
    assert_eq!((accepted, duplicates), (100, 300));
    assert_eq!(history(&**store, &home, "bus").await.len(), 100);
}

pub(crate) async fn shuffled_arrival_ends_in_the_same_state(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["sorted", "shuffled"]).await;
    let committer = Committer::start(store.clone(), None);
    // 37 and 100 have no common factor, so that this visits every point once.
    let shuffled: Vec<i64> = (0..100).map(|step| step * 37 % 100).collect();
    for chunk in shuffled.chunks(9) {
        let points = chunk.iter().map(|ms| position("shuffled", *ms)).collect();
        committer.record(batch(&home, points)).await.unwrap();
    }
    committer.record(batch(&home, (0..100).map(|ms| position("sorted", ms)).collect())).await.unwrap();
    let unnamed = |points: Vec<Position>| points.into_iter().map(|one| (one.at, one.latitude)).collect::<Vec<_>>();
    let sorted = unnamed(history(&**store, &home, "sorted").await);
    assert_eq!(unnamed(history(&**store, &home, "shuffled").await), sorted);
    assert_eq!(sorted.len(), 100);
    let last = store.get_vehicle(&home, &id("shuffled")).await.unwrap().unwrap().track.last;
    assert_eq!(last, Some(position("shuffled", 99)));
}

pub(crate) async fn a_position_of_an_unknown_vehicle_fails_no_others(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "gone"]).await;
    let committer = Committer::start(store.clone(), None);
    committer.record(batch(&home, vec![position("gone", 1)])).await.unwrap();
    // Removed while the committer has it in its cache.
    store.remove_vehicle(&home, &id("gone"), None, at(1)).await.unwrap();
    let points = vec![position("gone", 3), position("bus", 1), position("never", 1), position("gone", 0)];
    let recorded = committer.record(batch(&home, points)).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (1, 0));
    assert_eq!(recorded.unknown, [0, 2, 3]);
    assert_eq!(recorded.newest, [position("bus", 1)]);
    // Added after the committer noticed that it did not exist.
    add_vehicles(&**store, &home, &["never"]).await;
    assert_eq!(committer.record(batch(&home, vec![position("never", 1)])).await.unwrap().accepted, 1);
    assert_eq!(committer.record(batch(&home, Vec::new())).await.unwrap().accepted, 0);
}

pub(crate) async fn two_committers_on_the_same_vehicle_converge(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let other = database.another_node().await;
    let nodes = [Committer::start(store.clone(), None), Committer::start(other.clone(), None)];
    let callers = (0..60_i64).map(|caller| {
        let (node, home) = (nodes[usize::try_from(caller % 2).unwrap()].clone(), home.clone());
        tokio::spawn(async move {
            // Neighbouring callers share half of their points.
            let points = (0..10).flat_map(|point| {
                let ms = caller * 5 + point;
                [position("bus", ms), position("car", ms)]
            });
            node.record(batch(&home, points.collect())).await.unwrap().accepted
        })
    });
    let mut accepted = 0;
    for caller in callers.collect::<Vec<_>>() {
        accepted += caller.await.unwrap();
    }
    let newest = 59 * 5 + 9;
    for name in ["bus", "car"] {
        let points = history(&**store, &home, name).await;
        assert_eq!(points.iter().map(|one| one.at).collect::<Vec<_>>(), (0..=newest).map(at).collect::<Vec<_>>());
        let last = other.get_vehicle(&home, &id(name)).await.unwrap().unwrap().track.last;
        assert_eq!(last, Some(position(name, newest)));
    }
    assert_eq!(i64::try_from(accepted).unwrap(), 2 * (newest + 1));
    other.close().await;
}

pub(crate) async fn vehicle_added_again_starts_a_new_track(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    committer.record(batch(&home, vec![position("bus", 50)])).await.unwrap();
    store.remove_vehicle(&home, &id("bus"), None, at(1)).await.unwrap();
    add_vehicles(&**store, &home, &["bus"]).await;
    let recorded = committer.record(batch(&home, vec![position("bus", 10)])).await.unwrap();
    assert_eq!(recorded.newest, [position("bus", 10)]);
    assert_eq!(history(&**store, &home, "bus").await, [position("bus", 10)]);
}

pub(crate) async fn history_is_read_page_by_page(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    committer.record(batch(&home, (0..10).map(|ms| position("bus", ms)).collect())).await.unwrap();
    let page = async |after: Option<i64>, limit| {
        let (after, wrong) = (after.map(at), WrongPositions::LeftOut);
        let points = store.positions(&home, &id("bus"), at(2), at(8), after, wrong, limit).await.unwrap();
        points.iter().map(|one| one.position.at.ms_since(at(0))).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 4).await, [2, 3, 4, 5]);
    assert_eq!(page(Some(5), 4).await, [6, 7]);
    assert_eq!(page(Some(0), 1).await, [2]);
}

pub(crate) async fn arrivals_are_read_page_by_page(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    add_vehicles(&**store, &acme, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    // They arrive in the opposite order of their times.
    for (received, ms) in [(100, 9), (200, 5), (200, 6), (300, 1)] {
        let positions = vec![position("bus", ms), position("car", ms)];
        let batch = PositionBatch { received_at: at(received), ..batch(&home, positions) };
        committer.record(batch).await.unwrap();
    }
    committer.record(batch(&acme, vec![position("bus", 2)])).await.unwrap();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.recent_positions(&home, None, at(200), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.cursor);
        seen.extend(page.iter().map(|one| {
            (one.received_at.ms_since(at(0)), one.position.vehicle_id.to_string(), one.position.at.ms_since(at(0)))
        }));
    }
    let expected =
        [(200, "bus", 5), (200, "bus", 6), (200, "car", 5), (200, "car", 6), (300, "bus", 1), (300, "car", 1)];
    assert_eq!(seen, expected.map(|(received, vehicle, ms)| (received, vehicle.to_owned(), ms)));
}

pub(crate) async fn arrivals_of_some_vehicles_are_those_among_all(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let names: Vec<String> = (0..20).map(|number| format!("bus-{number:02}")).collect();
    add_vehicles(&**store, &home, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    add_vehicles(&**store, &acme, &["bus-00"]).await;
    let committer = Committer::start(store.clone(), None);
    // Every 7 s for seven minutes; one bus uploads its past, newest first, and one is wrong now and then.
    for count in 0..60_i64 {
        let ms = count * 7_000;
        let mut points: Vec<_> = names[..19].iter().map(|name| position(name, ms)).collect();
        points.push(position(&names[19], -ms));
        if count % 10 == 9 {
            points.push(null_island(&names[2], ms + 1));
        }
        committer.record(PositionBatch { received_at: at(ms), ..batch(&home, points) }).await.unwrap();
        let foreign = batch(&acme, vec![position("bus-00", ms)]);
        committer.record(PositionBatch { received_at: at(ms), ..foreign }).await.unwrap();
    }
    let mut numbers = Vec::new();
    for tracked in store.list_vehicles(&home, &milepost_domain::VehicleScope::All, None, 100).await.unwrap() {
        numbers.push(tracked.no);
    }
    let read = async |tenant: &TenantId, vehicles: Option<&[milepost_store::VehicleNo]>, since_ms: i64| {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.recent_positions(tenant, vehicles, at(since_ms), after, 7).await.unwrap();
            let Some(last) = page.last() else { return seen };
            after = Some(last.cursor);
            seen.extend(page.into_iter().map(|one| (one.received_at, one.position)));
        }
    };
    for since_ms in [0, 100_000, 100_001, 419_000, 1_000_000] {
        let all = read(&home, None, since_ms).await;
        for chosen in [&[7][..], &[0, 2, 3], &[18, 2, 11]] {
            let of: Vec<_> = chosen.iter().map(|index| numbers[*index]).collect();
            let expected: Vec<_> = all
                .iter()
                .filter(|(_, position)| chosen.iter().any(|index| position.vehicle_id.as_str() == names[*index]))
                .cloned()
                .collect();
            assert_eq!(read(&home, Some(&of), since_ms).await, expected, "{chosen:?} since {since_ms}");
        }
    }
    assert_eq!(read(&home, Some(&numbers[19..]), 100_000).await, [], "they were late");
    assert_eq!(read(&home, Some(&[]), 0).await, []);
    assert_eq!(read(&acme, Some(&numbers), 0).await, [], "vehicles of another tenant");
}

pub(crate) async fn positions_of_any_date_are_kept(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    let days = |days: i64| at(days * 24 * 60 * 60 * 1000);
    let first = Timestamp::from_unix_ms(0).unwrap();
    let last = first.plus_ms(i64::MAX).plus_ms(-1);
    let instants = [first, days(-3000), days(-101), days(-99), days(-1), days(0), days(1), days(2), days(40), last];
    for instant in instants {
        let point = Position { at: instant, ..position("bus", 0) };
        assert_eq!(committer.record(batch(&home, vec![point])).await.unwrap().accepted, 1);
    }
    let stored: Vec<_> = history(&**store, &home, "bus").await.iter().map(|one| one.at).collect();
    assert_eq!(stored, instants);
    let late =
        vec![Position { at: days(-3000), ..position("bus", 0) }, Position { at: days(-1), ..position("bus", 0) }];
    assert_eq!(committer.record(batch(&home, late)).await.unwrap().duplicates, 2);
}

#[derive(Default)]
struct Watcher {
    newest: Mutex<Vec<Timestamp>>,
    samples: Mutex<Vec<CommitSample>>,
}

impl CommitObserver for Watcher {
    fn ended(&self, sample: &CommitSample) {
        self.samples.lock().unwrap().push(*sample);
    }

    fn recorded(&self, _tenant: &TenantId, recorded: &CommittedPositions) {
        self.newest.lock().unwrap().extend(recorded.newest.iter().map(|one| one.at));
    }
}

pub(crate) async fn newest_positions_are_observed_in_order(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let watcher = Arc::new(Watcher::default());
    let committer = Committer::start(store.clone(), Some(watcher.clone()));
    let callers = (0..50_i64).map(|caller| {
        let (committer, home) = (committer.clone(), home.clone());
        tokio::spawn(
            async move { committer.record(batch(&home, vec![position("bus", caller * 7 % 50)])).await.unwrap() },
        )
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let newest = watcher.newest.lock().unwrap().clone();
    assert!(newest.is_sorted_by(|one, next| one < next), "{newest:?}");
    assert_eq!(newest.last(), Some(&at(49)));
    let samples = watcher.samples.lock().unwrap().clone();
    assert_eq!(samples.iter().map(|sample| sample.accepted).sum::<usize>(), 50);
    assert!(samples.iter().all(|sample| sample.committed));
    assert!(samples.len() < 50, "callers who came during a commit share the next one");
}

struct Broken;

impl CommitObserver for Broken {
    fn ended(&self, _: &CommitSample) {
        panic!("an observer's fault");
    }

    fn recorded(&self, _: &TenantId, _: &CommittedPositions) {
        panic!("an observer's fault");
    }
}

pub(crate) async fn an_observer_that_panics_costs_no_answer_and_ends_the_committer(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), Some(Arc::new(Broken)));
    assert_eq!(committer.record(batch(&home, vec![position("bus", 1)])).await.unwrap().accepted, 1);
    // What it would publish next may be wrong. The server notices that the committer has ended, and stops.
    while !committer.has_ended() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let refused = committer.record(batch(&home, vec![position("bus", 2)])).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(history(&**store, &home, "bus").await.len(), 1);
}

/// Enough single positions of many vehicles for a database that buffers them before it merges them.
pub(crate) async fn single_positions_of_many_vehicles_are_read_at_any_time(database: &TestDatabase) {
    const ROUNDS: i64 = 120;
    let home = TenantId::default_tenant();
    let other = database.another_node().await;
    let names: Vec<String> = (0..100).map(|number| format!("bus-{number:02}")).collect();
    add_vehicles(&*database.store, &home, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let committers = [Committer::start(database.store.clone(), None), Committer::start(other.clone(), None)];
    let of_all = |ms: i64| batch(&home, names.iter().map(|name| position(name, ms)).collect());
    let mut sent = Vec::new();
    for round in 0..ROUNDS {
        // Now and then a position that is older than the newest, and a repetition of one that was sent before.
        let ms = if round % 60 == 58 { round * 10 - 25 } else { round * 10 };
        let recorded = committers[usize::try_from(round / 7 % 2).unwrap()].record(of_all(ms)).await.unwrap();
        assert_eq!((recorded.accepted, recorded.duplicates), (names.len(), 0));
        sent.push(ms);
        if round % 60 == 59 {
            let again = committers[0].record(of_all(sent[sent.len() / 2])).await.unwrap();
            assert_eq!((again.accepted, again.duplicates), (0, names.len()));
        }
        if round % 10 == 9 {
            sent.sort_unstable();
            let stored = history(&*database.store, &home, "bus-07").await;
            assert_eq!(
                stored.iter().map(|one| one.at).collect::<Vec<_>>(),
                sent.iter().map(|ms| at(*ms)).collect::<Vec<_>>()
            );
            let arrived = database.store.recent_positions(&home, None, at(0), None, 100_000).await.unwrap();
            assert_eq!(arrived.len(), names.len() * sent.len());
        }
    }
    other.close().await;
}

fn null_island(vehicle: &str, ms: i64) -> Position {
    Position { latitude: latitude(0.0), longitude: longitude(0.0), ..position(vehicle, ms) }
}

fn in_sydney(vehicle: &str, ms: i64) -> Position {
    Position { latitude: latitude(-33.8), longitude: longitude(151.2), ..position(vehicle, ms) }
}

/// Where the vehicle is, and when it was heard last.
async fn place(store: &dyn Store, vehicle: &VehicleId) -> (Option<Position>, Option<Timestamp>) {
    let track = store.get_vehicle(&TenantId::default_tenant(), vehicle).await.unwrap().unwrap().track;
    (track.last, track.heard_at)
}

async fn times(store: &dyn Store, wrong: WrongPositions) -> Vec<(i64, bool)> {
    let home = TenantId::default_tenant();
    let (mut times, mut after) = (Vec::new(), None);
    loop {
        let page = store.positions(&home, &id("bus"), at(0), at(900_000), after, wrong, 2).await.unwrap();
        times.extend(page.iter().map(|one| (one.position.at.ms_since(at(0)), one.is_wrong)));
        let Some(last) = page.last().filter(|_| page.len() == 2) else { return times };
        after = Some(last.position.at);
    }
}

pub(crate) async fn wrong_positions_are_stored_and_marked_and_never_the_place(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let committer = Committer::start(store.clone(), None);
    let points =
        vec![position("bus", 0), position("bus", 30_000), null_island("bus", 60_000), in_sydney("bus", 90_000)];
    let recorded = committer.record(batch(&home, points)).await.unwrap();
    assert_eq!((recorded.accepted, recorded.newest.len()), (4, 4));
    assert_eq!(recorded.places().map(|place| place.at).collect::<Vec<_>>(), [at(0), at(30_000)]);
    assert_eq!(place(&**store, &id("bus")).await, (Some(position("bus", 30_000)), Some(at(90_000))));
    // One that was repeated, one that is late, and a late one that is wrong.
    let points = vec![in_sydney("bus", 90_000), position("bus", 45_000), null_island("bus", 75_000)];
    let recorded = committer.record(batch(&home, points)).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates, recorded.late.len()), (2, 1, 2));
    assert_eq!(committer.record(batch(&home, vec![position("bus", 120_000)])).await.unwrap().places().count(), 1);
    // A late one at null island that is a duplicate marks nothing.
    committer.record(batch(&home, vec![null_island("bus", 30_000)])).await.unwrap();
    assert_eq!(place(&**store, &id("bus")).await, (Some(position("bus", 120_000)), Some(at(120_000))));
    let shown = [(0, false), (30_000, false), (45_000, false), (120_000, false)];
    assert_eq!(times(&**store, WrongPositions::LeftOut).await, shown);
    let all = [
        (0, false),
        (30_000, false),
        (45_000, false),
        (60_000, true),
        (75_000, true),
        (90_000, true),
        (120_000, false),
    ];
    assert_eq!(times(&**store, WrongPositions::Marked).await, all);
    let arrived = store.recent_positions(&home, None, at(0), None, 100).await.unwrap();
    assert_eq!(arrived.iter().map(|one| (one.position.at.ms_since(at(0)), false)).collect::<Vec<_>>(), shown);
    // A vehicle whose positions were all wrong has no place.
    committer.record(batch(&home, vec![null_island("car", 0)])).await.unwrap();
    committer.record(batch(&home, vec![null_island("car", 30_000)])).await.unwrap();
    assert_eq!(place(&**store, &id("car")).await, (None, Some(at(30_000))));
    let fresh = Committer::start(store.clone(), None);
    assert_eq!(fresh.record(batch(&home, vec![null_island("car", 30_000)])).await.unwrap().duplicates, 1);
    assert_eq!(fresh.record(batch(&home, vec![position("car", 60_000)])).await.unwrap().places().count(), 1);
}

pub(crate) async fn a_vehicle_is_found_elsewhere_by_its_third_fix_on_whichever_nodes(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let other = database.another_node().await;
    let node = |number| Committer::start(if number == 0 { store.clone() } else { other.clone() }, None);
    let nodes = [node(0), node(1)];
    for ms in [0, 30_000] {
        nodes[0].record(batch(&home, vec![position("bus", ms)])).await.unwrap();
    }
    let mut found = Vec::new();
    // The last one is a node that was started meanwhile.
    for (ms, node) in [(60_000, &nodes[0]), (90_000, &nodes[1]), (120_000, &node(0)), (150_000, &nodes[1])] {
        let recorded = node.record(batch(&home, vec![in_sydney("bus", ms)])).await.unwrap();
        found.push(recorded.places().count());
    }
    assert_eq!(found, [0, 0, 1, 1]);
    assert_eq!(place(&*other, &id("bus")).await, (Some(in_sydney("bus", 150_000)), Some(at(150_000))));
    other.close().await;
}

#[derive(Default)]
struct Current(Mutex<Vec<(Timestamp, Timestamp)>>);

impl CommitObserver for Current {
    fn ended(&self, _: &CommitSample) {}

    fn recorded(&self, _: &TenantId, recorded: &CommittedPositions) {
        self.0.lock().unwrap().extend(recorded.current.iter().map(|one| (one.position.at, one.received_at)));
    }
}

pub(crate) async fn a_clock_that_was_ahead_silences_no_vehicle(database: &TestDatabase) {
    const HOUR: i64 = 3_600_000;
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let observer = Arc::new(Current::default());
    let committer = Committer::start(store.clone(), Some(observer.clone() as _));
    let arrive = async |ms: i64, received_ms: i64| {
        let batch = PositionBatch { received_at: at(received_ms), ..batch(&home, vec![position("bus", ms)]) };
        let recorded = committer.record(batch).await.unwrap();
        (recorded.accepted, recorded.newest.len(), recorded.late.len())
    };
    let place_ms = async || place(&**store, &id("bus")).await.0.unwrap().at.ms_since(at(0));
    assert_eq!(arrive(HOUR, HOUR).await, (1, 1, 0), "the clock is an hour ahead");
    assert_eq!(arrive(-HOUR, 10).await, (1, 0, 1), "one of the past is no present one");
    assert_eq!(arrive(HOUR, 10).await, (0, 0, 0), "what lies ahead is not where it is");
    assert_eq!(place_ms().await, HOUR);
    assert_eq!(arrive(10, 10).await, (1, 0, 1));
    assert_eq!(place_ms().await, 10);
    assert_eq!(arrive(20, 20).await, (1, 0, 1));
    assert_eq!(arrive(15, 20).await, (1, 0, 1), "it is late");
    assert_eq!(arrive(20, 30).await, (0, 0, 0), "sent again");
    assert_eq!(place(&**store, &id("bus")).await, (Some(position("bus", 20)), Some(at(HOUR))));
    assert_eq!(arrive(HOUR + 10, HOUR + 10).await, (1, 1, 0), "time has caught up");
    assert_eq!(place_ms().await, HOUR + 10);
    assert_eq!(*observer.0.lock().unwrap(), [(at(10), at(10)), (at(20), at(20)), (at(20), at(30))]);
    assert_eq!(history(&**store, &home, "bus").await.len(), 6);
}

pub(crate) async fn while_the_newest_lies_ahead_present_positions_are_judged_too(database: &TestDatabase) {
    const HOUR: i64 = 3_600_000;
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let other = database.another_node().await;
    let nodes = [store.clone(), other.clone()].map(|store| Committer::start(store, None));
    let arrive = async |node: usize, position: Position, received_ms: i64| {
        let batch = PositionBatch { received_at: at(received_ms), ..batch(&home, vec![position]) };
        nodes[node].record(batch).await.unwrap();
        place(&*other, &id("bus")).await.0.unwrap().at.ms_since(at(0))
    };
    assert_eq!(arrive(0, position("bus", HOUR), HOUR).await, HOUR);
    assert_eq!(arrive(1, null_island("bus", 0), 0).await, HOUR, "a receiver without a position");
    for (number, ms) in [0, 30_000].into_iter().enumerate() {
        assert_eq!(arrive(number, position("bus", ms + 1), ms).await, ms + 1);
    }
    // Sent again and again, a wrong one is one wrong position. In between another node writes.
    for (number, ms) in [60_000, 60_000, 60_000, 60_000].into_iter().enumerate() {
        assert_eq!(arrive(number % 2, in_sydney("bus", ms), 60_000).await, 30_001);
    }
    assert_eq!(arrive(1, in_sydney("bus", 90_000), 90_000).await, 30_001);
    assert_eq!(arrive(0, in_sydney("bus", 120_000), 120_000).await, 120_000, "the third says that it is there");
    let all = [(0, true), (1, false), (30_001, false), (60_000, true), (90_000, true), (120_000, false)];
    assert_eq!(times(&**store, WrongPositions::Marked).await, all);
    // Once time has caught up, positions are judged by where it was meanwhile.
    assert_eq!(arrive(1, in_sydney("bus", HOUR + 30_000), HOUR + 30_000).await, HOUR + 30_000);
    other.close().await;
}

pub(crate) async fn what_was_stored_but_answered_as_failed_is_observed_when_it_is_sent_again(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    // Another process stored it, as a connection does that breaks during a commit: nobody here has observed it.
    Committer::start(store.clone(), None).record(batch(&home, vec![position("bus", 5)])).await.unwrap();
    let observer = Arc::new(Current::default());
    let committer = Committer::start(store.clone(), Some(observer.clone() as _));
    let again = vec![position("bus", 5), Position { latitude: latitude(1.0), ..position("bus", 5) }];
    let recorded = committer.record(batch(&home, again)).await.unwrap();
    assert_eq!((recorded.accepted, recorded.duplicates), (0, 2));
    assert!(recorded.current.iter().all(|one| one.position == position("bus", 5)), "as it was stored");
    assert_eq!(observer.0.lock().unwrap().first(), Some(&(at(5), at(3_600_000))));
}
