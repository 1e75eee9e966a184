//! The vehicles nearest to a place and those in a region, followed as they move.

use super::support::LiveClient;
use crate::support::{PATIENCE, TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

const T0: i64 = 1_750_000_000_000;

async fn report(server: &TestServer, fixes: &[(&str, f64, f64)], seconds: i64) {
    let fix = |(id, latitude, longitude): &(&str, f64, f64)| json!({ "vehicle_id": id, "latitude": latitude, "longitude": longitude, "timestamp": T0 + seconds * 1000 });
    let fixes: Vec<Value> = fixes.iter().map(fix).collect();
    json_of(server.post("/api/v1/positions", &server.admin, json!(fixes)).await, 201).await;
}

async fn add(server: &TestServer, ids: &[&str]) {
    for id in ids {
        server.add_vehicle(json!({ "id": id, "kind": "bus", "label": id, "route": "12" })).await;
    }
}

/// Waits until a subscription has these members, and the client holds these vehicles.
async fn until_members(client: &mut LiveClient, s: u64, members: &[&str], held: &[&str]) {
    let is_so = |client: &LiveClient| {
        client.members.get(&s).is_some_and(|ids| ids.iter().map(String::as_str).eq(members.iter().copied()))
            && client.ids() == held
    };
    // Something always comes: the connection says that it is alive.
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so(client) {
            let message = client.socket.next().await;
            client.take(&message);
        }
    });
    assert!(waited.await.is_ok(), "{:?} instead of {members:?} and {held:?}", client.ids());
}

#[tokio::test]
async fn the_nearest_stay_true_as_vehicles_move() {
    let server = TestServer::start().await;
    add(&server, &["a", "b", "c", "placeless"]).await;
    report(&server, &[("a", 0.0, 179.99), ("b", 0.0, -179.98), ("c", 0.0, -179.95)], 0).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    let ready = client.sub(json!({ "s": 1, "to": "near", "lat": 0, "lon": 180, "limit": 2 })).await;
    assert_eq!((&ready["count"], client.ids()), (&json!(2), vec!["a", "b"]));
    assert_eq!(client.members[&1].len(), 2);
    // Another one comes nearer than one of them.
    report(&server, &[("c", 0.0, -179.995)], 600).await;
    until_members(&mut client, 1, &["a", "c"], &["a", "c"]).await;
    assert_eq!(client.vehicles["c"]["place"]["t"], T0 + 600_000);
    // A move of a member comes at once, and a move of another one does not come at all.
    report(&server, &[("a", 0.0, 179.991)], 20).await;
    client.until_at("a", T0 + 20_000).await;
    let told = client.told;
    report(&server, &[("b", 0.0, -179.97)], 20).await;
    client.settle().await;
    assert_eq!(client.told, told);
    // One goes away, and one is removed.
    report(&server, &[("a", 10.0, 170.0)], 86_400).await;
    until_members(&mut client, 1, &["b", "c"], &["b", "c"]).await;
    assert_eq!(client.vehicles["b"]["place"]["t"], T0 + 20_000);
    server.call(Method::DELETE, "/api/v1/vehicles/c", &server.admin, None).await;
    until_members(&mut client, 1, &["a", "b"], &["a", "b"]).await;
    client.send(json!({ "op": "unsub", "s": 1 })).await;
    client.until(|message| message["op"] == "ended").await;
    assert!(client.ids().is_empty());
}

#[tokio::test]
async fn a_region_is_followed_beside_other_subscriptions_and_no_vehicle_twice() {
    let server = TestServer::start().await;
    add(&server, &["in", "out"]).await;
    server.add_vehicle(json!({ "id": "van", "kind": "van", "label": "van" })).await;
    report(&server, &[("in", 48.5, 2.5), ("out", 50.0, 2.5), ("van", 48.5, 2.6)], 0).await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.sub(json!({ "s": 1, "to": "vehicles", "ids": ["in"] })).await;
    let within = json!({ "s": 2, "to": "within", "box": [2, 48, 3, 49], "kinds": ["bus"] });
    assert_eq!(client.sub(within).await["count"], 1);
    assert_eq!((client.told, client.ids()), (1, vec!["in"]));
    report(&server, &[("out", 48.9, 2.5)], 10).await;
    until_members(&mut client, 2, &["in", "out"], &["in", "out"]).await;
    // It leaves the region, and the other subscription keeps it.
    report(&server, &[("in", 49.9, 2.5)], 20).await;
    until_members(&mut client, 2, &["out"], &["in", "out"]).await;
    let told = client.told;
    report(&server, &[("in", 49.8, 2.5)], 30).await;
    client.until_at("in", T0 + 30_000).await;
    assert_eq!(client.told, told + 1);
    // A view and a region.
    client.sub(json!({ "s": 3, "to": "view", "box": [2, 48, 3, 48.7], "batch_ms": 0 })).await;
    assert_eq!(client.ids(), ["in", "out", "van"]);
    report(&server, &[("out", 48.6, 2.5)], 40).await;
    client.until_at("out", T0 + 40_000).await;
    report(&server, &[("out", 10.0, 2.5)], 50).await;
    until_members(&mut client, 2, &[], &["in", "van"]).await;
    report(&server, &[("out", 48.6, 2.5)], 60).await;
    until_members(&mut client, 2, &["out"], &["in", "out", "van"]).await;
    client.send(json!({ "op": "unsub", "s": 2 })).await;
    client.until(|message| message["op"] == "ended").await;
    assert_eq!(client.ids(), ["in", "out", "van"]);
}

#[tokio::test]
async fn a_geofence_is_followed_as_it_is_changed_and_until_it_is_removed() {
    let server = TestServer::start().await;
    add(&server, &["a", "b"]).await;
    report(&server, &[("a", 48.5, 2.5), ("b", 48.51, 2.5)], 0).await;
    let fence =
        json!({ "name": "depot", "geometry": { "type": "Point", "coordinates": [2.5, 48.5] }, "radius_m": 500 });
    let fence = json_of(server.post("/api/v1/geofences", &server.admin, fence).await, 201).await["id"].clone();
    let path = format!("/api/v1/geofences/{fence}");
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.sub(json!({ "s": 1, "to": "within", "geofence": fence })).await;
    assert_eq!(client.ids(), ["a"]);
    let wide = json!({ "radius_m": 2000 });
    json_of(server.call(Method::PATCH, &path, &server.admin, Some(wide)).await, 200).await;
    until_members(&mut client, 1, &["a", "b"], &["a", "b"]).await;
    assert_eq!(server.call(Method::DELETE, &path, &server.admin, None).await.status(), 204);
    let error = client.until(|message| message["op"] == "error").await;
    assert_eq!((&error["s"], &error["code"]), (&json!(1), &json!("not_found")));
    assert!(client.ids().is_empty());
    // The number is free again.
    let polygon =
        json!({ "type": "Polygon", "coordinates": [[[2.4, 48.4], [2.6, 48.4], [2.6, 48.505], [2.4, 48.505]]] });
    client.members.clear();
    client.sub(json!({ "s": 1, "to": "within", "geometry": polygon })).await;
    assert_eq!(client.ids(), ["a"]);
}

#[tokio::test]
async fn a_viewer_finds_its_own_vehicles_only_and_what_is_no_question_is_refused() {
    let server = TestServer::start().await;
    add(&server, &["mine", "other"]).await;
    report(&server, &[("mine", 48.5, 2.5), ("other", 48.5, 2.5)], 0).await;
    let (_, parent) = server.add_user(json!({ "username": "p", "role": "parent", "vehicle_ids": ["mine"] })).await;
    let mut client = LiveClient::open(&server, &parent).await;
    client.sub(json!({ "s": 1, "to": "near", "lat": 48.5, "lon": 2.5 })).await;
    client.sub(json!({ "s": 2, "to": "within", "box": [2, 48, 3, 49] })).await;
    assert_eq!(client.ids(), ["mine"]);
    for (sub, code) in [
        (json!({ "to": "within", "geofence": 1 }), "forbidden"),
        (json!({ "to": "within" }), "invalid"),
        (json!({ "to": "within", "box": [2, 48, 3] }), "invalid"),
        (json!({ "to": "within", "box": [2, 48, 3, 49], "geofence": 1 }), "invalid"),
        (json!({ "to": "within", "geometry": { "type": "Point", "coordinates": [0, 0] } }), "invalid"),
        (json!({ "to": "near" }), "invalid"),
        (json!({ "to": "near", "lat": 91, "lon": 0 }), "invalid"),
        (json!({ "to": "near", "lat": 1, "lon": 0, "limit": 0 }), "invalid"),
        (json!({ "to": "near", "lat": 1, "lon": 0, "limit": 101 }), "invalid"),
        (json!({ "to": "near", "lat": 1, "lon": 0, "radius_m": -1 }), "invalid"),
    ] {
        let mut sub = sub;
        sub["s"] = json!(9);
        assert_eq!(client.refused(sub.clone()).await["code"], code, "{sub}");
    }
    for s in 3..9 {
        client.sub(json!({ "s": s, "to": "near", "lat": 48.5, "lon": 2.5 })).await;
    }
    let ninth = client.refused(json!({ "s": 9, "to": "near", "lat": 48.5, "lon": 2.5 })).await;
    assert_eq!(ninth["code"], "limit");
}
