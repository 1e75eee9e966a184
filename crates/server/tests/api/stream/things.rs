//! Single things, and what clients ask for.

use super::support::LiveClient;
use crate::delivery::session;
use crate::support::signing::token_for;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_parcel_is_followed_by_its_client_while_it_may() {
    let server = TestServer::start().await;
    let (client_id, client_token) = server.add_user(json!({ "username": "cli", "role": "client" })).await;
    let (driver_id, driver_token) = server.add_user(json!({ "username": "dan", "role": "driver" })).await;
    let (other_id, _) = server.add_user(json!({ "username": "odd", "role": "driver" })).await;
    let (_, stranger) = server.add_user(json!({ "username": "str", "role": "client" })).await;
    let place = json!({ "lat": 48.0, "lng": 2.0, "address": "here" });
    let parcel = json!({ "client_id": client_id, "driver_id": driver_id, "pickup": place, "destination": place });
    let parcel = json_of(server.post("/api/v1/parcels", &server.admin, parcel).await, 201).await;
    let id = parcel["id"].as_i64().unwrap();
    let mut client = LiveClient::open(&server, &client_token).await;
    let mut driver = LiveClient::open(&server, &driver_token).await;
    for follower in [&mut client, &mut driver] {
        follower.send(json!({ "op": "sub", "s": 1, "to": "parcel", "id": id })).await;
        let first = follower.until(|_| true).await;
        assert_eq!((&first["op"], &first["status"]), (&json!("parcel"), &json!("assigned")));
        assert_eq!(follower.until(|_| true).await["op"], "ready");
    }
    assert_eq!(
        LiveClient::open(&server, &stranger).await.refused(json!({ "s": 1, "to": "parcel", "id": id })).await["code"],
        "forbidden"
    );
    driver
        .send(json!({ "op": "status", "id": "a", "parcel": id, "lat": 48.1, "lng": 2.1, "address": "there", "status": "picked_up" }))
        .await;
    assert_eq!(driver.until(|message| message["re"] == "a").await["op"], "ok");
    let at = client.until(|message| message["op"] == "parcel_at").await;
    assert_eq!((&at["lat"], &at["address"], &at["driver_id"]), (&json!(48.1), &json!("there"), &json!(driver_id)));
    client.until(|message| message["op"] == "parcel" && message["status"] == "picked_up").await;
    // The parcel gets another driver: the old one may not see it any more.
    let change = json!({ "driver_id": other_id });
    json_of(server.call(Method::PATCH, &format!("/api/v1/parcels/{id}"), &server.admin, Some(change)).await, 200).await;
    let lost = driver.until(|message| message["op"] == "error").await;
    assert_eq!((&lost["s"], &lost["code"]), (&json!(1), &json!("forbidden")));
    client.until(|message| message["op"] == "parcel" && message["driver_id"] == other_id).await;
    // The number is free again.
    assert_eq!(driver.refused(json!({ "s": 1, "to": "parcel", "id": id })).await["code"], "forbidden");
}

#[tokio::test]
async fn a_delivery_is_followed_by_its_public_link_without_a_login_until_it_expires() {
    let server = TestServer::start().await;
    let rider = token_for("r1", "rider", "default", 600_000);
    let id = session::start(&server, &rider).await;
    let socket = server.try_watch("/ws", &[]).await.unwrap();
    let mut visitor = LiveClient::greet(socket, json!({ "op": "hello", "link": id })).await;
    assert!(visitor.welcome.get("role").is_none(), "{}", visitor.welcome);
    visitor.send(json!({ "op": "sub", "s": 1, "to": "delivery" })).await;
    let first = visitor.until(|_| true).await;
    assert_eq!((&first["op"], &first["id"], &first["status"]), (&json!("delivery"), &json!(id), &json!("ASSIGNED")));
    assert!(first.get("rider_id").is_none(), "{first}");
    visitor.until(|message| message["op"] == "ready").await;
    for other in [
        json!({ "s": 2, "to": "vehicles" }),
        json!({ "s": 2, "to": "alerts" }),
        json!({ "s": 2, "to": "delivery", "id": "TRK-another-one-of-somebody-else" }),
        json!({ "s": 2, "to": "presence" }),
        json!({ "s": 2, "to": "dashboard" }),
        json!({ "s": 2, "to": "parcel", "id": 1 }),
    ] {
        assert_eq!(visitor.refused(other.clone()).await["code"], "forbidden", "{other}");
    }
    let mut carrier = LiveClient::open(&server, &rider).await;
    carrier.send(json!({ "op": "sub", "s": 1, "to": "delivery", "id": id })).await;
    assert_eq!(carrier.until(|message| message["op"] == "delivery").await["rider_id"], "r1");
    carrier
        .send(json!({ "op": "status", "id": 1, "delivery": id, "status": "IN_TRANSIT", "lat": 48.0, "lng": 2.0 }))
        .await;
    assert_eq!(carrier.until(|message| message["re"] == 1).await["op"], "ok");
    let moved = visitor.until(|message| message["op"] == "delivery").await;
    assert_eq!((&moved["status"], &moved["place"]["lat"]), (&json!("IN_TRANSIT"), &json!(48.0)));
    visitor.send(json!({ "op": "status", "id": 2, "delivery": id, "status": "DELIVERED" })).await;
    assert_eq!(visitor.until(|message| message["re"] == 2).await["code"], "forbidden");
    server.clock.turn(Duration::from_secs(2 * 86_400));
    let expired = visitor.until(|message| message["op"] == "error").await;
    assert_eq!((&expired["s"], &expired["code"]), (&json!(1), &json!("gone")));
}

#[tokio::test]
async fn the_fleets_figures_come_at_once_and_go_on() {
    let server = TestServer::start_with(&[("DASHBOARD_INTERVAL", "30s")]).await;
    server.add_bus("b1").await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.send(json!({ "op": "sub", "s": 1, "to": "dashboard" })).await;
    assert_eq!(client.until(|message| message["op"] == "dashboard").await["active_vehicles"], 0);
    client.until(|message| message["op"] == "ready").await;
    let fix = json!({ "vehicle_id": "b1", "latitude": 1, "longitude": 2 });
    json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
    server.clock.turn(Duration::from_secs(31));
    assert_eq!(client.until(|message| message["op"] == "dashboard").await["active_vehicles"], 1);
    let (_, parent) = server.add_user(json!({ "username": "mum", "role": "parent" })).await;
    let refused = LiveClient::open(&server, &parent).await.refused(json!({ "s": 1, "to": "dashboard" })).await;
    assert_eq!(refused["code"], "forbidden");
}

#[tokio::test]
async fn presence_is_the_number_of_connections() {
    let server = TestServer::start().await;
    let mut first = LiveClient::open(&server, &server.admin).await;
    first.sub(json!({ "s": 1, "to": "presence" })).await;
    first.until(|message| message["op"] == "presence" && message["connections"] == 1).await;
    let second = LiveClient::open(&server, &server.admin).await;
    first.until(|message| message["op"] == "presence" && message["connections"] == 2).await;
    drop(second);
    first.until(|message| message["op"] == "presence" && message["connections"] == 1).await;
}

#[tokio::test]
async fn reports_are_answered_once_they_are_durable() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    let socket = server.try_watch("/ws", &[]).await.unwrap();
    let mut device = LiveClient::greet(socket, json!({ "op": "hello", "key": key })).await;
    let fix = |seconds: i64| json!({ "latitude": 1.5, "longitude": 2.5, "timestamp": 1_750_000_000 + seconds });
    let report = json!({ "op": "report", "id": 1, "positions": [fix(1), fix(2), fix(1), { "latitude": 95, "longitude": 0, "timestamp": 1_750_000_009 }] });
    device.send(report.clone()).await;
    let answer = device.until(|message| message["re"] == 1).await;
    assert_eq!((&answer["op"], &answer["accepted"], &answer["duplicates"]), (&json!("ok"), &json!(2), &json!(1)));
    assert_eq!(answer["rejected"][0]["index"], 3, "{answer}");
    let stored = server.get_json("/api/v1/vehicles/b1/positions", &server.admin).await;
    assert_eq!(stored["items"].as_array().unwrap().len(), 2);
    device
        .send(json!({ "op": "report", "id": 2, "positions": [{ "vehicle_id": "b2", "latitude": 1, "longitude": 1 }] }))
        .await;
    assert_eq!(device.until(|message| message["re"] == 2).await["code"], "forbidden");
    let (_, parent) = server.add_user(json!({ "username": "mum", "role": "parent" })).await;
    let mut parent = LiveClient::open(&server, &parent).await;
    parent.send(report).await;
    assert_eq!(parent.until(|message| message["re"] == 1).await["code"], "forbidden");
}

#[tokio::test]
async fn what_is_marked_read_is_read_for_all() {
    let server = TestServer::start().await;
    let (ann_id, ann) = server.add_user(json!({ "username": "ann", "role": "manager" })).await;
    let alert = json!({ "type": "system_error", "title": "t", "message": "m" });
    let alert = json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
    let notice = json!({ "user_ids": [ann_id], "message": "hello" });
    let notice = json_of(server.post("/api/v1/notifications", &server.admin, notice).await, 201).await;
    let mut client = LiveClient::open(&server, &ann).await;
    client.sub(json!({ "s": 1, "to": "alerts" })).await;
    client.sub(json!({ "s": 2, "to": "notices" })).await;
    client.send(json!({ "op": "read", "id": 1, "alert": alert["id"] })).await;
    client.send(json!({ "op": "read", "id": 2, "notification": notice["items"][0]["id"] })).await;
    for fact in ["alert.read", "notification.read"] {
        while !client.facts.iter().any(|one| one["type"] == fact) {
            client.until(|_| true).await;
        }
    }
    let check = async |client: &mut LiveClient, request: Value, code: &str| {
        client.send(request.clone()).await;
        assert_eq!(client.until(|message| message["re"] == 9).await["code"], code, "{request}");
    };
    check(&mut client, json!({ "op": "read", "id": 9, "alert": "nobody" }), "not_found").await;
    check(&mut client, json!({ "op": "read", "id": 9 }), "invalid").await;
    check(&mut client, json!({ "op": "status", "id": 9, "status": "delivered" }), "invalid").await;
    check(&mut client, json!({ "op": "status", "id": 9, "parcel": 77, "status": "delivered" }), "not_found").await;
}

/// Facts begin with reads that take turns with those of the figures. Each of the two waits for the other's turn to end.
#[tokio::test]
async fn subscriptions_that_come_all_at_once_all_begin() {
    let server = TestServer::start().await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    let all = ["alerts", "trips", "dashboard", "notices", "presence", "events", "vehicles"];
    for (s, to) in (1..).zip(all) {
        client.send(json!({ "op": "sub", "s": s, "to": to })).await;
    }
    for _ in all {
        client.until(|message| message["op"] == "ready").await;
    }
}
