//! From positions to trips, visits, incidents and alerts, also with late positions, restarts and changes.

use crate::fleet::history_support::{
    Past, Ride, alerts, facts, fix, home, id, morning_ms, past, published_crossings, published_trips, report, sums,
    time, trips, turn_until,
};
use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, config_in, fresh_postgres};
use milepost::LogStats;
use milepost::serve;
use milepost_clock::Clock;
use milepost_domain::{
    AlertKind, CrossingTriggers, DwellTime, Fact, FenceEvent, GeofenceDescription, GeofenceShape, GeometryText,
    JsonObject, Label, RadiusM, Revision, TripStatus,
};
use milepost_store::{Checkpoint, HistoryWrite, IncidentKind, Once, SavedFold, Store};
use serde_json::Value;
use std::sync::Arc;

on_both! {
    a_ride_becomes_two_trips_that_are_published_as_they_begin_and_end,
    the_order_of_arrival_changes_nothing,
    a_day_that_is_sent_twice_changes_nothing,
    late_positions_correct_a_published_trip_which_keeps_its_id,
    fences_are_entered_left_and_dwelt_in_and_disproved_visits_are_withdrawn,
    a_crossing_that_late_positions_disprove_is_withdrawn_with_its_alert,
    a_streak_that_late_positions_split_join_and_disprove_has_the_right_alerts,
    silence_ends_a_trip_and_raises_one_alert_until_it_is_heard_again,
    a_service_due_by_date_is_published_once_even_for_a_silent_vehicle,
    saved_states_of_another_version_are_rebuilt_from_positions,
    a_long_file_is_folded_page_by_page,
}

fn store_of(server: &TestServer) -> Arc<dyn Store> {
    Arc::clone(&server.running.assembly.store)
}

async fn ride(server: &TestServer, vehicle: &str, positions: &[Value]) {
    report(&server.http, &server.url, &server.admin, vehicle, positions).await;
}

/// The history of a vehicle that reported the ride in order.
async fn plain_past(server: &TestServer, positions: &[Value]) -> Past {
    server.add_bus("plain").await;
    ride(server, "plain", positions).await;
    let store = store_of(server);
    turn_until(&server.clock, &2, async || {
        trips(&*store, "plain").await.iter().filter(|trip| trip.status.has_ended()).count()
    })
    .await;
    past(&*store, "plain").await
}

async fn a_ride_becomes_two_trips_that_are_published_as_they_begin_and_end(database: Database) {
    let server = database.start().await;
    let known = plain_past(&server, &Ride::two_trips(morning_ms())).await;
    let km: Vec<f64> = known.trips.iter().map(|trip| trip.distance_km()).collect();
    assert!((km[0] - 8.0).abs() < 0.1 && (km[1] - 4.0).abs() < 0.1, "{km:?}");
    assert!(known.trips.iter().all(|trip| trip.status == TripStatus::Completed && trip.figures.idle_ms < 120_000));
    let store = store_of(&server);
    let [first, second] = [known.trips[0].started_at, known.trips[1].started_at];
    let expected = [
        (first, TripStatus::Started, Revision::New),
        (first, TripStatus::Completed, Revision::New),
        (second, TripStatus::Started, Revision::New),
        (second, TripStatus::Completed, Revision::New),
    ];
    assert_eq!(published_trips(&*store).await, expected);
    let speeding: Vec<_> = known.incidents.iter().filter(|one| one.kind == IncidentKind::Speeding).collect();
    assert!(matches!(speeding[..], [one] if one.ended_at.is_some() && one.value > Some(110.0)), "{speeding:?}");
    assert_eq!(alerts(&*store).await, [AlertKind::SpeedViolation]);
    let distance_mm: i64 = known.trips.iter().map(|trip| trip.figures.distance_mm).sum();
    let (moving_ms, idle_ms) =
        known.trips.iter().fold((0, 0), |(a, b), trip| (a + trip.figures.moving_ms, b + trip.figures.idle_ms));
    assert_eq!(sums(&*store).await, [distance_mm, moving_ms, idle_ms, 0]);
}

async fn the_order_of_arrival_changes_nothing(database: Database) {
    let server = database.start().await;
    let positions = Ride::two_trips(morning_ms());
    let expected = plain_past(&server, &positions).await;
    let store = store_of(&server);
    let plain_sums = sums(&*store).await;

    let mut shuffled = positions.clone();
    fastrand::Rng::with_seed(3).shuffle(&mut shuffled);
    let chunks: Vec<&[Value]> = shuffled.chunks(60).collect();
    server.add_bus("shuffled").await;
    for (index, chunk) in chunks.iter().enumerate() {
        ride(&server, "shuffled", chunk).await;
        if index == chunks.len() / 2 {
            // The trips are published before the late positions come, so that something has to be corrected.
            turn_until(&server.clock, &true, async || !trips(&*store, "shuffled").await.is_empty()).await;
        }
    }
    turn_until(&server.clock, &expected, async || past(&*store, "shuffled").await).await;

    server.add_bus("backwards").await;
    for chunk in positions.chunks(100).rev() {
        ride(&server, "backwards", chunk).await;
    }
    turn_until(&server.clock, &expected, async || past(&*store, "backwards").await).await;
    assert_eq!(sums(&*store).await, plain_sums.map(|sum| 3 * sum));
    // After a restart nothing is published again.
    let server = server.restart(&[]).await;
    let store = store_of(&server);
    for vehicle in ["plain", "shuffled", "backwards"] {
        assert_eq!(past(&*store, vehicle).await, expected, "{vehicle}");
    }
    assert_eq!(sums(&*store).await, plain_sums.map(|sum| 3 * sum));
}

async fn a_day_that_is_sent_twice_changes_nothing(database: Database) {
    let server = database.start().await;
    let positions = Ride::two_trips(morning_ms());
    let expected = plain_past(&server, &positions).await;
    let before = facts(&*store_of(&server)).await;
    for chunk in positions.chunks(70) {
        ride(&server, "plain", chunk).await;
    }
    // The server folds all its positions before it stops.
    let server = server.restart(&[]).await;
    let store = store_of(&server);
    assert_eq!(past(&*store, "plain").await, expected);
    assert_eq!(facts(&*store).await, before);
}

async fn late_positions_correct_a_published_trip_which_keeps_its_id(database: Database) {
    let server = database.start().await;
    let positions = Ride::two_trips(morning_ms());
    let expected = plain_past(&server, &positions).await;
    let store = store_of(&server);
    server.add_bus("gap").await;
    // The end of the first trip and the stop after it are missing: a silence during which the vehicle drove on.
    let (before, rest) = positions.split_at(50);
    let (missing, after) = rest.split_at(60);
    ride(&server, "gap", before).await;
    ride(&server, "gap", after).await;
    turn_until(&server.clock, &true, async || trips(&*store, "gap").await.iter().any(|trip| trip.status.has_ended()))
        .await;
    let before = trips(&*store, "gap").await;
    assert_ne!(past(&*store, "gap").await, expected);
    ride(&server, "gap", missing).await;
    turn_until(&server.clock, &expected, async || past(&*store, "gap").await).await;
    assert_eq!(trips(&*store, "gap").await[0].id, before[0].id);
    assert!(published_trips(&*store).await.iter().any(|(_, _, revision)| *revision == Revision::Corrected));
}

fn yard(metres_east: f64, radius_m: f64) -> GeofenceDescription {
    let centre = format!(r#"{{"type":"Point","coordinates":[{},0]}}"#, 0.5 + metres_east / 111_194.9);
    GeofenceDescription {
        name: Label::new("yard").unwrap(),
        geometry: GeometryText::of_parsed(centre).unwrap(),
        shape: GeofenceShape::Circle(RadiusM::new(radius_m).unwrap()),
        on: CrossingTriggers::default(),
        dwell: None,
        speed_limit: None,
        vehicles: None,
        schedule: None,
    }
}

async fn fences_are_entered_left_and_dwelt_in_and_disproved_visits_are_withdrawn(database: Database) {
    let server = database.start().await;
    let store = store_of(&server);
    let now = milepost_clock::Clock::system().now();
    let dwell = Some(DwellTime::from_seconds(300).unwrap());
    let goal = GeofenceDescription { dwell, ..yard(8_000.0, 300.0) };
    store.add_geofence(&home(), &goal, now, &Once::unclaimed()).await.unwrap().unwrap();
    // The vehicle passes this geofence between two fixes.
    store.add_geofence(&home(), &yard(3_000.0, 60.0), now, &Once::unclaimed()).await.unwrap().unwrap();
    // This geofence applies to another vehicle only.
    let vehicles = Some(milepost_domain::VehicleList::new(vec![id("other")]).unwrap());
    store
        .add_geofence(&home(), &GeofenceDescription { vehicles, ..yard(1_000.0, 200.0) }, now, &Once::unclaimed())
        .await
        .unwrap()
        .unwrap();
    let known = plain_past(&server, &Ride::two_trips(morning_ms())).await;
    assert_eq!(known.visits.len(), 2, "{:?}", known.visits);
    assert!(known.visits.iter().all(|visit| visit.left_at.is_some()) && known.visits[1].dwelt);
    let new = |event| (event, Revision::New);
    let expected = [FenceEvent::Enter, FenceEvent::Exit, FenceEvent::Enter, FenceEvent::Dwell, FenceEvent::Exit];
    assert_eq!(published_crossings(&*store).await, expected.map(new));
    let crossings = alerts(&*store).await.iter().filter(|kind| **kind == AlertKind::GeofenceViolation).count();
    assert_eq!(crossings, 5);
}

async fn a_crossing_that_late_positions_disprove_is_withdrawn_with_its_alert(database: Database) {
    let server = database.start().await;
    let store = store_of(&server);
    let now = milepost_clock::Clock::system().now();
    store.add_geofence(&home(), &yard(2_000.0, 60.0), now, &Once::unclaimed()).await.unwrap().unwrap();
    server.add_bus("b1").await;
    let start_ms = now.unix_ms() - 600_000;
    // One fix a minute at 60 km/h, on a straight line through the fence.
    let straight: Vec<Value> = (0..6)
        .map(|minute| fix(f64::from(minute) * 1_000.0 + 500.0, 0.0, 60.0, start_ms + i64::from(minute) * 60_000))
        .collect();
    ride(&server, "b1", &straight).await;
    let new = [(FenceEvent::Enter, Revision::New), (FenceEvent::Exit, Revision::New)];
    turn_until(&server.clock, &new.to_vec(), async || published_crossings(&*store).await).await;
    assert_eq!(alerts(&*store).await, [AlertKind::GeofenceViolation; 2]);
    assert_eq!(past(&*store, "b1").await.visits.len(), 1);
    let round: Vec<Value> = [(1_700.0, 75_000), (2_000.0, 90_000), (2_300.0, 105_000)]
        .map(|(east_m, ms)| fix(east_m, 300.0, 60.0, start_ms + ms))
        .to_vec();
    ride(&server, "b1", &round).await;
    let withdrawn = [(FenceEvent::Enter, Revision::Withdrawn), (FenceEvent::Exit, Revision::Withdrawn)];
    turn_until(&server.clock, &[new, withdrawn].concat(), async || published_crossings(&*store).await).await;
    assert_eq!(alerts(&*store).await, []);
    assert_eq!(past(&*store, "b1").await.visits, []);
}

async fn a_streak_that_late_positions_split_join_and_disprove_has_the_right_alerts(database: Database) {
    let server = database.start().await;
    let store = store_of(&server);
    server.add_bus("b1").await;
    let start_ms = milepost_clock::Clock::system().now().unix_ms() - 600_000;
    // Drives at 100 km/h by the distance between fixes; only the reported speed varies.
    let at = |second: i64, kmh: f64| fix(second as f64 * 100.0 / 3.6, 0.0, kmh, start_ms + second * 1000);
    let fast = |seconds: &[i64]| seconds.iter().map(|second| at(*second, 100.0)).collect::<Vec<_>>();
    let slow = |seconds: &[i64]| seconds.iter().map(|second| at(*second, 76.0)).collect::<Vec<_>>();
    let check = async |positions: Vec<Value>, streaks: &[i64], raised: usize, deleted: usize| {
        ride(&server, "b1", &positions).await;
        let expected = (streaks.to_vec(), streaks.len(), raised, deleted);
        turn_until(&server.clock, &expected, async || {
            let past = past(&*store, "b1").await;
            let begun = past.incidents.iter().filter(|one| one.kind == IncidentKind::Speeding);
            let facts = facts(&*store).await;
            (
                begun.map(|one| (one.started_at.unix_ms() - start_ms) / 1000).collect(),
                alerts(&*store).await.len(),
                facts.iter().filter(|fact| matches!(fact, Fact::AlertRaised(_))).count(),
                facts.iter().filter(|fact| matches!(fact, Fact::AlertDeleted { .. })).count(),
            )
        })
        .await;
    };
    check(fast(&[0, 20, 50, 60, 70, 80, 90]), &[0], 1, 0).await;
    // Most of the streak now belongs to one that begins at 50. That one takes over the alert, and the other gets its own.
    check(slow(&[35]), &[0, 50], 2, 0).await;
    check(slow(&[14]), &[50], 2, 1).await;
    // The late position joins them again.
    check(fast(&[9]), &[0, 50], 3, 1).await;
    check(slow(&[55, 65, 75, 85]), &[0], 3, 2).await;
}

async fn silence_ends_a_trip_and_raises_one_alert_until_it_is_heard_again(database: Database) {
    let server = database.start().await;
    let store = store_of(&server);
    let now = milepost_clock::Clock::system().now();
    let rules = r#"{"offline_after_s":2,"gap_after_s":2,"gap_max_s":3}"#;
    store.set_rules(&home(), &JsonObject::of_parsed(rules.to_owned(), "rules").unwrap(), 0, now).await.unwrap();
    server.add_bus("plain").await;
    // One fix a second, the last one just now.
    let driven: Vec<Value> = (0..60)
        .map(|second| fix(f64::from(second) * 60.0 / 3.6, 0.0, 60.0, now.unix_ms() - 1000 * (59 - i64::from(second))))
        .collect();
    ride(&server, "plain", &driven).await;
    turn_until(&server.clock, &true, async || trips(&*store, "plain").await.iter().any(|trip| trip.status.has_ended()))
        .await;
    turn_until(&server.clock, &vec![AlertKind::VehicleOffline], async || {
        alerts(&*store).await.into_iter().filter(|kind| *kind == AlertKind::VehicleOffline).collect()
    })
    .await;
    let offline = |past: &Past| past.incidents.iter().find(|one| one.kind == IncidentKind::Offline).copied();
    assert_eq!(offline(&past(&*store, "plain").await).map(|one| one.ended_at), Some(None));
    let heard = server.clock.clock().now();
    let mut again = driven[driven.len() - 1].clone();
    again["timestamp"] = serde_json::json!(heard.unix_ms());
    ride(&server, "plain", &[again]).await;
    turn_until(&server.clock, &Some(Some(time(heard.unix_ms()))), async || {
        offline(&past(&*store, "plain").await).map(|one| one.ended_at)
    })
    .await;
}

async fn a_service_due_by_date_is_published_once_even_for_a_silent_vehicle(database: Database) {
    let server = database.start().await;
    let store = store_of(&server);
    server.add_bus("b1").await;
    ride(&server, "b1", &Ride::new(morning_ms()).stand(60).positions).await;
    let maintenance = async || alerts(&*store).await.into_iter().filter(|kind| *kind == AlertKind::Maintenance).count();
    for round in 1..=2 {
        let mut vehicle = store.get_vehicle(&home(), &id("b1")).await.unwrap().unwrap().vehicle;
        let now = milepost_clock::Clock::system().now();
        vehicle.service_due_at = Some(now.plus_ms(-60_000 * round));
        vehicle.version += 1;
        assert!(store.update_vehicle(&home(), &vehicle, now).await.unwrap().is_some());
        turn_until(&server.clock, &(round as usize), maintenance).await;
        // The same date again changes nothing. Only the next date is published.
        vehicle.version += 1;
        assert!(store.update_vehicle(&home(), &vehicle, now).await.unwrap().is_some());
    }
    let due = facts(&*store).await.into_iter().filter(|fact| matches!(fact, Fact::ServiceDue(_))).count();
    assert_eq!(due, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_get_a_vehicles_positions_in_turns_publish_its_history_once() {
    let Some(database) = fresh_postgres().await else { return };
    let settings = [("DATABASE_URL", database.as_str())];
    let server = TestServer::start_with(&settings).await;
    let folder = tempfile::tempdir().unwrap();
    let other =
        serve::start(&config_in(folder.path(), &settings), Clock::system(), LogStats::default(), |_| {}).await.unwrap();
    let urls = [server.url.clone(), format!("http://{}", other.address)];
    let positions = Ride::two_trips(morning_ms());
    let expected = plain_past(&server, &positions).await;
    let store = store_of(&server);
    let published = published_trips(&*store).await;
    server.add_bus("turns").await;
    for (turn, chunk) in positions.chunks(7).enumerate() {
        report(&server.http, &urls[turn % 2], &server.admin, "turns", chunk).await;
    }
    turn_until(&server.clock, &expected, async || past(&*store, "turns").await).await;
    let published_of_both = published_trips(&*store).await;
    assert_eq!(published_of_both[published.len()..], published, "each trip is published once, by either server");
    other.drain().await;
}

async fn saved_states_of_another_version_are_rebuilt_from_positions(database: Database) {
    let server = database.start().await;
    let positions = Ride::two_trips(morning_ms());
    let expected = plain_past(&server, &positions).await;
    let before = published_trips(&*store_of(&server)).await.len();
    server.add_bus("upgraded").await;
    // The upgrade comes in the middle of the first trip.
    ride(&server, "upgraded", &positions[..60]).await;
    turn_until(&server.clock, &true, async || !trips(&*store_of(&server), "upgraded").await.is_empty()).await;
    let server = server.restart(&[]).await;
    let store = store_of(&server);
    let number = store.get_vehicle(&home(), &id("upgraded")).await.unwrap().unwrap().no;
    let known = store.load_fold(number).await.unwrap().unwrap();
    let foreign = SavedFold { code_version: 1_000_000, state: b"?".to_vec(), ..known.fold.unwrap() };
    let saved = Checkpoint { at: foreign.folded_at.plus_ms(-60_000), code_version: 1_000_000, state: b"?".to_vec() };
    let write = HistoryWrite {
        vehicle: number,
        tenant_no: known.tenant_no,
        tenant: home(),
        known_version: known.version,
        checkpoints: Some((time(0), vec![saved])),
        fold: foreign,
        activity: Vec::new(),
        late_folded: Vec::new(),
        changes: Vec::new(),
    };
    assert_eq!(store.write_history(&[write], time(0)).await.unwrap().stale, []);
    let server = server.restart(&[]).await;
    let store = store_of(&server);
    // Folding late positions needs an earlier saved state, which the new version can't read either.
    ride(&server, "upgraded", &positions[70..]).await;
    ride(&server, "upgraded", &positions[60..70]).await;
    turn_until(&server.clock, &expected, async || past(&*store, "upgraded").await).await;
    let published = published_trips(&*store).await;
    let begun = published[before..]
        .iter()
        .filter(|(_, status, revision)| *status == TripStatus::Started && *revision == Revision::New);
    assert_eq!(begun.count(), 2, "{published:?}");
}

async fn a_long_file_is_folded_page_by_page(database: Database) {
    let server = database.start().await;
    server.add_bus("plain").await;
    let store = store_of(&server);
    let mut long = Ride::new(morning_ms() - 10 * 86_400_000);
    for _ in 0..60 {
        long = long.stand(600).go(4_000.0, 50.0).stand(900).go(-4_000.0, 60.0);
    }
    let positions = long.stand(900).positions;
    assert!(positions.len() > 10_000);
    for chunk in positions.chunks(9_000) {
        ride(&server, "plain", chunk).await;
    }
    let ended = async || trips(&*store, "plain").await.iter().filter(|trip| trip.status.has_ended()).count();
    turn_until(&server.clock, &120, ended).await;
    // A server with nothing in memory folds the same positions once more, and stores nothing again.
    let before = facts(&*store).await.len();
    let server = server.restart(&[]).await;
    let store = store_of(&server);
    ride(&server, "plain", &positions[..9_000]).await;
    let server = server.restart(&[]).await;
    drop(store);
    assert_eq!(facts(&*store_of(&server)).await.len(), before);
}
