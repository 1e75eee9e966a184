//! Views of the map: what comes in is told, what goes out is known by its place.

use super::support::LiveClient;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

const T0: i64 = 1_750_000_000_000;

/// Fixes of several vehicles at once, some seconds after [`T0`].
async fn report(server: &TestServer, fixes: &[(&str, f64, f64)], seconds: i64) {
    let fixes: Vec<Value> = fixes
        .iter()
        .map(|(id, latitude, longitude)| {
            json!({
                "vehicle_id": id, "latitude": latitude, "longitude": longitude, "timestamp": T0 + seconds * 1000,
            })
        })
        .collect();
    json_of(server.post("/api/v1/positions", &server.admin, json!(fixes)).await, 201).await;
}

async fn add(server: &TestServer, ids: &[&str]) {
    for id in ids {
        server.add_vehicle(json!({ "id": id, "kind": "bus", "label": id })).await;
    }
}

fn view(s: u32, edges: [f64; 4]) -> Value {
    json!({ "s": s, "to": "view", "box": edges, "batch_ms": 0 })
}

#[tokio::test]
async fn vehicles_come_into_a_view_with_all_that_is_known_and_leave_it_by_their_place() {
    let server = TestServer::start().await;
    add(&server, &["in", "out", "placeless"]).await;
    report(&server, &[("in", 48.5, 2.5), ("out", 50.0, 2.5)], 0).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    let ready = client.sub(view(1, [2.0, 48.0, 3.0, 49.0])).await;
    assert_eq!((&ready["count"], client.ids()), (&json!(1), vec!["in"]));
    assert_eq!(client.covers[&1], [1.85, 47.85, 3.15, 49.15]);
    // It comes in.
    report(&server, &[("out", 48.9, 2.6)], 10).await;
    client.until_at("out", T0 + 10_000).await;
    assert_eq!(client.vehicles["out"]["label"], "out");
    // It moves within, into the margin, and out.
    let told = client.told;
    report(&server, &[("out", 49.1, 2.6)], 20).await;
    client.until_at("out", T0 + 20_000).await;
    assert_eq!(client.told, told + 1);
    report(&server, &[("out", 49.9, 2.6)], 30).await;
    client.until(|message| message["op"] == "at").await;
    assert_eq!(client.ids(), ["in"]);
    // Outside it is not told of any more.
    let told = client.told;
    report(&server, &[("out", 49.95, 2.6)], 40).await;
    client.settle().await;
    assert_eq!(client.told, told);
    // A removed one and a changed one.
    let change = json!({ "label": "7 Nord" });
    json_of(server.call(Method::PATCH, "/api/v1/vehicles/in", &server.admin, Some(change)).await, 200).await;
    client.until(|message| message["op"] == "vehicles").await;
    assert_eq!(client.vehicles["in"]["label"], "7 Nord");
    server.call(Method::DELETE, "/api/v1/vehicles/in", &server.admin, None).await;
    client.until(|message| message["op"] == "gone").await;
    assert_eq!(client.ids(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_moved_view_begins_anew() {
    let server = TestServer::start().await;
    add(&server, &["a", "b", "c"]).await;
    report(&server, &[("a", 48.5, 2.1), ("b", 48.5, 2.9), ("c", 48.5, 3.9)], 0).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.sub(view(1, [2.0, 48.0, 3.0, 49.0])).await;
    assert_eq!((client.ids(), client.told), (vec!["a", "b"], 2));
    // Within the margin nothing changes.
    client.send(json!({ "op": "view", "s": 1, "box": [2.1, 48.0, 3.1, 49.0] })).await;
    client.until(|message| message["op"] == "covers").await;
    assert_eq!((client.ids(), client.told), (vec!["a", "b"], 2));
    client.send(json!({ "op": "view", "s": 1, "box": [2.8, 48.0, 4.0, 49.0] })).await;
    let ready = client.until(|message| message["op"] == "ready").await;
    assert_eq!((&ready["count"], client.ids(), client.told), (&json!(2), vec!["b", "c"], 4));
    report(&server, &[("a", 48.5, 2.2), ("c", 48.5, 3.8)], 10).await;
    client.until_at("c", T0 + 10_000).await;
    client.settle().await;
    assert_eq!(client.told, 5);
    // Another subscription keeps what is out of the view.
    client.sub(json!({ "s": 2, "to": "vehicles", "ids": ["a"] })).await;
    assert_eq!(client.ids(), ["a", "b", "c"]);
    report(&server, &[("a", 48.5, 3.5)], 20).await;
    client.until_at("a", T0 + 20_000).await;
    client.settle().await;
    assert_eq!(client.told, 7);
    client.send(json!({ "op": "unsub", "s": 1 })).await;
    client.until(|message| message["op"] == "ended").await;
    assert_eq!(client.ids(), ["a"]);
    let refused = client.refused(json!({ "s": 3, "to": "view", "box": [1.0, 2.0] })).await;
    assert_eq!(refused["code"], "invalid");
}

#[tokio::test]
async fn a_view_may_hold_the_antimeridian_and_the_whole_world() {
    let server = TestServer::start().await;
    add(&server, &["east", "west", "far", "pole"]).await;
    let places = [("east", -17.0, 179.9), ("west", -17.0, -179.9), ("far", -17.0, 0.0), ("pole", 89.9, 10.0)];
    report(&server, &places, 0).await;
    let mut fiji = LiveClient::open(&server, &server.admin).await;
    fiji.sub(view(1, [179.5, -18.0, -179.5, -16.0])).await;
    assert_eq!(fiji.ids(), ["east", "west"]);
    let mut world = LiveClient::open(&server, &server.admin).await;
    world.sub(view(1, [-180.0, -90.0, 180.0, 90.0])).await;
    assert_eq!(world.ids(), ["east", "far", "pole", "west"]);
    // Over the line and back.
    report(&server, &[("east", -17.0, -179.95), ("far", -17.0, 179.99)], 10).await;
    fiji.until_at("east", T0 + 10_000).await;
    fiji.until_at("far", T0 + 10_000).await;
    world.until_at("far", T0 + 10_000).await;
    report(&server, &[("west", -17.0, -170.0)], 20).await;
    fiji.until(|message| message["op"] == "at").await;
    assert_eq!(fiji.ids(), ["east", "far"]);
    world.until_at("west", T0 + 20_000).await;
}

#[tokio::test]
async fn a_parent_sees_only_its_own_in_a_view() {
    let server = TestServer::start().await;
    add(&server, &["mine", "other"]).await;
    let (_, token) = server.add_user(json!({ "username": "dad", "role": "parent", "vehicle_ids": ["mine"] })).await;
    report(&server, &[("mine", 48.5, 2.5), ("other", 48.5, 2.5)], 0).await;
    let mut parent = LiveClient::open(&server, &token).await;
    parent.sub(view(1, [2.0, 48.0, 3.0, 49.0])).await;
    assert_eq!(parent.ids(), ["mine"]);
    report(&server, &[("mine", 60.0, 2.5), ("other", 60.0, 2.5)], 10).await;
    parent.until(|message| message["op"] == "at").await;
    report(&server, &[("other", 48.6, 2.5), ("mine", 48.6, 2.5)], 20).await;
    parent.until_at("mine", T0 + 20_000).await;
    parent.settle().await;
    assert_eq!(parent.ids(), ["mine"]);
}

#[tokio::test]
async fn places_wait_for_each_other_as_long_as_the_client_says() {
    let server = TestServer::start().await;
    add(&server, &["a", "b"]).await;
    report(&server, &[("a", 48.5, 2.5), ("b", 48.5, 2.5)], 0).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.sub(json!({ "s": 1, "to": "view", "box": [2.0, 48.0, 3.0, 49.0], "batch_ms": 60_000 })).await;
    // It comes after the other, and so it is told after it.
    let mut at_once = LiveClient::open(&server, &server.admin).await;
    at_once.sub(json!({ "s": 1, "to": "view", "box": [2.0, 48.0, 3.0, 49.0], "batch_ms": 0 })).await;
    for seconds in 1..=5 {
        report(&server, &[("a", 48.5, 2.5)], seconds).await;
        report(&server, &[("b", 48.5, 2.5)], seconds).await;
    }
    at_once.until_at("a", T0 + 5_000).await;
    at_once.until_at("b", T0 + 5_000).await;
    client.settle().await;
    assert_eq!(client.told, 2, "they wait");
    server.clock.turn(std::time::Duration::from_secs(60));
    let at = client.until(|message| message["op"] == "at").await;
    assert_eq!(at["p"].as_array().unwrap().len(), 2);
    assert_eq!((&at["p"][0]["t"], &at["p"][1]["t"]), (&json!(T0 + 5000), &json!(T0 + 5000)), "the newest alone");
}
