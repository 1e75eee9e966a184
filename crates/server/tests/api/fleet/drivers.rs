//! Who drove, and which vehicle a device was in, are facts of their time, however late positions come.

use crate::fleet::history_support::{Ride, report, trips, turn_until};
use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{TestServer, json_of};
use milepost_domain::{Fact, FleetAudience, Revision, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

fn now_ms(server: &TestServer) -> i64 {
    server.clock.clock().now().unix_ms()
}

async fn patch(server: &TestServer, path: &str, body: Value) {
    json_of(server.call(Method::PATCH, path, &server.admin, Some(body)).await, 200).await;
}

fn driver(number: i64) -> String {
    token_for(&number.to_string(), "driver", "default", 86_400)
}

/// Starts and drivers of a van's trips.
async fn driven(server: &TestServer) -> Vec<(i64, Option<i64>)> {
    let trips = trips(&*server.running.assembly.store, "van").await;
    trips.iter().map(|trip| (trip.started_at.unix_ms(), trip.driver_id.map(UserId::get))).collect()
}

on_both! {
    a_late_upload_belongs_to_the_driver_of_its_time,
    what_a_moved_device_reports_belongs_to_the_vehicle_that_it_was_in,
}

async fn a_late_upload_belongs_to_the_driver_of_its_time(database: Database) {
    let server = database.start().await;
    let van = json!({"id": "van", "kind": "van", "label": "Van", "driver_id": 7, "speed_limit_kmh": 50});
    server.add_vehicle(van).await;
    let fence = json!({"name": "Depot", "geometry": {"type": "Point", "coordinates": [0.5, 0]}, "radius_m": 500});
    json_of(server.post("/api/v1/geofences", &server.admin, fence).await, 201).await;
    let morning_ms = now_ms(&server);
    let early = Ride::new(morning_ms).stand(120).go(3_000.0, 80.0).stand(400);
    server.clock.turn(Duration::from_millis((early.ms - morning_ms) as u64));
    patch(&server, "/api/v1/vehicles/van", json!({"driver_id": 8})).await;
    let noon_ms = now_ms(&server);
    let late = Ride::starting(noon_ms + 10_000, 3_000.0).stand(120).go(-3_000.0, 80.0).stand(400);
    server.clock.turn(Duration::from_millis((late.ms - noon_ms) as u64));
    report(&server.http, &server.url, &server.admin, "van", &late.positions).await;
    report(&server.http, &server.url, &server.admin, "van", &early.positions).await;
    turn_until(&server.clock, &vec![Some(7), Some(8)], async || {
        driven(&server).await.into_iter().map(|(_, driver)| driver).collect()
    })
    .await;

    // What happened has the driver of its time, whichever of the two came first.
    let alerts = server.get_json("/api/v1/alerts", &server.admin).await;
    let of_whom: Vec<(bool, &Value, &Value)> = alerts["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|alert| alert["type"] == "speed_violation" || alert["type"] == "geofence_violation")
        .map(|alert| {
            let at = milepost_http::parse_timestamp(&alert["timestamp"]).unwrap().unix_ms();
            (at < noon_ms, &alert["type"], &alert["driver_id"])
        })
        .collect();
    assert!(of_whom.iter().all(|(early, _, driver)| **driver == if *early { 7 } else { 8 }), "{alerts}");
    for early in [false, true] {
        for kind in ["speed_violation", "geofence_violation"] {
            assert!(of_whom.iter().any(|of| (of.0, of.1) == (early, &json!(kind))), "{early} {kind}: {alerts}");
        }
    }
    let events = server.events().await;
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::FenceCrossed(crossing) => Some((crossing.at, crossing.driver_id)),
            Fact::DrivingNoted(noted) => Some((noted.at, noted.driver_id)),
            Fact::TripChanged(update) => Some((update.trip.started_at, update.trip.driver_id)),
            _ => None,
        })
        .collect();
    let right = |at: i64| UserId::new(if at < noon_ms { 7 } else { 8 }).ok();
    assert!(told.iter().all(|(at, driver)| *driver == right(at.unix_ms())), "{told:?}");

    // Each reads its own trips, and nobody else's.
    let all = server.get_json("/api/v1/trips", &server.admin).await["items"].clone();
    for (number, own) in [(7, 1), (8, 0)] {
        let listed = server.get_json("/api/v1/trips", &driver(number)).await;
        assert_eq!(listed["items"], json!([all[own]]), "{number}");
        for (place, trip) in all.as_array().unwrap().iter().enumerate() {
            let path = format!("/api/v1/trips/{}", trip["id"].as_str().unwrap());
            let expected = if place == own { 200 } else { 404 };
            for path in [path.clone(), format!("{path}/path"), format!("{path}?format=gpx")] {
                assert_eq!(server.get(&path, &driver(number)).await.status(), expected, "{number} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_trip_that_turns_out_to_have_begun_earlier_has_the_driver_of_then() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "van", "kind": "van", "label": "Van", "driver_id": 7})).await;
    let morning_ms = now_ms(&server);
    let ride = Ride::new(morning_ms).stand(120).go(8_000.0, 60.0).stand(400);
    // The van is handed over on its way.
    server.clock.turn(Duration::from_secs(300));
    patch(&server, "/api/v1/vehicles/van", json!({"driver_id": 8})).await;
    server.clock.turn(Duration::from_millis((ride.ms - now_ms(&server)) as u64));
    let (before, after) = ride.positions.split_at(33);
    report(&server.http, &server.url, &server.admin, "van", after).await;
    let first = async || driven(&server).await.first().map(|(_, driver)| *driver);
    turn_until(&server.clock, &Some(Some(8)), first).await;
    report(&server.http, &server.url, &server.admin, "van", before).await;
    turn_until(&server.clock, &Some(Some(7)), first).await;
    let found = driven(&server).await;
    assert!(found.len() == 1 && found[0].0 < morning_ms + 200_000, "{found:?}");
    // The one that had it is told that it is not its own, and is told nothing more of it.
    let mut told = Vec::new();
    for event in server.events().await {
        if let Fact::TripChanged(update) = event.fact.clone() {
            let audience = event.fact.fleet_audience().unwrap();
            told.push((update.trip.driver_id.map(UserId::get), update.revision, audience));
        }
    }
    let driver_of = |number| UserId::new(number).unwrap();
    let given = told.iter().position(|(_, revision, _)| *revision == Revision::Reassigned).unwrap();
    assert_eq!(told[given], (Some(8), Revision::Reassigned, FleetAudience::User(driver_of(8))));
    assert!(told[..given].iter().all(|(_, _, audience)| *audience == FleetAudience::Driver(driver_of(8))), "{told:?}");
    let after = &told[given + 1..];
    assert!(!after.is_empty() && after.iter().all(|(_, _, to)| *to == FleetAudience::Driver(driver_of(7))), "{told:?}");
    let mut first = server.watch("/ws/tracking?company_id=default&last_event_id=0", &driver(8)).await;
    let mut statuses = Vec::new();
    while statuses.last().map(String::as_str) != Some("cancelled") {
        let message = first.next().await;
        if message["type"] == "trip_update" {
            assert_eq!(message["data"]["driver_id"], "8");
            statuses.push(message["data"]["status"].as_str().unwrap().to_owned());
        }
    }
    assert!(statuses.len() > 1, "{statuses:?}");
}

#[tokio::test]
async fn a_driver_reports_late_what_it_drove_and_nothing_of_others() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "van", "kind": "van", "label": "Van", "driver_id": 7})).await;
    let noon_ms = now_ms(&server);
    server.clock.turn(Duration::from_secs(3_600));
    let handed_over_ms = now_ms(&server);
    patch(&server, "/api/v1/vehicles/van", json!({"driver_id": 8})).await;
    server.clock.turn(Duration::from_secs(3_600));
    let report = async |number: i64, ms: i64| {
        let body = json!({"vehicle_id": "van", "latitude": 1, "longitude": 1, "timestamp": ms});
        server.post("/api/v1/positions", &driver(number), body).await.status().as_u16()
    };
    assert_eq!(report(7, noon_ms + 5_000).await, 201);
    assert_eq!(report(7, handed_over_ms + 600_000).await, 403);
    assert_eq!(report(8, noon_ms + 6_000).await, 403);
    assert_eq!(report(8, handed_over_ms - 60_000).await, 201, "a clock that is a little slow");
    assert_eq!(report(8, handed_over_ms + 600_000).await, 201);
    assert_eq!(report(9, handed_over_ms + 700_000).await, 403);
}

async fn what_a_moved_device_reports_belongs_to_the_vehicle_that_it_was_in(database: Database) {
    let server = database.start().await;
    for vehicle in ["bus", "car", "van"] {
        server.add_bus(vehicle).await;
    }
    let key = server.add_device("d", "bus").await;
    let times: Vec<i64> = {
        let mut times = vec![now_ms(&server)];
        for vehicle in ["car", "van"] {
            server.clock.turn(Duration::from_secs(600));
            times.push(now_ms(&server));
            patch(&server, "/api/v1/devices/d", json!({"vehicle_id": vehicle, "name": "Front"})).await;
        }
        server.clock.turn(Duration::from_secs(600));
        times
    };
    let send = async |positions: Value| {
        let request = server.http.post(format!("{}/api/v1/positions", server.url)).header("X-Device-Key", &key);
        request.json(&positions).send().await.unwrap()
    };
    let at = |ms: i64| json!({"latitude": 1, "longitude": 1, "timestamp": ms});
    let named = |vehicle: &str, ms: i64| {
        let mut position = at(ms);
        position["vehicle_id"] = json!(vehicle);
        position
    };
    // One batch, newest first, is of three vehicles.
    let around = |ms: i64| (at(ms + 10_000), at(ms - 10_000));
    let ((van, late_in_car), (car, bus)) = (around(times[2]), around(times[1]));
    let batch = json!([van, late_in_car, car, bus, at(times[0] - 86_400_000)]);
    let answer = json_of(send(batch).await, 201).await;
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(5), &json!([])), "{answer}");
    let counts = async || {
        let mut counts = Vec::new();
        for vehicle in ["bus", "car", "van"] {
            let path = format!("/api/v1/vehicles/{vehicle}/positions");
            counts.push(server.get_json(&path, &server.admin).await["items"].as_array().unwrap().len());
        }
        counts
    };
    assert_eq!(counts().await, [2, 2, 1]);
    // It may name a vehicle only for the time in which it was in it.
    let answer = json_of(send(json!([named("bus", times[0] + 1), named("van", times[0] + 2)])).await, 201).await;
    assert_eq!(answer["rejected"], json!([{"index": 1, "detail": "not your vehicle"}]), "{answer}");
    assert_eq!(send(named("bus", times[2] + 20_000)).await.status(), 403);
    assert_eq!(counts().await, [3, 2, 1]);

    // The same from a kiosk, whose location's id says of which bus it is.
    let ping = async |ms: i64| server.ping("d", &key, at(ms)).await;
    json_of(ping(times[1] + 20_000).await, 201).await;
    assert_eq!(counts().await, [3, 3, 1]);
    // Nothing is put into another vehicle instead of one that was removed.
    assert_eq!(server.call(Method::DELETE, "/api/v1/vehicles/car", &server.admin, None).await.status(), 204);
    server.add_bus("car").await;
    assert_eq!(ping(times[1] + 21_000).await.status(), 422);
    let answer = json_of(send(json!([at(times[1] + 22_000), at(times[2] + 22_000)])).await, 201).await;
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["index"]), (&json!(1), &json!(0)), "{answer}");
    assert_eq!(counts().await, [3, 0, 2]);

    let shown = server.get_json("/api/v1/devices/d", &server.admin).await;
    assert_eq!((&shown["id"], &shown["vehicle_id"], &shown["name"]), (&json!("d"), &json!("van"), &json!("Front")));
    for (body, status) in [
        (json!({"vehicle_id": "nowhere"}), 404),
        (json!({"vehicle_id": null}), 422),
        (json!({"vehicle": "bus"}), 422),
        (json!({"name": ""}), 422),
    ] {
        let answer = server.call(Method::PATCH, "/api/v1/devices/d", &server.admin, Some(body.clone())).await;
        assert_eq!(answer.status(), status, "{body}");
    }
    let answer = server.call(Method::PATCH, "/api/v1/devices/d", &driver(7), Some(json!({"name": null}))).await;
    assert_eq!(answer.status(), 403);
    patch(&server, "/api/v1/devices/d", json!({"name": null})).await;
    assert_eq!(server.get_json("/api/v1/devices/d", &server.admin).await["name"], Value::Null);
    // A device that is made anew under the same id has not been in the others.
    assert_eq!(server.call(Method::DELETE, "/api/v1/devices/d", &server.admin, None).await.status(), 204);
    let key = server.add_device("d", "van").await;
    json_of(server.ping("d", &key, at(times[0] + 30_000)).await, 201).await;
    assert_eq!(counts().await, [3, 0, 3]);
}
