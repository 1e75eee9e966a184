//! Subscriptions to vehicles: a snapshot, `ready`, and changes, each vehicle once.

use super::support::LiveClient;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

const T0: i64 = 1_750_000_000_000;

/// A fix of a vehicle, some seconds after [`T0`].
async fn report(server: &TestServer, id: &str, seconds: i64) {
    let fix = json!({
        "vehicle_id": id, "latitude": 48.123_456_7, "longitude": 2.5, "speed": 31.54, "heading": 88,
        "timestamp": T0 + seconds * 1000,
    });
    json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
}

async fn change(server: &TestServer, id: &str, change: Value) {
    json_of(server.call(Method::PATCH, &format!("/api/v1/vehicles/{id}"), &server.admin, Some(change)).await, 200)
        .await;
}

async fn remove(server: &TestServer, id: &str) {
    let removed = server.call(Method::DELETE, &format!("/api/v1/vehicles/{id}"), &server.admin, None).await;
    assert_eq!(removed.status(), 204);
}

#[tokio::test]
async fn a_snapshot_comes_before_ready_and_changes_after_it() {
    let server = TestServer::start().await;
    server
        .add_vehicle(json!({ "id": "b1", "kind": "bus", "label": "7 Nord", "license_plate": "P-1", "route": "12" }))
        .await;
    server.add_bus("b2").await;
    report(&server, "b1", 0).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    let ready = client.sub(json!({ "s": 1, "to": "vehicles" })).await;
    assert_eq!(ready["count"], 2);
    let place = json!({ "lat": 48.123457, "lon": 2.5, "speed": 31.5, "heading": 88.0, "t": T0 });
    let b1 = json!({
        "id": "b1", "n": client.vehicles["b1"]["n"], "kind": "bus", "label": "7 Nord", "license_plate": "P-1", "route": "12", "status": "active",
        "driver_id": null, "place": place,
    });
    assert_eq!(client.vehicles["b1"], b1);
    assert_eq!(client.vehicles["b2"]["place"], json!(null));
    report(&server, "b2", 5).await;
    client.until_at("b2", T0 + 5000).await;
    change(&server, "b1", json!({ "label": "7 Süd" })).await;
    client.until(|message| message["op"] == "vehicles").await;
    assert_eq!((&client.vehicles["b1"]["label"], &client.vehicles["b1"]["place"]), (&json!("7 Süd"), &place));
    server.add_bus("b3").await;
    client.until(|message| message["op"] == "vehicles").await;
    remove(&server, "b1").await;
    client.until(|message| message["op"] == "gone").await;
    assert_eq!(client.ids(), ["b2", "b3"]);
}

#[tokio::test]
async fn overlapping_subscriptions_tell_nothing_twice() {
    let server = TestServer::start().await;
    for (id, kind, route) in [("b1", "bus", "12"), ("b2", "bus", "13"), ("v1", "van", "12")] {
        server.add_vehicle(json!({ "id": id, "kind": kind, "label": id, "route": route })).await;
    }
    let mut client = LiveClient::open(&server, &server.admin).await;
    assert_eq!(client.sub(json!({ "s": 1, "to": "vehicles", "ids": ["b1", "none"] })).await["count"], 1);
    assert_eq!(client.sub(json!({ "s": 2, "to": "vehicles", "routes": ["12"] })).await["count"], 2);
    assert_eq!(client.sub(json!({ "s": 3, "to": "vehicles", "kinds": ["bus"] })).await["count"], 2);
    assert_eq!(client.sub(json!({ "s": 4, "to": "vehicles" })).await["count"], 3);
    assert_eq!(client.told, 3);
    report(&server, "b1", 1).await;
    client.until_at("b1", T0 + 1000).await;
    client.settle().await;
    assert_eq!(client.told, 4);
    // What no subscription names any more is gone.
    for (s, left) in [(4, vec!["b1", "b2", "v1"]), (2, vec!["b1", "b2"]), (3, vec!["b1"]), (1, vec![])] {
        client.send(json!({ "op": "unsub", "s": s })).await;
        client.until(|message| message["op"] == "ended").await;
        assert_eq!(client.ids(), left);
    }
    report(&server, "b1", 2).await;
    let told = client.told;
    client.settle().await;
    assert_eq!(client.told, told);
}

#[tokio::test]
async fn a_vehicle_that_changes_its_route_leaves_one_subscription_and_joins_another() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({ "id": "b1", "kind": "bus", "label": "B", "route": "12" })).await;
    report(&server, "b1", 0).await;
    let mut of_12 = LiveClient::open(&server, &server.admin).await;
    let mut of_13 = LiveClient::open(&server, &server.admin).await;
    let mut of_id = LiveClient::open(&server, &server.admin).await;
    let mut of_both = LiveClient::open(&server, &server.admin).await;
    of_12.sub(json!({ "s": 1, "to": "vehicles", "routes": ["12"] })).await;
    of_13.sub(json!({ "s": 1, "to": "vehicles", "routes": ["13"] })).await;
    of_id.sub(json!({ "s": 1, "to": "vehicles", "ids": ["b1"] })).await;
    of_both.sub(json!({ "s": 1, "to": "vehicles", "routes": ["12"] })).await;
    of_both.sub(json!({ "s": 2, "to": "vehicles", "kinds": ["bus"] })).await;
    let (_, token) = server.add_user(json!({ "username": "dad", "role": "parent", "vehicle_ids": ["b1"] })).await;
    let mut parent_of_12 = LiveClient::open(&server, &token).await;
    parent_of_12.sub(json!({ "s": 1, "to": "vehicles", "routes": ["12"] })).await;
    assert_eq!(parent_of_12.ids(), ["b1"]);
    change(&server, "b1", json!({ "route": "13" })).await;
    for leaving in [&mut of_12, &mut parent_of_12] {
        leaving.until(|message| message["op"] == "gone").await;
        assert_eq!(leaving.ids(), Vec::<&str>::new());
    }
    for staying in [&mut of_13, &mut of_id, &mut of_both] {
        staying.until(|message| message["op"] == "vehicles").await;
        assert_eq!(staying.vehicles["b1"]["route"], "13");
        assert_eq!(staying.vehicles["b1"]["place"]["t"], T0);
    }
    report(&server, "b1", 1).await;
    of_13.until_at("b1", T0 + 1000).await;
    of_both.until_at("b1", T0 + 1000).await;
    let told = of_12.told;
    of_12.settle().await;
    assert_eq!(of_12.told, told);
}

#[tokio::test]
async fn each_sees_only_what_it_may_see() {
    let server = TestServer::start().await;
    json_of(server.post("/api/v1/tenants", &server.admin, json!({ "id": "acme", "name": "Acme" })).await, 201).await;
    let (driver_id, driver) = server.add_user(json!({ "username": "dan", "role": "driver" })).await;
    for id in ["b1", "b2", "b3"] {
        server.add_bus(id).await;
    }
    server.add_vehicle(json!({ "id": "a1", "kind": "bus", "label": "A", "tenant": "acme" })).await;
    change(&server, "b2", json!({ "driver_id": driver_id })).await;
    let (_, parent) =
        server.add_user(json!({ "username": "mum", "role": "parent", "vehicle_ids": ["b1", "later"] })).await;
    let (_, acme) = server.add_user(json!({ "username": "eve", "role": "admin", "tenant": "acme" })).await;
    let (_, cadet) = server.add_user(json!({ "username": "cat", "role": "cadet" })).await;
    let all = json!({ "s": 1, "to": "vehicles" });
    let mut parent = LiveClient::open(&server, &parent).await;
    let mut driver = LiveClient::open(&server, &driver).await;
    let mut acme = LiveClient::open(&server, &acme).await;
    let mut boss = LiveClient::greet(
        server.try_watch("/ws", &[]).await.unwrap(),
        json!({ "op": "hello", "token": server.admin, "tenant": "acme" }),
    )
    .await;
    for (client, expected) in
        [(&mut parent, vec!["b1"]), (&mut driver, vec!["b2"]), (&mut acme, vec!["a1"]), (&mut boss, vec!["a1"])]
    {
        client.sub(all.clone()).await;
        assert_eq!(client.ids(), expected);
        let named = client.sub(json!({ "s": 2, "to": "vehicles", "ids": ["b3", "b1"] })).await;
        assert_eq!(named["count"], i32::from(expected == ["b1"]));
    }
    assert_eq!(LiveClient::open(&server, &cadet).await.refused(all).await["code"], "forbidden");
    for id in ["b1", "b2", "b3"] {
        report(&server, id, 1).await;
    }
    server.add_bus("later").await;
    parent.until_at("b1", T0 + 1000).await;
    parent.until(|message| message["op"] == "vehicles").await;
    assert_eq!(parent.ids(), ["b1", "later"]);
    driver.until_at("b2", T0 + 1000).await;
    for client in [&mut driver, &mut acme, &mut boss] {
        client.settle().await;
        assert_eq!(client.vehicles.len(), 1);
    }
    // Another driver: the connection ends, and the next one shows what is left.
    change(&server, "b2", json!({ "driver_id": null })).await;
    let bye = driver.until(|message| message["op"] == "bye").await;
    assert_eq!((&bye["why"], bye["retry_ms"].is_array()), (&json!("access_changed"), true));
    assert_eq!(driver.socket.close_code().await, 1012);
}
