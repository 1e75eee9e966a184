//! Follows a recorded ride from its fixes to the messages on a company's socket and to REST.

use crate::fleet::recording::{Fix, distance_km, recorded};
use crate::fleet::socket_support::manager;
use crate::support::databases::{Database, on_both};
use crate::support::signing::{claims_token, now_ms};
use crate::support::{PATIENCE, TestServer, Watcher, json_of};
use serde_json::{Value, json};
use std::time::Instant;

on_both! {
    a_recorded_ride_is_published_from_its_start_to_its_end,
}

/// The train leaves Leander at the first fix and arrives downtown at this one. A minute later it sends nothing for three
/// quarters of an hour.
const ARRIVED: usize = 101;

/// A company with the train and two geofences: a station where it stops, and a place that it passes between two fixes.
async fn company(server: &TestServer) -> String {
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "rail", "name": "Rail"})).await, 201).await;
    let token = manager(101, "rail");
    let train = json!({"id": "train", "kind": "train", "label": "Train", "driver_id": 42, "speed_limit_kmh": 90,
        "fuel_l_per_100km": 30, "fuel_price_per_l": 2});
    json_of(server.post("/api/v1/vehicles", &token, train).await, 201).await;
    for (name, longitude, latitude, radius_m) in
        [("Lakeline", -97.786_415, 30.480_85, 250), ("Bridge", -97.842_307, 30.554_853, 60)]
    {
        let geometry = json!({"type": "Point", "coordinates": [longitude, latitude]});
        let body = json!({"name": name, "geometry": geometry, "radius_m": radius_m});
        json_of(server.post("/api/v1/geofences", &token, body).await, 201).await;
    }
    let device = json_of(server.post("/api/v1/devices", &token, json!({"vehicle_id": "train"})).await, 201).await;
    device["key"].as_str().unwrap().to_owned()
}

async fn drive(server: &TestServer, key: &str, fixes: &[Fix]) {
    for fix in fixes {
        let request = server.http.post(format!("{}/api/v1/positions", server.url)).header("X-Device-Key", key);
        let answer = json_of(request.json(&fix.body()).send().await.unwrap(), 201).await;
        assert_eq!(answer["accepted"], 1, "{answer}");
    }
}

/// Messages of one type.
fn of<'a>(messages: &'a [Value], kind: &str) -> Vec<&'a Value> {
    messages.iter().filter(|message| message["type"] == kind).map(|message| &message["data"]).collect()
}

/// Adds received messages to `messages` until one of them matches.
async fn until(watcher: &mut Watcher, messages: &mut Vec<Value>, is_found: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    loop {
        let message = watcher.next().await;
        assert!(begun.elapsed() < PATIENCE, "still {message}");
        let found = is_found(&message);
        messages.push(message);
        if found {
            return;
        }
    }
}

async fn a_recorded_ride_is_published_from_its_start_to_its_end(database: Database) {
    let server = database.start_with(&[("DASHBOARD_INTERVAL", "200ms")]).await;
    let key = company(&server).await;
    let token = manager(101, "rail");
    let fixes = recorded("10103", now_ms());
    assert_eq!(fixes.len(), 104);
    let mut watcher = server.watch_fleet("rail", &token).await;
    let mut driver = server.watch_fleet("rail", &claims_token("42", "driver", "rail")).await;
    let mut another = server.watch_fleet("rail", &claims_token("43", "driver", "rail")).await;
    let mut messages = Vec::new();

    drive(&server, &key, &fixes[..5]).await;
    until(&mut watcher, &mut messages, |message| message["type"] == "trip_update").await;
    for (driven, until_fix) in [(5, 30), (30, 60), (60, ARRIVED + 1)] {
        drive(&server, &key, &fixes[driven..until_fix]).await;
        let last_at = fixes[until_fix - 1].at_ms;
        until(&mut watcher, &mut messages, |message| {
            message["type"] == "vehicle_location_update" && ms(&message["data"]["timestamp"]) == last_at
        })
        .await;
        let km = distance_km(&fixes[..until_fix]);
        let is_there = |message: &Value| {
            message["type"] == "trip_update" && message["data"]["distance"].as_f64().unwrap() > km - 2.0
        };
        // On a busy machine the message may have come before the last of these fixes was folded.
        if !messages.iter().any(is_there) {
            until(&mut watcher, &mut messages, is_there).await;
        }
    }
    drive(&server, &key, &fixes[ARRIVED + 1..]).await;
    let is_over = |message: &Value| message["type"] == "trip_update" && message["data"]["status"] == "completed";
    until(&mut watcher, &mut messages, is_over).await;
    messages.extend(watcher.until_pong().await);

    let trip = the_trip(&messages, &fixes);
    the_incidents(&messages, &fixes);
    the_driver_gets_the_same(&mut driver, &messages).await;
    assert_eq!(another.until_pong().await.len(), 1, "the welcome");
    rest_says_the_same(&server, &messages, &trip).await;
    // Statistics that are published from now on include the trip.
    let figures = server.get_json("/api/v1/dashboard", &token).await;
    let km = trip["distance"].as_f64().unwrap();
    until(&mut watcher, &mut messages, |message| {
        let data = &message["data"];
        message["type"] == "fleet_dashboard_update" && data["total_trips"] == 1 && data["distance_traveled"] == km
    })
    .await;
    let data = &messages[messages.len() - 1]["data"];
    for field in FIGURES {
        assert_eq!(data[field], figures[field], "{field}");
    }
}

const FIGURES: [&str; 6] =
    ["active_vehicles", "total_trips", "distance_traveled", "fuel_consumed", "utilization_rate", "cost_per_km"];

/// Checks the messages about the one trip: its start, progress and end.
fn the_trip(messages: &[Value], fixes: &[Fix]) -> Value {
    let trips = of(messages, "trip_update");
    let (last, running) = trips.split_last().unwrap();
    assert!(running.len() >= 4, "{trips:?}");
    assert!(running.iter().all(|trip| trip["status"] == "started" && trip["end_time"].is_null()), "{trips:?}");
    // Its start and end are events. That it goes on is told, and not stored.
    let stored = |message: &&Value| message["type"] == "trip_update" && message["event_id"].is_i64();
    assert_eq!(messages.iter().filter(stored).count(), 2, "{messages:?}");
    for trip in &trips {
        for (field, expected) in
            [("trip_id", &last["trip_id"]), ("vehicle_id", &json!("train")), ("driver_id", &json!("42"))]
        {
            assert_eq!(trip[field], *expected, "{trip}");
        }
    }
    assert!(trips.is_sorted_by_key(|trip| trip["distance"].as_f64().unwrap()), "{trips:?}");
    let (begun, ended) = (ms(&last["start_time"]), ms(&last["end_time"]));
    assert!((fixes[0].at_ms..fixes[1].at_ms).contains(&begun), "{last}");
    assert!((fixes[ARRIVED].at_ms..=fixes[ARRIVED + 1].at_ms).contains(&ended), "{last}");
    let minutes = (ended - begun) as f64 / 60_000.0;
    assert!((last["duration"].as_f64().unwrap() - minutes).abs() < 0.01, "{last}");
    let (km, way) = (last["distance"].as_f64().unwrap(), distance_km(&fixes[..=ARRIVED]));
    assert!((km / way - 1.0).abs() < 0.005, "{km} of {way}");
    (*last).clone()
}

/// Checks the incidents: two geofences, and the streaks of more than 90 km/h.
fn the_incidents(messages: &[Value], fixes: &[Fix]) {
    let crossings: Vec<_> = of(messages, "geofence_violation_update")
        .into_iter()
        .map(|crossing| (crossing["geofence_name"].as_str().unwrap(), crossing["violation_type"].as_str().unwrap()))
        .collect();
    assert_eq!(crossings, [("Bridge", "enter"), ("Bridge", "exit"), ("Lakeline", "enter"), ("Lakeline", "exit")]);
    // The geofence was passed between two fixes, at an interpolated time.
    let passed = of(messages, "geofence_violation_update")[0];
    assert!((fixes[4].at_ms..fixes[5].at_ms).contains(&ms(&passed["timestamp"])), "{passed}");
    let streaks = fixes.chunk_by(|a, b| (a.kmh > 90.0) == (b.kmh > 90.0)).filter(|streak| streak[0].kmh > 90.0);
    let begun: Vec<i64> = streaks.filter(|streak| streak.len() > 1).map(|streak| streak[0].at_ms).collect();
    let speeding: Vec<i64> = of(messages, "driver_event_update").iter().map(|event| ms(&event["timestamp"])).collect();
    assert_eq!(speeding, begun);
    let alerts = of(messages, "alert");
    let kinds = |kind: &str| alerts.iter().filter(|alert| alert["type"] == kind).collect::<Vec<_>>();
    assert_eq!((kinds("geofence_violation").len(), kinds("speed_violation").len()), (4, begun.len()));
    assert_eq!(alerts.len(), 4 + begun.len(), "{alerts:?}");
    assert!(kinds("speed_violation").iter().all(|alert| alert["severity"] == "high" && alert["vehicle_id"] == "train"));
}

/// The driver gets what it did, live and in a replay, but not the company's alerts and statistics.
async fn the_driver_gets_the_same(driver: &mut Watcher, messages: &[Value]) {
    let its_own = ["trip_update", "geofence_violation_update", "driver_event_update"];
    let ids = |messages: &[Value]| -> Vec<i64> {
        let stored = messages.iter().filter(|message| message["event_id"].is_i64());
        stored.map(|message| message["event_id"].as_i64().unwrap()).collect()
    };
    let expected: Vec<Value> =
        messages.iter().filter(|message| its_own.contains(&message["type"].as_str().unwrap())).cloned().collect();
    let live = driver.until_pong().await;
    assert_eq!(ids(&live), ids(&expected));
    assert!(of(&live, "fleet_dashboard_update").is_empty() && !of(&live, "vehicle_location_update").is_empty());
    driver.send(json!({"type": "replay_request", "last_event_id": 0})).await;
    let mut replayed = Vec::new();
    until(driver, &mut replayed, |message| message["type"] == "replay_complete").await;
    assert_eq!(ids(&replayed), ids(&expected));
}

async fn rest_says_the_same(server: &TestServer, messages: &[Value], trip: &Value) {
    let token = manager(101, "rail");
    let trips = server.get_json("/api/v1/trips", &token).await;
    let [stored_trip] = &trips["items"].as_array().unwrap()[..] else { panic!("{trips}") };
    assert_eq!((&stored_trip["id"], &stored_trip["status"]), (&trip["trip_id"], &json!("completed")));
    for field in ["start_time", "end_time", "distance", "duration"] {
        assert_eq!(stored_trip[field], trip[field], "{field}");
    }
    let path = server.get_json(&format!("/api/v1/trips/{}", stored_trip["id"].as_str().unwrap()), &token).await;
    // Where it set off, and every fix from then on.
    assert_eq!(path["path"].as_array().unwrap().len(), ARRIVED + 2);
    let (set_off, stored) = (&path["path"][0], &stored_trip["start_place"]);
    assert_eq!([&set_off["latitude"], &set_off["longitude"]], [&stored["latitude"], &stored["longitude"]]);
    assert_eq!(set_off["timestamp"], stored_trip["start_time"]);
    let mut raised = of(messages, "alert");
    raised.sort_by_key(|alert| std::cmp::Reverse(ms(&alert["timestamp"])));
    let alerts = server.get_json("/api/v1/alerts", &token).await;
    let key = |alert: &Value| ["id", "type", "message"].map(|field| alert[field].clone());
    let stored: Vec<_> = alerts["items"].as_array().unwrap().iter().map(key).collect();
    assert_eq!(stored, raised.into_iter().map(key).collect::<Vec<_>>(), "newest first");
    let figures = server.get_json("/api/v1/dashboard", &token).await;
    assert_eq!((&figures["active_vehicles"], &figures["total_trips"]), (&json!(1), &json!(1)));
    let near = |field: &str, expected: f64| {
        assert!((figures[field].as_f64().unwrap() - expected).abs() < 0.01, "{field}, {expected}: {figures}");
    };
    let km = trip["distance"].as_f64().unwrap();
    near("distance_traveled", km);
    near("fuel_consumed", km * 0.3);
    near("cost_per_km", 0.6);
    near("utilization_rate", stored_trip["moving_minutes"].as_f64().unwrap() / (24.0 * 60.0) * 100.0);
}

fn ms(instant: &Value) -> i64 {
    instant.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}
