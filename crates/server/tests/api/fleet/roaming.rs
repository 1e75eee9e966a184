//! Roaming fences: vehicles that come near each other meet, and part.

use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_domain::Timestamp;
use milepost_http::rfc3339;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both! {
    two_vehicles_meet_and_part_and_each_is_told_once,
    a_meeting_takes_as_long_as_the_fence_says,
    what_was_found_before_a_restart_is_not_told_again,
    an_approach_goes_on_over_a_restart,
    a_removed_vehicle_takes_its_encounters_along,
    a_fence_that_is_narrowed_and_widened_again_is_met_again,
    nobody_is_told_of_what_it_may_not_see,
}

/// Two hours before the day of the server began: old enough that the clock decides nothing, and not so old that it is removed.
fn begin_ms(server: &TestServer) -> i64 {
    server.clock.clock().now().unix_ms() / 86_400_000 * 86_400_000 - 7_200_000
}

/// So many seconds after the beginning, as the API writes it.
fn at(server: &TestServer, second: i64) -> String {
    rfc3339(Timestamp::from_unix_ms(begin_ms(server) + second * 1000).unwrap())
}

/// About a hundred metres in degrees of latitude.
const HUNDRED_M: f64 = 0.0009;

async fn report(server: &TestServer, vehicle: &str, latitude: f64, second: i64) {
    let fix = json!({
        "vehicle_id": vehicle, "latitude": latitude, "longitude": 2.35, "timestamp": begin_ms(server) + second * 1000,
    });
    json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
}

async fn add_fence(server: &TestServer, fence: Value) -> i64 {
    json_of(server.post("/api/v1/roaming-fences", &server.admin, fence).await, 201).await["id"].as_i64().unwrap()
}

/// What alerts tell of meetings, in the order in which they were raised, once there are so many.
async fn told(server: &TestServer, count: usize) -> Vec<String> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let page = server.get_json("/api/v1/alerts", &server.admin).await;
        let mut alerts = page["items"].as_array().unwrap().clone();
        // Their ids are in the order in which they were raised.
        alerts.sort_by_key(|alert| alert["id"].as_str().unwrap().to_owned());
        let told: Vec<String> = alerts
            .iter()
            .filter(|alert| alert["type"] == "geofence_violation")
            .map(|alert| {
                let data = &alert["data"];
                let [event, vehicle, other] =
                    ["event", "vehicle_id", "other_vehicle_id"].map(|name| data[name].as_str().unwrap());
                format!("{event} {vehicle} {other}")
            })
            .collect();
        if told.len() >= count {
            assert_eq!(told.len(), count, "{told:?}");
            return told;
        }
        assert!(tokio::time::Instant::now() < deadline, "{told:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn encounters(server: &TestServer, fence: i64) -> Vec<Value> {
    let page = server.get_json(&format!("/api/v1/roaming-fences/{fence}/encounters"), &server.admin).await;
    page["items"].as_array().unwrap().clone()
}

/// Waits until the newest encounter of a fence has ended. While fences that were changed are read again, only the last place of a
/// vehicle counts.
async fn parted(server: &TestServer, fence: i64) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while encounters(server, fence).await[0]["parted_at"].is_null() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn two_vehicles_meet_and_part_and_each_is_told_once(database: Database) {
    let server = database.start().await;
    for (id, kind) in [("b1", "bus"), ("b2", "bus"), ("van", "van")] {
        server.add_vehicle(json!({"id": id, "kind": kind, "label": id})).await;
    }
    report(&server, "b1", 48.0, 0).await;
    report(&server, "b2", 48.0 + HUNDRED_M, 0).await;
    report(&server, "van", 48.0 + 20.0 * HUNDRED_M, 0).await;
    // Those that are near each other meet at once. A van meets no bus of this fence.
    let buses = json!({"kinds": ["bus"]});
    let bunch = add_fence(&server, json!({"name": "bunching", "radius_m": 150, "vehicles": buses})).await;
    assert_eq!(told(&server, 1).await, ["meet b1 b2"]);
    report(&server, "van", 48.0, 60).await;
    // A second fence: the van with any bus, only when they meet.
    let vans = json!({"kinds": ["van"]});
    let vans = json!({"name": "van", "radius_m": 50, "vehicles": vans, "others": buses, "on": ["meet"]});
    let vans = add_fence(&server, vans).await;
    assert_eq!(told(&server, 2).await, ["meet b1 b2", "meet van b1"]);
    // They waver within the radius, and part beyond it.
    report(&server, "b2", 48.0 + 1.1 * HUNDRED_M, 120).await;
    report(&server, "b2", 48.0 + 10.0 * HUNDRED_M, 180).await;
    assert_eq!(told(&server, 3).await[2], "part b1 b2");
    report(&server, "b2", 48.0 + HUNDRED_M, 240).await;
    assert_eq!(told(&server, 4).await[3], "meet b1 b2");
    let listed = encounters(&server, bunch).await;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["parted_at"], &listed[1]["met_at"]), (&Value::Null, &json!(at(&server, 0))));
    assert_eq!(listed[1]["parted_at"], at(&server, 180));
    // Late positions and other tenants' eyes change nothing.
    report(&server, "b2", 48.0 + 10.0 * HUNDRED_M, 200).await;
    let (_, parent) = server.add_user(json!({"username": "p", "role": "parent"})).await;
    assert_eq!(server.get("/api/v1/roaming-fences", &parent).await.status(), 403);
    // A fence that does not concern them any more tells nothing.
    let path = format!("/api/v1/roaming-fences/{bunch}");
    let change = json!({"vehicles": {"vehicle_ids": ["b1"]}, "others": {"vehicle_ids": ["van"]}});
    json_of(server.call(Method::PATCH, &path, &server.admin, Some(change)).await, 200).await;
    assert_eq!(told(&server, 5).await[4], "meet b1 van");
    assert_eq!(server.call(Method::DELETE, &path, &server.admin, None).await.status(), 204);
    // The van's own fence goes on. It tells of meetings alone.
    report(&server, "b1", 48.1, 250).await;
    parted(&server, vans).await;
    report(&server, "van", 48.1 + 0.1 * HUNDRED_M, 400).await;
    assert_eq!(told(&server, 6).await[5], "meet van b1");
}

async fn a_meeting_takes_as_long_as_the_fence_says(database: Database) {
    let server = database.start().await;
    for id in ["a", "b"] {
        server.add_bus(id).await;
    }
    let buses = json!({"kinds": ["bus"]});
    let fence = add_fence(&server, json!({"name": "x", "radius_m": 100, "dwell_s": 60, "vehicles": buses})).await;
    // All fences are read together: once two others have met in a later one, this one is watched.
    for id in ["v", "w"] {
        server.add_vehicle(json!({"id": id, "kind": "van", "label": id})).await;
        report(&server, id, 49.0, 0).await;
    }
    add_fence(&server, json!({"name": "later", "radius_m": 100, "vehicles": {"kinds": ["van"]}})).await;
    assert_eq!(told(&server, 1).await, ["meet v w"]);
    report(&server, "a", 48.0, 0).await;
    report(&server, "b", 48.0, 0).await;
    // They part too early, which nobody is told.
    report(&server, "b", 48.0 + 5.0 * HUNDRED_M, 50).await;
    report(&server, "b", 48.0, 100).await;
    report(&server, "a", 48.0, 130).await;
    report(&server, "b", 48.0, 165).await;
    report(&server, "b", 48.0 + 5.0 * HUNDRED_M, 220).await;
    assert_eq!(told(&server, 3).await[1..], ["meet a b", "part a b"]);
    let listed = encounters(&server, fence).await;
    assert_eq!(listed.len(), 1);
    let times = ["began_at", "met_at", "parted_at"].map(|field| listed[0][field].as_str().unwrap());
    assert_eq!(times, [100, 165, 220].map(|second| at(&server, second)));
}

async fn what_was_found_before_a_restart_is_not_told_again(database: Database) {
    let server = database.start().await;
    for id in ["a", "b", "c"] {
        server.add_bus(id).await;
    }
    add_fence(&server, json!({"name": "x", "radius_m": 100})).await;
    report(&server, "a", 48.0, 0).await;
    report(&server, "b", 48.0, 10).await;
    assert_eq!(told(&server, 1).await, ["meet a b"]);
    let server = server.restart(&[]).await;
    // What changes now is told, what lasts is not.
    report(&server, "c", 48.0, 20).await;
    assert_eq!(told(&server, 3).await[1..].iter().filter(|told| told.starts_with("meet")).count(), 2);
    report(&server, "a", 48.0 + 5.0 * HUNDRED_M, 60).await;
    let parted = told(&server, 5).await;
    assert_eq!(parted[3..].iter().filter(|told| told.starts_with("part")).count(), 2, "{parted:?}");
}

async fn an_approach_goes_on_over_a_restart(database: Database) {
    let server = database.start().await;
    for id in ["a", "b"] {
        server.add_bus(id).await;
    }
    let fence = add_fence(&server, json!({"name": "x", "radius_m": 100, "dwell_s": 60})).await;
    add_fence(&server, json!({"name": "at once", "radius_m": 90})).await;
    report(&server, "a", 48.0, 0).await;
    report(&server, "b", 48.0, 0).await;
    // What is found in the wider fence is stored first.
    assert_eq!(told(&server, 1).await, ["meet a b"]);
    let server = server.restart(&[]).await;
    report(&server, "b", 48.0, 40).await;
    let server = server.restart(&[]).await;
    // They have been near since before both restarts.
    report(&server, "a", 48.0, 61).await;
    assert_eq!(told(&server, 2).await, ["meet a b", "meet a b"]);
    let listed = encounters(&server, fence).await;
    let times = ["began_at", "met_at"].map(|field| listed[0][field].as_str().unwrap());
    assert_eq!(times, [0, 61].map(|second| at(&server, second)));
}

async fn a_removed_vehicle_takes_its_encounters_along(database: Database) {
    let server = database.start().await;
    for id in ["a", "b"] {
        server.add_bus(id).await;
    }
    let fence = add_fence(&server, json!({"name": "x", "radius_m": 100, "vehicles": {"kinds": ["bus"]}})).await;
    report(&server, "a", 48.0, 0).await;
    report(&server, "b", 48.0, 10).await;
    assert_eq!(told(&server, 1).await, ["meet a b"]);
    assert_eq!(server.call(Method::DELETE, "/api/v1/vehicles/b", &server.admin, None).await.status(), 204);
    assert!(encounters(&server, fence).await.is_empty());
    // Another vehicle of that name is another vehicle. Whoever is told last has met it.
    server.add_bus("b").await;
    report(&server, "a", 48.0, 20).await;
    report(&server, "b", 48.0, 30).await;
    assert_eq!(told(&server, 2).await[1], "meet a b");
    assert_eq!(encounters(&server, fence).await.len(), 1);
}

async fn a_fence_that_is_narrowed_and_widened_again_is_met_again(database: Database) {
    let server = database.start().await;
    for id in ["a", "b"] {
        server.add_bus(id).await;
    }
    let fence = add_fence(&server, json!({"name": "x", "radius_m": 100})).await;
    report(&server, "a", 48.0, 0).await;
    report(&server, "b", 48.0, 10).await;
    assert_eq!(told(&server, 1).await, ["meet a b"]);
    let path = format!("/api/v1/roaming-fences/{fence}");
    for kinds in [json!(["van"]), json!(["bus"])] {
        let change = json!({"vehicles": {"kinds": kinds}});
        json_of(server.call(Method::PATCH, &path, &server.admin, Some(change)).await, 200).await;
        if kinds == json!(["van"]) {
            parted(&server, fence).await;
        }
    }
    assert_eq!(told(&server, 2).await, ["meet a b", "meet a b"]);
}

async fn nobody_is_told_of_what_it_may_not_see(database: Database) {
    let server = database.start().await;
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "blue", "name": "blue"})).await, 201).await;
    let (_, blue) = server.add_user(json!({"username": "blue", "role": "admin", "tenant": "blue"})).await;
    let (driver_id, driver) = server.add_user(json!({"username": "d", "role": "driver"})).await;
    server.add_vehicle(json!({"id": "a", "kind": "bus", "label": "a", "driver_id": driver_id})).await;
    server.add_bus("b").await;
    let of_blue = json!({"id": "c", "kind": "bus", "label": "c"});
    json_of(server.post("/api/v1/vehicles", &blue, of_blue).await, 201).await;
    add_fence(&server, json!({"name": "x", "radius_m": 100})).await;
    json_of(server.post("/api/v1/roaming-fences", &blue, json!({"name": "blue", "radius_m": 100})).await, 201).await;
    report(&server, "a", 48.0, 0).await;
    let fix = json!({"vehicle_id": "c", "latitude": 48.0, "longitude": 2.35, "timestamp": begin_ms(&server)});
    json_of(server.post("/api/v1/positions", &blue, fix).await, 201).await;
    // Both tenants' fences hold all vehicles, and those of one tenant do not meet those of the other.
    report(&server, "b", 48.0, 10).await;
    assert_eq!(told(&server, 1).await, ["meet a b"]);
    assert_eq!(server.get_json("/api/v1/alerts", &blue).await["items"], json!([]));
    // A driver who sees its own bus alone is not told where another one is.
    assert_eq!(server.get_json("/api/v1/alerts", &driver).await["items"], json!([]));
    for path in ["/api/v1/roaming-fences", "/api/v1/roaming-fences/1/encounters"] {
        assert_eq!(server.get(path, &driver).await.status(), 403, "{path}");
    }
    let mine = json!({"name": "mine", "radius_m": 100});
    assert_eq!(server.post("/api/v1/roaming-fences", &driver, mine).await.status(), 403);
}
