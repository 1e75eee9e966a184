//! Shares: a guest follows the vehicles of its link until that ends, and sees nothing else.

use crate::stream::support::LiveClient;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn server() -> TestServer {
    let server = TestServer::start().await;
    for id in ["bus-1", "bus-2", "bus-3"] {
        server.add_bus(id).await;
        server.report(id, 52.5, 13.4, "2026-01-15T08:00:00Z").await;
    }
    server
}

fn in_an_hour(server: &TestServer) -> i64 {
    server.clock.clock().now().unix_ms() / 1000 + 3600
}

async fn share(server: &TestServer, vehicles: &[&str]) -> (i64, String) {
    let body = json!({ "name": "guests", "vehicle_ids": vehicles, "expires_at": in_an_hour(server) });
    let made = json_of(server.post("/api/v1/shares", &server.admin, body).await, 201).await;
    let token = made["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("mpg_"), "{token}");
    (made["id"].as_i64().unwrap(), token)
}

/// A guest's socket, which follows its vehicles.
async fn follow(server: &TestServer, token: &str) -> LiveClient {
    let mut client = LiveClient::open(server, token).await;
    client.sub(json!({ "s": 1, "to": "vehicles" })).await;
    client
}

async fn remove(server: &TestServer, path: &str) {
    let answer = server.call(Method::DELETE, path, &server.admin, None).await;
    assert_eq!(answer.status(), 204, "{path}");
}

#[tokio::test]
async fn a_guest_follows_the_vehicles_of_its_share_and_nothing_else() {
    let server = server().await;
    let (_, token) = share(&server, &["bus-1", "bus-2"]).await;
    let mut guest = follow(&server, &token).await;
    assert_eq!(guest.ids(), ["bus-1", "bus-2"]);
    for id in ["bus-3", "bus-1"] {
        server.report(id, 52.6, 13.5, "2026-01-15T08:01:00Z").await;
    }
    guest.until_at("bus-1", 1_768_464_060_000).await;
    assert_eq!(guest.ids(), ["bus-1", "bus-2"]);
    for (s, to) in (2..).zip(["alerts", "trips", "events", "notices", "records", "dashboard"]) {
        let refused = guest.refused(json!({ "s": s, "to": to })).await;
        assert_eq!(refused["code"], "forbidden", "{to} {refused}");
    }
    guest.send(json!({ "op": "report", "id": "r", "positions": [{ "vehicle_id": "bus-1", "latitude": 1, "longitude": 1 }] })).await;
    let answer = guest.until(|message| message["re"] == "r").await;
    assert!(answer["op"] == "error" || answer["accepted"] == 0, "{answer}");

    // Neither the history nor any other socket is a guest's.
    for path in ["vehicles", "vehicles/bus-1", "vehicles/bus-1/positions", "trips", "shares", "geofences", "me"] {
        let answer = server.get(&format!("/api/v1/{path}"), &token).await;
        assert!([401, 404].contains(&answer.status().as_u16()), "{path} {}", answer.status());
    }
    for path in ["/ws/bus-tracking/", "/ws/tracking?company_id=default"] {
        let (path, separator) = (path, if path.contains('?') { '&' } else { '?' });
        let refused = server.try_watch(&format!("{path}{separator}token={token}"), &[]).await;
        if let Ok(mut socket) = refused {
            assert_ne!(socket.close_code().await, 1000, "{path}");
        }
    }
    let stream = server.get("/api/v1/stream?to=vehicles", &token).await;
    assert_eq!(stream.status(), 200);
}

#[tokio::test]
async fn a_share_ends_on_open_sockets_when_it_is_recalled_when_its_vehicles_go_and_at_its_time() {
    let server = server().await;
    let (id, token) = share(&server, &["bus-1"]).await;
    let mut guest = follow(&server, &token).await;
    remove(&server, &format!("/api/v1/shares/{id}")).await;
    assert_eq!(guest.socket.close_code().await, 4001);
    let again = server.get("/api/v1/stream?to=vehicles", &token).await;
    assert_eq!(again.status(), 401);
    let missing = server.call(Method::DELETE, &format!("/api/v1/shares/{id}"), &server.admin, None).await;
    assert_eq!(missing.status(), 404);

    // One of two: the guest comes back and sees the other. Both: its link is dead, also when they are made anew.
    let (_, token) = share(&server, &["bus-1", "bus-2"]).await;
    let mut guest = follow(&server, &token).await;
    remove(&server, "/api/v1/vehicles/bus-1").await;
    assert_eq!(guest.socket.close_code().await, 1012);
    server.add_bus("bus-1").await;
    let mut guest = follow(&server, &token).await;
    assert_eq!(guest.ids(), ["bus-2"]);
    remove(&server, "/api/v1/vehicles/bus-2").await;
    assert_eq!(guest.socket.close_code().await, 4001);
    server.add_bus("bus-2").await;
    assert_eq!(server.get("/api/v1/stream?to=vehicles", &token).await.status(), 401);

    let (_, token) = share(&server, &["bus-3"]).await;
    let mut guest = follow(&server, &token).await;
    server.clock.turn(Duration::from_secs(3601));
    assert_eq!(guest.socket.close_code().await, 4001);
}

async fn open(server: &TestServer, token: &str) -> Value {
    json_of(server.post("/api/v1/shares/open", "", json!({ "token": token })).await, 200).await
}

#[tokio::test]
async fn a_link_says_what_became_of_it_and_its_openings_are_counted() {
    let server = server().await;
    let (id, token) = share(&server, &["bus-1"]).await;
    let listed = async || server.get_json("/api/v1/shares", &server.admin).await["items"].as_array().unwrap().clone();
    assert_eq!((&listed().await[0]["opened_count"], &listed().await[0]["opened_at"]), (&json!(0), &Value::Null));
    let shown = open(&server, &token).await;
    assert_eq!((&shown["name"], &shown["state"]), (&json!("guests"), &json!("open")));
    // A moment later it is the same opening.
    open(&server, &token).await;
    assert_eq!(listed().await[0]["opened_count"], 1);
    server.clock.turn(Duration::from_secs(5));
    open(&server, &token).await;
    assert_eq!(listed().await[0]["opened_count"], 2);
    assert!(listed().await[0]["opened_at"].is_string());

    remove(&server, &format!("/api/v1/shares/{id}")).await;
    server.clock.turn(Duration::from_secs(5));
    let recalled = open(&server, &token).await;
    assert_eq!(recalled["state"], "recalled");
    assert_eq!(recalled["recalled_at"], listed().await[0]["recalled_at"]);
    assert_eq!(listed().await[0]["opened_count"], 2, "nobody was let in");

    let (_, token) = share(&server, &["bus-2"]).await;
    remove(&server, "/api/v1/vehicles/bus-2").await;
    assert_eq!(open(&server, &token).await["state"], "empty");
    let (_, token) = share(&server, &["bus-3"]).await;
    server.clock.turn(Duration::from_secs(3601));
    assert_eq!(open(&server, &token).await["state"], "ended");

    let (_, manager) = server.add_user(json!({ "username": "mara", "role": "manager" })).await;
    for (token, status) in [("mpg_unknown", 401), (manager.as_str(), 401), ("", 401)] {
        let answer = server.post("/api/v1/shares/open", "", json!({ "token": token })).await;
        assert_eq!(answer.status(), status);
    }
    assert_eq!(server.post("/api/v1/shares/open", "", json!({})).await.status(), 422);
}

#[tokio::test]
async fn shares_are_made_listed_and_recalled_by_admins_and_managers() {
    let server = server().await;
    let (_, manager) = server.add_user(json!({ "username": "mara", "role": "manager" })).await;
    let body =
        json!({ "name": "A load", "vehicle_ids": ["bus-2", "bus-1", "bus-2"], "expires_at": in_an_hour(&server) });
    let made = json_of(server.post("/api/v1/shares", &manager, body.clone()).await, 201).await;
    assert_eq!(made["vehicle_ids"], json!(["bus-1", "bus-2"]));
    assert!(made["created_by"].is_i64(), "{made}");
    let listed = server.get_json("/api/v1/shares", &server.admin).await;
    assert_eq!(listed["items"][0]["name"], "A load");
    assert!(listed["items"][0].get("token").is_none(), "{listed}");
    let audit = server.get_json("/api/v1/audit", &server.admin).await;
    let actions: Vec<&Value> = audit["items"].as_array().unwrap().iter().map(|row| &row["action"]).collect();
    assert!(actions.contains(&&json!("share.create")), "{audit}");
    assert!(!audit.to_string().contains(made["token"].as_str().unwrap()));

    let (_, parent) = server.add_user(json!({ "username": "pat", "role": "parent", "vehicle_ids": ["bus-1"] })).await;
    assert_eq!(server.post("/api/v1/shares", &parent, body.clone()).await.status(), 403);
    assert_eq!(server.get("/api/v1/shares", &parent).await.status(), 403);
    for (field, value, status) in [
        ("name", json!(""), 422),
        ("vehicle_ids", json!([]), 422),
        ("vehicle_ids", json!(["bus-9"]), 404),
        ("expires_at", json!("2020-01-01T00:00:00Z"), 422),
        ("expires_at", json!("2099-01-01T00:00:00Z"), 422),
        ("expires_at", json!("soon"), 422),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let refused = server.post("/api/v1/shares", &server.admin, wrong).await;
        assert_eq!(refused.status(), status, "{field}");
    }
}
