//! Trips over REST: started and ended by hand, measured, listed, with their path; and the fleet's statistics.

use crate::fleet::history_support::{MORNING_MS, Ride, fix, report, turn_until};
use crate::support::databases::{Database, on_both};
use crate::support::signing::{claims_token, now_ms};
use crate::support::{TestServer, json_of};
use milepost_domain::{
    Fact, Revision, TenantId, Timestamp, Trip, TripFigures, TripId, TripOrigin, TripStatus, TripUpdate, UserId,
    VehicleId,
};
use milepost_store::{ActivityChange, Once, Retention};
use reqwest::Method;
use serde_json::{Value, json};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms).unwrap()
}

/// A trip without statistics, started by hand.
fn trip(id: &str, vehicle: &str, started_ms: i64) -> Trip {
    Trip {
        id: TripId::new(id).unwrap(),
        tenant: TenantId::new("default").unwrap(),
        vehicle_id: VehicleId::new(vehicle).unwrap(),
        driver_id: None,
        origin: TripOrigin::Manual,
        status: TripStatus::Started,
        started_at: at(started_ms),
        ended_at: None,
        followed_to: at(started_ms),
        start: None,
        end: None,
        figures: TripFigures::default(),
        version: 1,
    }
}

async fn store_trip(server: &TestServer, trip: Trip) {
    let update = TripUpdate { trip, revision: Revision::New };
    server.running.assembly.store.add_trip(&update, at(now_ms()), &Once::unclaimed()).await.unwrap();
}

on_both!(a_trip_is_started_and_ended_by_hand);

async fn a_trip_is_started_and_ended_by_hand(database: Database) {
    let server = database.start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V", "driver_id": 7})).await;
    let driver = claims_token("7", "driver", "default");
    let start = async |token: &str, body: Value| server.post("/api/v1/trips", token, body).await;
    let act = async |token: &str, id: &str, what: &str| {
        server.call(Method::POST, &format!("/api/v1/trips/{id}/{what}"), token, None).await
    };
    let before = server.events().await.len();
    let started = json_of(start(&driver, json!({"vehicle_id": "v1"})).await, 201).await;
    let id = started["id"].as_str().unwrap();
    let expected = json!({"id": id, "vehicle_id": "v1", "driver_id": 7, "origin": "manual", "status": "started",
        "start_time": started["start_time"], "end_time": null, "distance": 0.0, "duration": 0.0, "moving_minutes": 0.0,
        "idle_minutes": 0.0, "max_speed": null, "fuel_l": null, "fuel_source": null, "start_place": null,
        "end_place": null, "followed_to": started["start_time"]});
    assert_eq!(started, expected);
    let problem = json_of(start(&server.admin, json!({"vehicle_id": "v1"})).await, 409).await;
    assert!(problem["detail"].as_str().unwrap().contains("complete or cancel"), "{problem}");

    let ended = json_of(act(&driver, id, "complete").await, 200).await;
    assert_eq!(ended["status"], "completed");
    assert!(ended["end_time"].as_str().unwrap() >= started["start_time"].as_str().unwrap());
    assert_eq!(json_of(act(&driver, id, "complete").await, 200).await, ended, "the second time as the first");
    assert_eq!(json_of(act(&driver, id, "cancel").await, 409).await["detail"], "the trip is completed already");

    let other = json_of(start(&server.admin, json!({"vehicle_id": "v1", "driver_id": 8})).await, 201).await;
    assert_eq!(other["driver_id"], 8);
    let other = other["id"].as_str().unwrap();
    assert_eq!(json_of(act(&server.admin, other, "cancel").await, 200).await["status"], "cancelled");
    let published: Vec<_> = server.events().await[before..]
        .iter()
        .map(|event| match &event.fact {
            Fact::TripChanged(update) => (update.trip.status, update.trip.version),
            other => panic!("{other:?}"),
        })
        .collect();
    let statuses = [TripStatus::Started, TripStatus::Completed, TripStatus::Started, TripStatus::Cancelled];
    assert_eq!(published, [1, 2, 1, 2].into_iter().zip(statuses).map(|(v, s)| (s, v)).collect::<Vec<_>>());
    assert_eq!(
        server.get_json("/api/v1/trips?status=cancelled", &driver).await["items"],
        json!([]),
        "of another driver"
    );
    let listed = server.get_json("/api/v1/trips?status=cancelled", &server.admin).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["id"], other);
}

#[tokio::test]
async fn a_trip_by_hand_is_measured_by_the_positions_of_its_time() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V", "fuel_l_per_100km": 10})).await;
    store_trip(&server, trip("by-hand", "v1", MORNING_MS)).await;
    let ride = Ride::two_trips(MORNING_MS);
    // Distance driven before the trip does not count.
    let mut before = Ride::new(MORNING_MS - 3_600_000).go(20_000.0, 90.0).positions;
    before.retain(|position| position["timestamp"].as_i64().unwrap() < MORNING_MS);
    report(&server.http, &server.url, &server.admin, "v1", &before).await;
    report(&server.http, &server.url, &server.admin, "v1", &ride).await;

    let running = server.get_json("/api/v1/trips/by-hand", &server.admin).await;
    let close = |value: &Value, expected: f64, off: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() <= off, "{value} is not {expected}");
    };
    close(&running["distance"], 12.0, 0.3);
    close(&running["fuel_l"], 1.2, 0.03);
    close(&running["max_speed"], 120.0, 5.0);
    assert_eq!((&running["status"], &running["fuel_source"]), (&json!("started"), &json!("estimated")));
    let span = (ride.last().unwrap()["timestamp"].as_i64().unwrap() - MORNING_MS) as f64 / 60_000.0;
    close(&running["duration"], span, 0.01);
    let sum = running["moving_minutes"].as_f64().unwrap() + running["idle_minutes"].as_f64().unwrap();
    close(&json!(sum), span, 0.01);
    // 5 km at 50, 3 at 60, 2 at 40, 2 at 120 km/h.
    close(&running["moving_minutes"], 13.0, 2.5);

    let ended = server.call(Method::POST, "/api/v1/trips/by-hand/complete", &server.admin, None).await;
    let ended = json_of(ended, 200).await;
    for same in ["distance", "moving_minutes", "max_speed", "fuel_l", "start_place", "end_place", "followed_to"] {
        assert_eq!(ended[same], running[same], "{same}");
    }
    let listed = server.get_json("/api/v1/trips?vehicle_id=v1&status=completed", &server.admin).await;
    assert!(listed["items"].as_array().unwrap().contains(&ended), "{listed}");
}

/// The first look reads the whole trip, further ones what is new, and a late position makes the next one read it all again.
#[tokio::test]
async fn looks_at_a_running_trip_show_what_its_end_will_show() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    store_trip(&server, trip("t", "b1", MORNING_MS)).await;
    let ride = Ride::two_trips(MORNING_MS);
    // Positions that come late: some of the first kilometres.
    let (late, in_time): (Vec<_>, Vec<_>) =
        ride.into_iter().enumerate().partition(|(number, _)| (35..60).contains(number) && number % 3 != 0);
    let values = |numbered: Vec<(usize, Value)>| numbered.into_iter().map(|(_, position)| position).collect::<Vec<_>>();
    let (late, in_time) = (values(late), values(in_time));
    let look = async || {
        let mut shown = server.get_json("/api/v1/trips/t", &server.admin).await;
        for changing in ["path", "path_next", "duration", "idle_minutes"] {
            shown[changing] = Value::Null;
        }
        shown
    };
    let mut seen = Vec::new();
    for part in in_time.chunks(60) {
        report(&server.http, &server.url, &server.admin, "b1", part).await;
        seen.push(look().await);
        assert_eq!(look().await, *seen.last().unwrap());
    }
    let distances: Vec<f64> = seen.iter().map(|shown| shown["distance"].as_f64().unwrap()).collect();
    assert!(distances.is_sorted() && distances.last() > distances.first(), "{distances:?}");

    report(&server.http, &server.url, &server.admin, "b1", &late).await;
    let running = look().await;
    assert_ne!(running["distance"], seen.last().unwrap()["distance"], "the late ones count");
    let ended = server.call(Method::POST, "/api/v1/trips/t/complete", &server.admin, None).await;
    let ended = json_of(ended, 200).await;
    for same in ["distance", "moving_minutes", "max_speed", "fuel_l", "start_place", "end_place", "followed_to"] {
        assert_eq!(ended[same], running[same], "{same}");
    }
}

/// What was measured once is not read again: here it would be missing.
#[tokio::test]
async fn a_look_at_a_running_trip_reads_only_what_is_new() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    store_trip(&server, trip("t", "b1", MORNING_MS)).await;
    let ride = Ride::two_trips(MORNING_MS);
    let (first, rest) = ride.split_at(ride.len() / 2);
    let distance = async || server.get_json("/api/v1/trips/t", &server.admin).await["distance"].as_f64().unwrap();
    report(&server.http, &server.url, &server.admin, "b1", first).await;
    let half = distance().await;
    assert!(half > 7.0, "{half}");
    let none = Retention { positions_ms: 0, ..Retention::default() };
    let pruned = server.running.assembly.store.prune(at(now_ms() + 1_000), &none).await.unwrap();
    assert_eq!(pruned.positions as usize, first.len());
    assert_eq!(distance().await, half);
    report(&server.http, &server.url, &server.admin, "b1", rest).await;
    let whole = distance().await;
    assert!((whole - 12.0).abs() < 0.3, "{whole}");
}

#[tokio::test]
async fn a_trips_path_leaves_out_outliers_in_every_format() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let mut ride = Ride::two_trips(MORNING_MS);
    let last_ms = ride.last().unwrap()["timestamp"].as_i64().unwrap();
    let counted = ride.len();
    // A fix without a place, and positions before and after the trip.
    let mut nowhere = fix(0.0, 0.0, 0.0, MORNING_MS + 605_000);
    nowhere["longitude"] = json!(0.0);
    ride.push(nowhere);
    ride.sort_by_key(|position| position["timestamp"].as_i64());
    let around = [fix(0.0, 0.0, 0.0, MORNING_MS - 10_000), fix(0.0, 0.0, 0.0, last_ms + 10_000)];
    report(&server.http, &server.url, &server.admin, "b1", &[&around[..1], &ride, &around[1..]].concat()).await;
    let ended = Trip { status: TripStatus::Completed, ended_at: Some(at(last_ms)), ..trip("t", "b1", MORNING_MS) };
    store_trip(&server, ended).await;

    let all = async |limit: usize| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/trips/t/path?limit={limit}{cursor}");
            let page = server.get_json(&path, &server.admin).await;
            found.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    turn_until(&server.clock, &counted, async || all(1000).await.len()).await;
    let path = all(7).await;
    assert_eq!(path.len(), counted);
    assert!(path.is_sorted_by_key(|position| position["timestamp"].as_str().unwrap().to_owned()));
    assert_eq!(path, all(1000).await);
    let shown = server.get_json("/api/v1/trips/t", &server.admin).await;
    assert_eq!((&shown["path"], &shown["path_next"]), (&json!(path), &Value::Null));
    assert_eq!(path[0]["timestamp"], "2025-01-15T08:00:00.000Z");

    let file = async |path: &str| server.get(path, &server.admin).await.text().await.unwrap();
    let gpx = file("/api/v1/trips/t?format=gpx").await;
    assert_eq!(gpx.matches("<trkpt").count(), counted, "{gpx}");
    assert_eq!(file("/api/v1/trips/t/path?format=gpx").await, gpx);
    let csv = file("/api/v1/trips/t?format=csv").await;
    assert_eq!(csv.lines().count(), counted + 1);
    let geojson: Value = serde_json::from_str(&file("/api/v1/trips/t?format=geojson").await).unwrap();
    assert_eq!(geojson["features"].as_array().unwrap().len(), counted);
    assert_eq!(server.get("/api/v1/trips/t?format=xls", &server.admin).await.status(), 422);
}

#[tokio::test]
async fn a_long_path_is_shown_in_part_with_a_cursor_for_the_rest() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let ride = Ride::new(MORNING_MS).stand(12_000).positions;
    report(&server.http, &server.url, &server.admin, "b1", &ride).await;
    store_trip(&server, trip("t", "b1", MORNING_MS)).await;
    let shown = server.get_json("/api/v1/trips/t", &server.admin).await;
    assert_eq!(shown["path"].as_array().unwrap().len(), 1000);
    let rest = format!("/api/v1/trips/t/path?cursor={}", shown["path_next"].as_str().unwrap());
    let rest = server.get_json(&format!("{rest}&limit=1000"), &server.admin).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (ride.len() - 1000, &Value::Null));
}

#[tokio::test]
async fn trips_are_listed_by_vehicle_driver_status_and_time_in_pages() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V", "driver_id": 7})).await;
    server.add_bus("b2").await;
    for number in 0..10 {
        let vehicle = if number % 2 == 0 { "v1" } else { "b2" };
        let started_ms = MORNING_MS + number / 2 * 3_600_000;
        let driver_id = (number < 3).then(|| UserId::new(7).unwrap());
        let (status, ended_at) = (TripStatus::Completed, Some(at(started_ms + 60_000)));
        let ended = Trip { status, ended_at, driver_id, ..trip(&format!("t{number}"), vehicle, started_ms) };
        store_trip(&server, ended).await;
    }
    let all = async |query: &str, token: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get_json(&format!("/api/v1/trips?limit=3{query}{cursor}"), token).await;
            let ids = page["items"].as_array().unwrap().iter();
            found.extend(ids.map(|trip| trip["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    let admin = &server.admin;
    assert_eq!(all("", admin).await, ["t9", "t8", "t7", "t6", "t5", "t4", "t3", "t2", "t1", "t0"]);
    assert_eq!(all("&vehicle_id=v1", admin).await, ["t8", "t6", "t4", "t2", "t0"]);
    assert_eq!(all("&driver_id=7", admin).await, ["t2", "t1", "t0"]);
    assert_eq!(all("&driver_id=8", admin).await, [""; 0]);
    assert_eq!(all("&from=2025-01-15T09:00:00Z&to=2025-01-15T11:00:00Z", admin).await, ["t5", "t4", "t3", "t2"]);
    assert_eq!(all("&status=started", admin).await, [""; 0]);
    assert_eq!(all("&vehicle_id=nobody", admin).await, [""; 0]);
    // A driver's own, and not all of its vehicle.
    assert_eq!(all("", &claims_token("7", "driver", "default")).await, ["t2", "t1", "t0"]);
    assert_eq!(all("", &claims_token("7", "driver", "acme")).await, [""; 0]);
}

#[tokio::test]
async fn a_trip_found_in_the_positions_cannot_be_ended_by_hand() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    store_trip(&server, Trip { origin: TripOrigin::Auto, ..trip("t", "b1", MORNING_MS) }).await;
    for what in ["complete", "cancel"] {
        let answer = server.call(Method::POST, &format!("/api/v1/trips/t/{what}"), &server.admin, None).await;
        assert_eq!(answer.status(), 409, "{what}");
    }
    assert_eq!(server.get_json("/api/v1/trips/t", &server.admin).await["status"], "started");
}

#[tokio::test]
async fn the_dashboard_sums_up_the_last_day_of_each_tenant_by_itself() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V", "fuel_price_per_l": 1.5})).await;
    server.add_bus("b2").await;
    let nothing = json!({"active_vehicles": 0, "total_trips": 0, "distance_traveled": 0.0, "fuel_consumed": 0.0,
        "utilization_rate": 0.0, "idle_minutes": 0.0, "cost_per_km": 0.0});
    let dashboard = async |token: &str, query: &str| {
        let mut shown = server.get_json(&format!("/api/v1/dashboard{query}"), token).await;
        assert!(shown["timestamp"].as_str().unwrap().ends_with('Z'));
        shown.as_object_mut().unwrap().remove("timestamp");
        shown
    };
    assert_eq!(dashboard(&server.admin, "").await, nothing);

    let store = &server.running.assembly.store;
    let home = TenantId::new("default").unwrap();
    let of_hour = |hours: i64, km: i64| ActivityChange {
        bucket: at((now_ms() - hours * 3_600_000) / 900_000 * 900_000),
        distance_mm: km * 1_000_000,
        moving_ms: 3_600_000,
        idle_ms: 60_000,
        fuel_ml: km * 100,
    };
    for (vehicle, changes) in
        [("v1", vec![of_hour(1, 60), of_hour(23, 40), of_hour(25, 1_000)]), ("b2", vec![of_hour(2, 20)])]
    {
        let named = [(home.clone(), VehicleId::new(vehicle).unwrap())];
        let track = store.load_tracks(&named).await.unwrap().remove(0).1;
        store.add_activity(track.tenant_no, track.vehicle_no, &changes).await.unwrap();
    }
    let hours_ago = |hours: i64| now_ms() - hours * 3_600_000;
    let ended = |id, started: i64, ended: i64, status| Trip {
        status,
        ended_at: Some(at(hours_ago(ended))),
        ..trip(id, "v1", hours_ago(started))
    };
    store_trip(&server, trip("running", "v1", hours_ago(1))).await;
    store_trip(&server, ended("over midnight", 26, 23, TripStatus::Completed)).await;
    store_trip(&server, ended("none", 5, 4, TripStatus::Cancelled)).await;
    store_trip(&server, ended("yesterday", 30, 25, TripStatus::Completed)).await;
    server.report("b2", 0.0, 0.5, "2025-01-15T08:00:00Z").await;
    let position = json!({"vehicle_id": "v1", "latitude": 0, "longitude": 0.5});
    json_of(server.post("/api/v1/positions", &server.admin, position).await, 201).await;

    let expected = json!({"active_vehicles": 1, "total_trips": 2, "distance_traveled": 120.0, "fuel_consumed": 12.0,
        // Three hours of motion in two vehicles' 48. Only v1's fuel has a price, so only v1's distance counts.
        "utilization_rate": 6.25, "idle_minutes": 3.0, "cost_per_km": 0.15});
    assert_eq!(dashboard(&server.admin, "").await, expected);
    assert_eq!(dashboard(&claims_token("9", "manager", "acme"), "").await, nothing);
    assert_eq!(dashboard(&claims_token("9", "superadmin", "acme"), "?tenant=default").await, expected);
}

#[tokio::test]
async fn the_statistics_of_a_day_have_its_part_of_a_trip_over_midnight() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V", "fuel_l_per_100km": 10})).await;
    let day_ms = 86_400_000;
    let midnight_ms = now_ms() / day_ms * day_ms;
    // An hour before midnight, and half an hour after it, at 60 km/h.
    let ride = Ride::new(midnight_ms - 4_200_000).stand(600).go(90_000.0, 60.0).stand(900).positions;
    server.clock.turn(std::time::Duration::from_millis((midnight_ms + day_ms - now_ms()) as u64));
    report(&server.http, &server.url, &server.admin, "v1", &ride).await;
    let trips = async |from_ms: i64| {
        let query = format!("/api/v1/trips?status=completed&from={from_ms}&to={}", from_ms + day_ms);
        server.get_json(&query, &server.admin).await["items"].as_array().unwrap().len()
    };
    turn_until(&server.clock, &1, async || trips(midnight_ms).await).await;
    let figures = async |from_ms: i64, to_ms: i64| {
        let shown = server.get_json(&format!("/api/v1/dashboard?from={from_ms}&to={to_ms}"), &server.admin).await;
        ["total_trips", "distance_traveled", "fuel_consumed", "utilization_rate"].map(|of| shown[of].as_f64().unwrap())
    };
    let close = |found: [f64; 4], expected: [f64; 4]| {
        let is_close = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() <= 0.02 * expected);
        assert!(is_close, "{found:?} is not {expected:?}");
    };
    close(figures(midnight_ms - day_ms, midnight_ms).await, [1.0, 60.0, 6.0, 100.0 / 24.0]);
    close(figures(midnight_ms, midnight_ms + day_ms).await, [1.0, 30.0, 3.0, 50.0 / 24.0]);
    close(figures(midnight_ms - day_ms, midnight_ms + day_ms).await, [1.0, 90.0, 9.0, 75.0 / 24.0]);
    close(figures(midnight_ms + 900_000, midnight_ms + 1_800_000).await, [1.0, 15.0, 1.5, 100.0]);
    close(figures(midnight_ms + day_ms / 2, midnight_ms + day_ms).await, [0.0; 4]);
    for query in ["from=5&to=5", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from=0&to=1800000000", "from=x"]
    {
        assert_eq!(server.get(&format!("/api/v1/dashboard?{query}"), &server.admin).await.status(), 422, "{query}");
    }
}
