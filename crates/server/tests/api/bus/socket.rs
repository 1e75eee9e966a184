//! Section 4.1 of the contract: which viewer sees which bus, when, and how the socket ends.

use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_parent_sees_only_its_buses() {
    let server = TestServer::start().await;
    for bus in ["b1", "b2", "b3"] {
        server.add_bus(bus).await;
        server.report(bus, 1.0, 1.0, "2025-01-15T10:00:00Z").await;
    }
    let (_, parent) =
        server.add_user(json!({"username": "pa", "role": "parent", "vehicle_ids": ["b2", "later"]})).await;
    let mut watcher = server.watch("/ws/bus-tracking/", &parent).await;
    assert_eq!(watcher.next_bus().await, "b2");
    // Subscribing to a bus does not give the right to see it.
    watcher.send(json!({"type": "subscribe", "bus_ids": ["b1", "b2"], "routes": []})).await;
    watcher.settle().await;
    for bus in ["b1", "b3", "b2"] {
        server.report(bus, 2.0, 2.0, "2025-01-15T10:00:01Z").await;
    }
    assert_eq!(watcher.next_bus().await, "b2");
    watcher.send(json!({"type": "replay_request", "minutes": 10})).await;
    for _ in 0..2 {
        assert_eq!(watcher.next_bus().await, "b2");
    }
    assert_eq!(watcher.next().await, json!({"type": "replay_complete", "count": 2}));
    // A bus on the viewer's list is sent as soon as it exists.
    watcher.send(json!({"type": "subscribe", "bus_ids": [], "routes": []})).await;
    server.add_bus("later").await;
    server.report("later", 2.0, 2.0, "2025-01-15T10:00:01Z").await;
    assert_eq!(watcher.next_bus().await, "later");
}

#[tokio::test]
async fn a_driver_follows_its_vehicle_and_loses_it_with_the_job() {
    let server = TestServer::start().await;
    let (id, driver) = server.add_user(json!({"username": "dan", "role": "driver"})).await;
    server.add_vehicle(json!({"id": "mine", "kind": "bus", "label": "m", "driver_id": id})).await;
    server.add_bus("other").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &driver).await;
    watcher.settle().await;
    server.report("other", 1.0, 1.0, "2025-01-15T10:00:00Z").await;
    server.report("mine", 1.0, 1.0, "2025-01-15T10:00:00Z").await;
    assert_eq!(watcher.next_bus().await, "mine");
    let patch = json!({"driver_id": null});
    server.call(Method::PATCH, "/api/v1/vehicles/mine", &server.admin, Some(patch)).await;
    assert_eq!(watcher.close_code().await, 1012);
}

#[tokio::test]
async fn older_positions_are_stored_and_not_published() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    server.report("b1", 2.0, 0.0, "2020-01-01T00:00:02Z").await;
    server.report("b1", 1.0, 0.0, "2020-01-01T00:00:01Z").await;
    server.report("b1", 2.0, 0.0, "2020-01-01T00:00:02Z").await;
    server.report("b1", 3.0, 0.0, "2020-01-01T00:00:03Z").await;
    assert_eq!(watcher.next().await["data"]["latitude"], 2.0);
    assert_eq!(watcher.next().await["data"]["latitude"], 3.0);
    let track = server.get_json("/api/v1/vehicles/b1/positions", &server.admin).await;
    assert_eq!(track["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_batch_is_published_in_the_order_of_time() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    watcher.settle().await;
    let batch: Vec<_> = [3, 1, 2]
        .map(|s| json!({"vehicle_id": "b1", "latitude": s, "longitude": 0, "timestamp": 1_700_000_000 + s}))
        .to_vec();
    json_of(server.post("/api/v1/positions", &server.admin, Value::Array(batch)).await, 201).await;
    for latitude in [1.0, 2.0, 3.0] {
        assert_eq!(watcher.next().await["data"]["latitude"], latitude);
    }
}

#[tokio::test]
async fn a_changed_status_is_published_with_the_last_position() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    server.report("b1", 2.0, 0.0, "2020-01-01T00:00:02Z").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    assert_eq!(watcher.next().await["data"]["status"], "active");
    let patch = json!({"status": "delayed"});
    server.call(Method::PATCH, "/api/v1/vehicles/b1", &server.admin, Some(patch)).await;
    assert_eq!(watcher.next().await["data"]["status"], "delayed");
}

#[tokio::test]
async fn presence_counts_open_sockets() {
    let server = TestServer::start().await;
    let mut first = server.watch("/ws/bus-tracking/?presence=1", &server.admin).await;
    assert_eq!(first.next().await, json!({"type": "presence", "data": {"viewing": 1}}));
    let second = server.watch("/ws/bus-tracking/", &server.admin).await;
    assert_eq!(first.next().await, json!({"type": "presence", "data": {"viewing": 2}}));
    drop(second);
    assert_eq!(first.next().await, json!({"type": "presence", "data": {"viewing": 1}}));
}

#[tokio::test]
async fn a_message_that_is_too_long_closes_with_1009() {
    let server = TestServer::start().await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    watcher.send_text(&format!("{{\"type\":\"ping\",\"x\":\"{}\"}}", "x".repeat(4_050))).await;
    assert_eq!(watcher.next().await, json!({"type": "pong"}));
    watcher.send_text(&"x".repeat(4_097)).await;
    assert_eq!(watcher.close_code().await, 1009);
}

#[tokio::test]
async fn the_echo_route_exists_only_when_it_is_configured() {
    let server = TestServer::start().await;
    assert_eq!(server.try_watch("/ws/echo", &[]).await.err().unwrap(), 404);
    let server = TestServer::start_with(&[("MILEPOST_ECHO", "1")]).await;
    let mut echo = server.try_watch("/ws/echo", &[]).await.unwrap();
    let long = "ä".repeat(1 << 20);
    echo.send_text(&long).await;
    assert_eq!(echo.next_text().await, long);
}

#[tokio::test]
async fn a_value_that_a_phone_does_not_know_costs_the_value_and_not_the_place() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    watcher.settle().await;
    let ping = json!({"latitude": 1.5, "longitude": 2, "speed": -1, "heading": -1, "accuracy": -1});
    let answer = json_of(server.ping("k1", &key, ping).await, 201).await;
    assert_eq!((&answer["speed"], &answer["accuracy"]), (&json!(-1.0), &json!(-1.0)), "as it was sent");
    let update = watcher.next().await;
    assert_eq!((&update["data"]["speed"], &update["data"]["heading"]), (&json!(0.0), &json!(0.0)), "{update}");
    let track = server.get_json("/api/v1/vehicles/b1/positions", &server.admin).await;
    assert_eq!((&track["items"][0]["speed"], &track["items"][0]["accuracy"]), (&json!(null), &json!(null)), "{track}");
    for (place, status) in [(json!(91), 422), (json!("north"), 422)] {
        let ping = json!({"latitude": place, "longitude": 2, "speed": -1});
        assert_eq!(server.ping("k1", &key, ping).await.status(), status);
    }
}
