//! Writes and reads history that was folded from positions.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, batch, id, latitude, longitude, position};
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertSubject, AlertTitle, Fact, FleetViewer, GeofenceId, NotificationText, Revision,
    Severity, SpeedKmh, TenantId, Timestamp, Trip, TripFigures, TripId, TripOrigin, TripPlace, TripStatus,
};
use milepost_store::{
    ActivityChange, BehindFilter, Checkpoint, CommittedPositions, Committer, FenceVisit, FoldedVehicle, HistoryChange,
    HistoryWrite, Incident, IncidentKind, Retention, SavedFold, StatsWindow, Store, TripFilter, VehicleNo,
};

async fn number(store: &dyn Store, tenant: &TenantId, name: &str) -> VehicleNo {
    store.get_vehicle(tenant, &id(name)).await.unwrap().unwrap().no
}

pub(crate) async fn fold_of(store: &dyn Store, tenant: &TenantId, name: &str) -> FoldedVehicle {
    store.load_fold(number(store, tenant, name).await).await.unwrap().unwrap()
}

fn place() -> TripPlace {
    TripPlace { latitude: latitude(30.25), longitude: longitude(-97.75) }
}

/// A trip of a vehicle from one time to another. Without an end it is running.
fn trip(tenant: &TenantId, vehicle: &str, name: &str, from_ms: i64, until_ms: Option<i64>) -> Trip {
    Trip {
        id: TripId::new(name).unwrap(),
        tenant: tenant.clone(),
        vehicle_id: id(vehicle),
        driver_id: None,
        origin: TripOrigin::Auto,
        status: if until_ms.is_some() { TripStatus::Completed } else { TripStatus::Started },
        started_at: at(from_ms),
        ended_at: until_ms.map(at),
        followed_to: at(until_ms.unwrap_or(from_ms)),
        start: Some(place()),
        end: Some(place()),
        figures: TripFigures { distance_mm: 1_000, ..TripFigures::default() },
        version: 1,
    }
}

fn found(trip: Trip) -> HistoryChange {
    HistoryChange::Trip { key: trip.started_at, key_is_stored: false, trip: Box::new(trip), revision: Revision::New }
}

fn corrected(key_ms: i64, trip: Trip) -> HistoryChange {
    HistoryChange::Trip { key: at(key_ms), key_is_stored: true, trip: Box::new(trip), revision: Revision::Corrected }
}

/// A vehicle's next write, folded up to a time.
pub(crate) fn write(known: &FoldedVehicle, folded_ms: i64, changes: Vec<HistoryChange>) -> HistoryWrite {
    HistoryWrite {
        vehicle: known.vehicle,
        tenant_no: known.tenant_no,
        tenant: known.tenant.clone(),
        known_version: known.version,
        fold: SavedFold {
            folded_at: at(folded_ms),
            code_version: 7,
            state: vec![1, 0, 255],
            silence: b"{}".to_vec(),
            silent_after_ms: Some(60_000),
        },
        checkpoints: None,
        activity: Vec::new(),
        late_folded: Vec::new(),
        changes,
    }
}

async fn trips(store: &dyn Store, tenant: &TenantId, vehicle: &str) -> Vec<(String, i64, i64)> {
    let filter = TripFilter {
        scope: milepost_domain::VehicleScope::All,
        vehicle: Some(id(vehicle)),
        from: Timestamp::from_unix_ms(0).unwrap(),
        begun_before: false,
        to: at(i64::from(i32::MAX)),
        status: None,
    };
    let mut trips = store.list_trips(tenant, &filter, None, 100).await.unwrap();
    trips.reverse();
    trips.iter().map(|trip| (trip.id.to_string(), trip.started_at.ms_since(at(0)), trip.version)).collect()
}

async fn trip_revisions(store: &dyn Store, tenant: &TenantId) -> Vec<(String, Revision)> {
    let events = store.events_after(tenant, 0, 1_000).await.unwrap();
    let published = events.into_iter().filter_map(|event| match event.fact {
        Fact::TripChanged(update) => Some((update.trip.id.to_string(), update.revision)),
        _ => None,
    });
    published.collect()
}

fn late(recorded: &CommittedPositions) -> Vec<(VehicleNo, Timestamp)> {
    recorded.late.iter().map(|(vehicle, position)| (*vehicle, position.at)).collect()
}

pub(crate) async fn late_positions_are_noted_until_they_are_folded(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    let first = committer.record(batch(&home, vec![position("bus", 10), position("bus", 50)])).await.unwrap();
    let after: Vec<_> = first.steps.iter().map(|step| step.after).collect();
    assert_eq!((after, late(&first)), (vec![None, Some(at(10))], vec![]));
    // The position that was stored before is a duplicate.
    let second = committer.record(batch(&home, vec![position("bus", 30), position("bus", 10)])).await.unwrap();
    let bus = number(&**store, &home, "bus").await;
    assert_eq!((second.accepted, late(&second)), (1, vec![(bus, at(30))]));

    let known = fold_of(&**store, &home, "bus").await;
    assert_eq!((known.newest, known.late_from, known.version), (Some(at(50)), Some(at(30)), 0));
    let unfolded = store.positions_to_fold(bus, &id("bus"), Some(at(10)), 10).await.unwrap();
    let unfolded: Vec<_> = unfolded.iter().map(|one| (one.position.clone(), one.is_late)).collect();
    assert_eq!(unfolded, [(position("bus", 30), true), (position("bus", 50), false)]);
    assert_eq!(store.positions_to_fold(bus, &id("bus"), None, 1).await.unwrap().len(), 1);

    let folded = HistoryWrite { late_folded: vec![at(30)], ..write(&known, 50, Vec::new()) };
    assert_eq!(store.write_history(&[folded], at(100)).await.unwrap().stale, []);
    let known = fold_of(&**store, &home, "bus").await;
    assert_eq!((known.late_from, known.version), (None, 1));
    assert_eq!(known.fold, Some(write(&known, 50, Vec::new()).fold));
}

pub(crate) async fn what_another_node_folded_is_left_out_and_the_rest_is_written(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    add_vehicles(&**store, &home, &["bus", "car", "gone"]).await;
    add_vehicles(&**store, &acme, &["bus"]).await;
    let bus = fold_of(&**store, &home, "bus").await;
    let gone = fold_of(&**store, &home, "gone").await;
    store.write_history(&[write(&bus, 1, Vec::new())], at(0)).await.unwrap();
    store.remove_vehicle(&home, &id("gone"), None, at(0)).await.unwrap();

    let car = fold_of(&**store, &home, "car").await;
    let foreign = fold_of(&**store, &acme, "bus").await;
    let writes = [
        write(&foreign, 2, vec![found(trip(&acme, "bus", "theirs", 1, None))]),
        // From a node that did not see the first write.
        write(&bus, 2, vec![found(trip(&home, "bus", "unseen", 1, None))]),
        write(&car, 2, vec![found(trip(&home, "car", "ours", 1, None))]),
        write(&gone, 2, vec![found(trip(&home, "gone", "nobodys", 1, None))]),
    ];
    assert_eq!(store.write_history(&writes, at(0)).await.unwrap().stale, [bus.vehicle, gone.vehicle]);
    assert_eq!(trips(&**store, &home, "bus").await, []);
    assert_eq!(trips(&**store, &home, "car").await, [("ours".to_owned(), 1, 1)]);
    assert_eq!(trip_revisions(&**store, &acme).await, [("theirs".to_owned(), Revision::New)]);
    assert_eq!(fold_of(&**store, &home, "bus").await.version, 1);
    assert!(store.load_fold(gone.vehicle).await.unwrap().is_none());
}

pub(crate) async fn of_two_nodes_that_fold_the_same_one_publishes_it(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let other = database.another_node().await;
    let mut stale = 0;
    for round in 0..20_i64 {
        let (bus, car) = (fold_of(&**store, &home, "bus").await, fold_of(&**store, &home, "car").await);
        let writes = |node: &str| {
            let name = |vehicle: &str| format!("{node}-{vehicle}-{round}");
            let (from_ms, until_ms) = (round * 10, Some(round * 10 + 5));
            [
                write(&car, round, vec![found(trip(&home, "car", &name("car"), from_ms, until_ms))]),
                write(&bus, round, vec![found(trip(&home, "bus", &name("bus"), from_ms, until_ms))]),
            ]
        };
        let (here, there) = (writes("here"), writes("there"));
        let (first, second) = tokio::join!(store.write_history(&here, at(0)), other.write_history(&there, at(0)));
        stale += first.unwrap().stale.len() + second.unwrap().stale.len();
    }
    assert_eq!(stale, 40);
    assert_eq!(trip_revisions(&**store, &home).await.len(), 40);
    assert_eq!(trips(&**store, &home, "bus").await.len(), 20);
    other.close().await;
}

pub(crate) async fn trips_are_published_as_they_change_and_keep_their_ids(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let next = async |changes: Vec<HistoryChange>| {
        let known = fold_of(&**store, &home, "bus").await;
        let outcome = store.write_history(&[write(&known, 1, changes)], at(0)).await.unwrap();
        assert_eq!(outcome.stale, []);
        outcome.progressed
    };
    let of = |name: &str, from_ms, until_ms| trip(&home, "bus", name, from_ms, until_ms);
    // A trip that ends and the next one that begins, in one write.
    next(vec![found(of("a", 10, None)), found(of("x", 10, Some(19))), found(of("b", 20, None))]).await;
    assert_eq!(trips(&**store, &home, "bus").await, [("a".to_owned(), 10, 2), ("b".to_owned(), 20, 1)]);
    // The same again changes nothing. Then the trip goes on, of which no event is stored, and ends.
    assert_eq!(next(vec![found(of("x", 20, None))]).await, []);
    let progressed = next(vec![found(Trip { followed_to: at(25), ..of("x", 20, None) })]).await;
    let bus = number(&**store, &home, "bus").await;
    let going_on = Trip { followed_to: at(25), version: 2, ..of("b", 20, None) };
    assert_eq!(progressed, [(bus, going_on.clone())]);
    let nobody = VehicleNo::new(999);
    assert_eq!(store.trips_under_way(&home, &[nobody, bus]).await.unwrap(), [going_on]);
    assert_eq!(store.trips_under_way(&home, &[nobody]).await.unwrap(), []);
    next(vec![found(of("x", 20, Some(29)))]).await;
    assert_eq!(store.trips_under_way(&home, &[bus]).await.unwrap(), []);
    // The second trip gets the start of a third, and the first that of the second.
    next(vec![corrected(10, of("x", 20, Some(29))), corrected(20, of("x", 30, Some(39)))]).await;
    assert_eq!(trips(&**store, &home, "bus").await, [("a".to_owned(), 20, 3), ("b".to_owned(), 30, 4)]);
    next(vec![HistoryChange::NoTrip { key: at(20) }, HistoryChange::NoTrip { key: at(999) }]).await;
    assert_eq!(trips(&**store, &home, "bus").await, [("b".to_owned(), 30, 4)]);
    // The trip counted as ended, and was not.
    next(vec![found(of("x", 30, None))]).await;
    // A corrected trip that had ended is not progress.
    next(vec![found(of("x", 30, Some(39)))]).await;
    next(vec![corrected(30, of("x", 30, Some(36)))]).await;
    let expected = [
        ("a", Revision::New),
        ("a", Revision::New),
        ("b", Revision::New),
        ("b", Revision::New),
        ("a", Revision::Corrected),
        ("b", Revision::Corrected),
        ("a", Revision::Withdrawn),
        ("b", Revision::Corrected),
        ("b", Revision::New),
        ("b", Revision::Corrected),
    ];
    assert_eq!(trip_revisions(&**store, &home).await, expected.map(|(name, revision)| (name.to_owned(), revision)));
}

pub(crate) async fn visits_incidents_and_outliers_come_back_until_they_are_none(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "car"]).await;
    let visit = FenceVisit {
        geofence_id: GeofenceId::new(5).unwrap(),
        entered_at: at(10),
        entered: place(),
        left_at: None,
        left: None,
        dwelt: false,
        max_speed: SpeedKmh::new(33.3).unwrap(),
    };
    let left = FenceVisit { left_at: Some(at(20)), left: Some(place()), dwelt: true, ..visit };
    let incident = Incident {
        kind: IncidentKind::Speeding,
        started_at: at(11),
        ended_at: None,
        place: Some(place()),
        value: Some(101.5),
        limit: Some(80.0),
        is_reported: Some(false),
    };
    let offline =
        Incident { kind: IncidentKind::Offline, place: None, value: None, limit: None, is_reported: None, ..incident };
    let outlier = |ms, reason| HistoryChange::Outlier { at: at(ms), reason };
    let next = async |changes: Vec<HistoryChange>| {
        let known = fold_of(&**store, &home, "bus").await;
        assert_eq!(store.write_history(&[write(&known, 1, changes)], at(0)).await.unwrap().stale, []);
    };
    let look = async |name: &str| {
        let (from, to) = (at(0), at(1_000));
        let outliers = store.list_outliers(&home, &id(name), from, to, 10).await.unwrap();
        (
            store.list_visits(&home, &id(name), from, to, 10).await.unwrap(),
            store.list_incidents(&home, &id(name), from, to, 10).await.unwrap(),
            outliers.into_iter().map(|(at, _)| at).collect::<Vec<_>>(),
        )
    };
    next(vec![
        HistoryChange::Visit(visit),
        HistoryChange::Incident(incident),
        HistoryChange::Incident(offline),
        outlier(1, "jump"),
        outlier(2, "stray"),
        outlier(3, "jump"),
    ])
    .await;
    assert_eq!(look("bus").await, (vec![visit], vec![offline, incident], vec![at(1), at(2), at(3)]));
    let jumps = HistoryChange::NoOutliers { from: at(1), until: at(2), reason: Some("jump") };
    next(vec![HistoryChange::Visit(left), jumps]).await;
    assert_eq!(look("bus").await, (vec![left], vec![offline, incident], vec![at(2), at(3)]));
    next(vec![
        HistoryChange::NoVisit { geofence_id: left.geofence_id, entered_at: left.entered_at },
        HistoryChange::NoIncident { kind: IncidentKind::Offline, started_at: at(11) },
        HistoryChange::NoOutliers { from: at(2), until: at(2), reason: None },
    ])
    .await;
    assert_eq!(look("bus").await, (vec![], vec![incident], vec![at(3)]));
    assert_eq!(look("car").await, (vec![], vec![], vec![]));
}

pub(crate) async fn alerts_of_the_fold_are_raised_once_and_can_be_taken_back(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let subject = AlertSubject::new("speeding:bus:1").unwrap();
    let alert = |name: &str| {
        let alert = Alert {
            id: AlertId::new(name).unwrap(),
            tenant: home.clone(),
            kind: AlertKind::SpeedViolation,
            severity: Severity::High,
            user_id: None,
            vehicle_id: Some(id("bus")),
            driver_id: None,
            title: AlertTitle::new("Speed violation").unwrap(),
            message: NotificationText::new("Too fast.").unwrap(),
            data: None,
            subject: Some(subject.clone()),
            at: at(1),
            expires_at: at(1_000),
            read: None,
        };
        HistoryChange::Alert { alert: Box::new(alert), known_at: at(1) }
    };
    let next = async |changes: Vec<HistoryChange>| {
        let known = fold_of(&**store, &home, "bus").await;
        assert_eq!(store.write_history(&[write(&known, 1, changes)], at(10)).await.unwrap().stale, []);
    };
    let viewer = FleetViewer { company: true, user: None, driver: None };
    next(vec![alert("one"), alert("two")]).await;
    assert_eq!(store.list_alerts(&home, viewer, false, None, 10, at(10)).await.unwrap().len(), 1);
    let taken_back = || HistoryChange::NoAlert { subject: subject.clone() };
    next(vec![taken_back(), taken_back()]).await;
    assert_eq!(store.list_alerts(&home, viewer, false, None, 10, at(10)).await.unwrap(), []);
    let published: Vec<Fact> =
        store.events_after(&home, 0, 100).await.unwrap().into_iter().map(|event| event.fact).collect();
    let one = AlertId::new("one").unwrap();
    let published: Vec<bool> = published
        .iter()
        .filter_map(|fact| match fact {
            Fact::AlertRaised(alert) => Some(alert.id == one),
            Fact::AlertDeleted { alert_id, user_id: None } => Some(*alert_id == one),
            _ => None,
        })
        .collect();
    assert_eq!(published, [true, true]);
}

pub(crate) async fn vehicles_that_nobody_folded_and_silent_ones_are_found(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let names = ["a-new", "b-folded", "c-ahead", "d-late", "e-unheard"];
    add_vehicles(&**store, &home, &names).await;
    let committer = Committer::start(store.clone(), None);
    let heard = names[..4].iter().map(|name| position(name, 50)).collect();
    committer.record(batch(&home, heard)).await.unwrap();
    for (name, folded_ms) in [("b-folded", 50), ("c-ahead", 40), ("d-late", 50)] {
        let known = fold_of(&**store, &home, name).await;
        store.write_history(&[write(&known, folded_ms, Vec::new())], at(0)).await.unwrap();
    }
    // The sample positions arrive at 3,600,000 ms.
    committer.record(batch(&home, vec![position("d-late", 20)])).await.unwrap();
    let mut numbers = Vec::new();
    for name in names {
        numbers.push(number(&**store, &home, name).await);
    }
    let behind = async |newest_ms: i64, late_ms: i64, after, limit| {
        let filter = BehindFilter { newest_before: at(newest_ms), late_noted_before: at(late_ms) };
        store.vehicles_behind(filter, after, limit).await.unwrap()
    };
    assert_eq!(behind(51, 3_600_001, None, 10).await, [numbers[0], numbers[2], numbers[3]]);
    assert_eq!(behind(51, 3_600_001, Some(numbers[0]), 1).await, [numbers[2]]);
    assert_eq!(behind(50, 3_600_001, None, 10).await, [numbers[3]]);
    assert_eq!(behind(51, 3_600_000, None, 10).await, [numbers[0], numbers[2]]);
    // Silence counts from the newest position, folded or not. A vehicle that was never folded counts as behind first.
    assert_eq!(store.vehicles_silent(at(60_049), None, 10).await.unwrap(), []);
    assert_eq!(store.vehicles_silent(at(60_050), None, 10).await.unwrap(), numbers[1..4]);
    assert_eq!(store.vehicles_silent(at(60_050), Some(numbers[1]), 1).await.unwrap(), [numbers[2]]);
}

pub(crate) async fn sums_and_checkpoints_are_written_with_their_fold(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let known = fold_of(&**store, &home, "bus").await;
    let activity = ActivityChange { bucket: at(0), distance_mm: 5, moving_ms: 4, idle_ms: 3, fuel_ml: 2 };
    let saved = |ms| Checkpoint { at: at(ms), code_version: 7, state: vec![9] };
    let first = HistoryWrite {
        activity: vec![activity, activity],
        checkpoints: Some((at(10), vec![saved(10), saved(20)])),
        ..write(&known, 20, Vec::new())
    };
    store.write_history(std::slice::from_ref(&first), at(0)).await.unwrap();
    // The write is stale, and nothing of it is added twice.
    assert_eq!(store.write_history(&[first], at(0)).await.unwrap().stale, [known.vehicle]);
    let window = StatsWindow { from: at(0), to: at(1), active_since: at(0) };
    assert_eq!(store.fleet_stats(&home, window).await.unwrap().distance_mm, 10);
    let known = fold_of(&**store, &home, "bus").await;
    let again = HistoryWrite { checkpoints: Some((at(15), vec![saved(30)])), ..write(&known, 30, Vec::new()) };
    store.write_history(&[again], at(0)).await.unwrap();
    assert_eq!(store.newest_checkpoint(known.vehicle, None).await.unwrap(), Some(saved(30)));
    assert_eq!(store.newest_checkpoint(known.vehicle, Some(at(30))).await.unwrap(), Some(saved(10)));
}

pub(crate) async fn old_history_and_that_of_removed_vehicles_is_forgotten(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus", "gone"]).await;
    let incident = |ms| {
        HistoryChange::Incident(Incident {
            kind: IncidentKind::Refuelling,
            started_at: at(ms),
            ended_at: None,
            place: None,
            value: None,
            limit: None,
            is_reported: None,
        })
    };
    for (name, noted_ms, ms) in [("bus", 0, 500), ("bus", 1_000, 5), ("gone", 1_000, 5)] {
        let known = fold_of(&**store, &home, name).await;
        store.write_history(&[write(&known, 1, vec![incident(ms)])], at(noted_ms)).await.unwrap();
    }
    let committer = Committer::start(store.clone(), None);
    committer.record(batch(&home, vec![position("gone", 9)])).await.unwrap();
    committer.record(batch(&home, vec![position("gone", 8)])).await.unwrap();
    store.remove_vehicle(&home, &id("gone"), None, at(0)).await.unwrap();
    // A removed vehicle is never behind.
    let everything = BehindFilter { newest_before: at(1_000_000_000_000), late_noted_before: at(1_000_000_000_000) };
    assert_eq!(store.vehicles_behind(everything, None, 10).await.unwrap(), []);
    let retention = Retention { positions_ms: 500, ..Retention::default() };
    let pruned = store.prune(at(1_400), &retention).await.unwrap();
    // Pruned by the time when it was stored, not by its own time; the removed vehicle's is pruned too.
    assert_eq!(pruned.incidents, 2);
    let left = store.list_incidents(&home, &id("bus"), at(0), at(1_000), 10).await.unwrap();
    assert_eq!(left.iter().map(|one| one.started_at).collect::<Vec<_>>(), [at(5)]);
}
