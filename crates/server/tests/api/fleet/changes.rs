//! Rules and geofences that change while vehicles drive, an unavailable database, and vehicles that left the memory.

use crate::fleet::history_support::{
    Ride, alerts, facts, fix, home, id, morning_ms, past, published_crossings, report, trips, turn_until,
};
use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, json_of};
use milepost_domain::{AlertKind, Fact, FenceEvent, Revision, TenantId};
use milepost_store::{IncidentKind, Store};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

on_both! {
    a_geofence_changed_during_a_ride_applies_from_the_next_position_on,
    history_published_by_older_rules_stays_when_positions_come_late,
    a_limit_changed_during_a_ride_applies_from_the_next_position_on,
    a_vehicle_that_fell_silent_before_a_restart_is_reported_offline_once,
}

/// A bus that drives east and reports every ten seconds, in one request each.
struct Drive {
    server: TestServer,
    store: Arc<dyn Store>,
    start_ms: i64,
    east_m: f64,
    reports: i64,
}

impl Drive {
    async fn start(server: TestServer) -> Self {
        server.add_bus("b1").await;
        let store = Arc::clone(&server.running.assembly.store);
        let start_ms = milepost_clock::Clock::system().now().unix_ms() - 600_000;
        let mut drive = Self { server, store, start_ms, east_m: 0.0, reports: 0 };
        for _ in 0..4 {
            drive.on(60.0).await;
        }
        turn_until(&drive.server.clock, &true, async || !trips(&*drive.store, "b1").await.is_empty()).await;
        drive
    }

    /// Drives on for ten seconds.
    async fn on(&mut self, kmh: f64) {
        self.east_m += kmh / 3.6 * 10.0;
        let mut position = fix(self.east_m, 0.0, kmh, self.start_ms + self.reports * 10_000);
        position["vehicle_id"] = json!("b1");
        self.reports += 1;
        json_of(self.server.post("/api/v1/positions", &self.server.admin, position).await, 201).await;
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.server.call(method.clone(), path, &self.server.admin, Some(body)).await;
        json_of(answer, if method == Method::POST { 201 } else { 200 }).await
    }

    /// A circle of 150 m, this far ahead of the bus.
    fn ahead(&self, metres: f64) -> Value {
        json!({"type": "Point", "coordinates": [0.5 + (self.east_m + metres) / 111_194.9, 0]})
    }

    async fn crossings_are(&self, expected: &[FenceEvent]) {
        let expected: Vec<_> = expected.iter().map(|event| (*event, Revision::New)).collect();
        turn_until(&self.server.clock, &expected, async || published_crossings(&*self.store).await).await;
    }
}

async fn a_geofence_changed_during_a_ride_applies_from_the_next_position_on(database: Database) {
    use FenceEvent::{Enter, Exit};
    let mut drive = Drive::start(database.start().await).await;
    let fence = json!({"name": "yard", "geometry": drive.ahead(200.0), "radius_m": 150});
    let added = drive.call(Method::POST, "/api/v1/geofences", fence).await;
    let path = format!("/api/v1/geofences/{}", added["id"]);
    drive.on(60.0).await;
    drive.crossings_are(&[Enter]).await;
    drive.call(Method::PATCH, &path, json!({"geometry": drive.ahead(9_000.0)})).await;
    drive.on(60.0).await;
    drive.crossings_are(&[Enter, Exit]).await;

    // First active on another day, then on every day.
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).weekday().to_monday_zero_offset();
    let other = day[usize::try_from(today + 3).unwrap() % 7];
    let schedule = json!({"days": [other], "from": "00:00", "to": "00:00"});
    drive.call(Method::PATCH, &path, json!({"geometry": drive.ahead(200.0), "schedule": schedule.clone()})).await;
    drive.on(60.0).await;
    drive.call(Method::PATCH, &path, json!({"schedule": null})).await;
    drive.on(60.0).await;
    drive.crossings_are(&[Enter, Exit, Enter]).await;
    drive.call(Method::PATCH, &path, json!({"geometry": drive.ahead(200.0), "schedule": schedule})).await;
    drive.on(60.0).await;
    drive.crossings_are(&[Enter, Exit, Enter, Exit]).await;
    drive.call(Method::PATCH, &path, json!({"geometry": drive.ahead(200.0), "schedule": null})).await;
    drive.on(60.0).await;
    drive.crossings_are(&[Enter, Exit, Enter, Exit, Enter]).await;

    // The geofence is removed while the bus is inside: the visit ends without an exit.
    drive.call(Method::PATCH, &path, json!({"geometry": drive.ahead(100.0)})).await;
    let removed = drive.server.call(Method::DELETE, &path, &drive.server.admin, None).await;
    assert_eq!(removed.status(), 204);
    drive.on(60.0).await;
    turn_until(&drive.server.clock, &3, async || {
        past(&*drive.store, "b1").await.visits.iter().filter(|visit| visit.left_at.is_some()).count()
    })
    .await;
    drive.crossings_are(&[Enter, Exit, Enter, Exit, Enter]).await;
    assert_eq!(past(&*drive.store, "b1").await.visits.len(), 3);
    assert_eq!(alerts(&*drive.store).await, [AlertKind::GeofenceViolation; 5]);
}

async fn a_limit_changed_during_a_ride_applies_from_the_next_position_on(database: Database) {
    let mut drive = Drive::start(database.start().await).await;
    let streaks = async |drive: &Drive, expected: &[bool]| {
        turn_until(&drive.server.clock, &expected.to_vec(), async || {
            let past = past(&*drive.store, "b1").await;
            let speeding = past.incidents.iter().filter(|one| one.kind == IncidentKind::Speeding);
            speeding.map(|one| one.ended_at.is_some()).collect()
        })
        .await;
    };
    drive.call(Method::PATCH, "/api/v1/vehicles/b1", json!({"speed_limit_kmh": 50})).await;
    drive.on(60.0).await;
    drive.on(60.0).await;
    streaks(&drive, &[false]).await;
    drive.call(Method::PATCH, "/api/v1/vehicles/b1", json!({"speed_limit_kmh": null})).await;
    drive.on(60.0).await;
    streaks(&drive, &[true]).await;
    drive.call(Method::PATCH, "/api/v1/fleet/rules", json!({"speed_limit_kmh": 55})).await;
    drive.on(60.0).await;
    drive.on(60.0).await;
    streaks(&drive, &[true, false]).await;
    drive.call(Method::PATCH, "/api/v1/fleet/rules", json!({"speed_limit_kmh": null})).await;
    drive.on(60.0).await;
    streaks(&drive, &[true, true]).await;
    let fence =
        json!({"name": "yard", "geometry": drive.ahead(300.0), "radius_m": 290, "on": [], "speed_limit_kmh": 40});
    drive.call(Method::POST, "/api/v1/geofences", fence).await;
    drive.on(60.0).await;
    drive.on(60.0).await;
    streaks(&drive, &[true, true, false]).await;
    assert_eq!(alerts(&*drive.store).await, [AlertKind::SpeedViolation; 3]);
}

async fn history_published_by_older_rules_stays_when_positions_come_late(database: Database) {
    let server = database.start().await;
    let store = Arc::clone(&server.running.assembly.store);
    server.add_bus("b1").await;
    let send = async |positions: &[Value]| report(&server.http, &server.url, &server.admin, "b1", positions).await;
    // Waits until late positions are folded, or known to change nothing.
    let number = store.get_vehicle(&home(), &id("b1")).await.unwrap().unwrap().no;
    let settled = async || {
        turn_until(&server.clock, &None, async || store.load_fold(number).await.unwrap().unwrap().late_from).await;
        (past(&*store, "b1").await, facts(&*store).await.len())
    };
    let ways = async || trips(&*store, "b1").await.iter().map(|trip| trip.distance_km().round()).collect::<Vec<_>>();
    let is_over = async || trips(&*store, "b1").await.iter().all(|trip| trip.status.has_ended());

    let (begin_ms, east_m) = (morning_ms(), 11_000.0);
    let morning = Ride::new(begin_ms).stand(400).go(4_000.0, 60.0).stand(200).go(4_000.0, 60.0).stand(200);
    let morning = morning.go(3_000.0, 60.0).stand(600);
    let later_ms = morning.ms;
    // Ten positions in the second part are missing.
    send(&[&morning.positions[..90], &morning.positions[96..]].concat()).await;
    turn_until(&server.clock, &vec![11.0], ways).await;
    turn_until(&server.clock, &true, is_over).await;
    let rules = json!({"stop_after_s": 100, "speed_limit_kmh": 50});
    json_of(server.call(Method::PATCH, "/api/v1/fleet/rules", &server.admin, Some(rules)).await, 200).await;
    let (before, published) = settled().await;
    send(&morning.positions[90..96]).await;
    assert_eq!(settled().await, (before, published), "one trip, of 11 km");

    // Late positions after the change of rules are corrected by the new rules.
    let later = Ride::starting(later_ms, east_m).stand(100).go(3_000.0, 45.0).stand(150).go(2_000.0, 45.0).stand(300);
    send(&[&later.positions[..20], &later.positions[60..]].concat()).await;
    turn_until(&server.clock, &true, is_over).await;
    send(&later.positions[20..60]).await;
    turn_until(&server.clock, &vec![11.0, 3.0, 2.0], ways).await;
}

async fn a_vehicle_that_fell_silent_before_a_restart_is_reported_offline_once(database: Database) {
    let drive = Drive::start(database.start().await).await;
    let Drive { server, store, .. } = drive;
    let offline = |store: Arc<dyn Store>| async move {
        let facts = facts(&*store).await;
        let raised = facts
            .iter()
            .filter(|fact| matches!(fact, Fact::AlertRaised(alert) if alert.kind == AlertKind::VehicleOffline));
        raised.count()
    };
    assert_eq!(offline(store).await, 0);
    let server = server.restart(&[]).await;
    let store = Arc::clone(&server.running.assembly.store);
    // The vehicle is soon silent for ten minutes, and no request asks for it. A restarted server waits a minute first.
    server.clock.turn(std::time::Duration::from_secs(60));
    turn_until(&server.clock, &1, async || offline(Arc::clone(&store)).await).await;
    let silent = past(&*store, "b1").await.incidents.iter().filter(|one| one.kind == IncidentKind::Offline).count();
    assert_eq!(silent, 1);
    // A restarted server does not publish it again either.
    let server = server.restart(&[]).await;
    let store = Arc::clone(&server.running.assembly.store);
    let tenant: TenantId = home();
    let number = store.get_vehicle(&tenant, &id("b1")).await.unwrap().unwrap().no;
    let now = server.clock.clock().now();
    assert!(!store.vehicles_silent(now, None, 1_000).await.unwrap().contains(&number));
    assert_eq!(offline(store).await, 1);
}
