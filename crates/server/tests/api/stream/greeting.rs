//! How a client comes in, stays and is sent away.

use super::support::LiveClient;
use crate::support::signing::{now_ms, sign, token_for};
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_first_frame_a_header_and_a_cookie_let_a_client_in() {
    let server = TestServer::start().await;
    let (_, token) = server.add_user(json!({ "username": "ann", "role": "manager" })).await;
    let client = LiveClient::open(&server, &token).await;
    assert_eq!((&client.welcome["v"], &client.welcome["tenant"]), (&json!(1), &json!("default")));
    assert_eq!(client.welcome["role"], "manager");
    assert!(client.welcome["expires_in"].as_i64().unwrap() > 60, "{}", client.welcome);

    let by_header = server.watch("/ws", &token).await;
    LiveClient::greet(by_header, json!({ "op": "hello" })).await;

    let login = json!({ "username": "ann", "password": "open sesame" });
    let logged_in = server.post("/auth/login", "", login).await;
    let cookie = logged_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let by_cookie = server.try_watch("/ws", &[("Cookie", &cookie), ("Origin", &server.url)]).await.unwrap();
    LiveClient::greet(by_cookie, json!({ "op": "hello", "v": 1 })).await;

    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    let of_device = server.try_watch("/ws", &[]).await.unwrap();
    let mut device = LiveClient::greet(of_device, json!({ "op": "hello", "key": key })).await;
    assert_eq!(device.sub(json!({ "s": 1, "to": "vehicles" })).await["count"], 1);
}

#[tokio::test]
async fn whoever_shows_nothing_good_is_told_and_closed() {
    let server = TestServer::start().await;
    let check = async |first: &str, why: &str, code: u16| {
        let mut socket = server.try_watch("/ws", &[]).await.unwrap();
        socket.send_text(first).await;
        let mut message = socket.next().await;
        while message["op"] != "bye" {
            assert_eq!(message["op"], "error", "{message}");
            message = socket.next().await;
        }
        assert_eq!((&message["why"], &message["retry_ms"]), (&json!(why), &json!(null)), "{first}");
        assert_eq!(socket.close_code().await, code, "{first}");
    };
    check(r#"{"op":"hello"}"#, "token", 4001).await;
    check(r#"{"op":"hello","token":"nonsense"}"#, "token", 4001).await;
    check(r#"{"op":"hello","key":"nonsense"}"#, "token", 4001).await;
    let expired = sign(&json!({ "sub": "9", "role": "admin", "exp": now_ms() / 1000 - 3600 }));
    check(&json!({ "op": "hello", "token": expired }).to_string(), "token", 4001).await;
    check("nonsense", "refused", 4000).await;
    check(r#"{"op":"sub","s":1,"to":"alerts"}"#, "refused", 4000).await;
    check(r#"{"op":"hello","v":2}"#, "refused", 4000).await;
    check(r#"{"op":"hello","link":"TRK-nobody-has-this-one"}"#, "not_found", 4004).await;
    let elsewhere = json!({ "op": "hello", "token": token_for("5", "admin", "default", 600), "tenant": "acme" });
    check(&elsewhere.to_string(), "refused", 4003).await;

    let mut by_header = server.try_watch("/ws", &[("Authorization", "Bearer nonsense")]).await.unwrap();
    assert_eq!(by_header.close_code().await, 4001);
    let from_a_foreign_page = server.try_watch("/ws", &[("Origin", "https://evil.example")]).await;
    assert_eq!(from_a_foreign_page.err().unwrap(), 403);
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed() {
    let server = TestServer::start().await;
    let mut silent = server.try_watch("/ws", &[]).await.unwrap();
    // The server's wait begins after the handshake's answer.
    for _ in 0..100 {
        server.clock.turn(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
        if server.running.assembly.transport.stats().open == 0 {
            break;
        }
    }
    assert_eq!(silent.close_code().await, 4002);
}

#[tokio::test]
async fn a_client_that_loses_its_right_is_sent_away_within_a_second() {
    let server = TestServer::start().await;
    let (id, token) = server.add_user(json!({ "username": "ann", "role": "manager" })).await;
    let mut client = LiveClient::open(&server, &token).await;
    json_of(
        server
            .call(Method::PATCH, &format!("/api/v1/users/{id}"), &server.admin, Some(json!({ "active": false })))
            .await,
        200,
    )
    .await;
    let bye = client.until(|message| message["op"] == "bye").await;
    assert_eq!((&bye["why"], &bye["retry_ms"]), (&json!("token"), &json!(null)));
    assert_eq!(client.socket.close_code().await, 4001);
}

#[tokio::test]
async fn a_newer_token_keeps_a_connection_open_and_without_one_it_ends() {
    let server = TestServer::start().await;
    let mut renewed = LiveClient::open(&server, &token_for("a-1", "manager", "default", 60)).await;
    let mut expiring = LiveClient::open(&server, &token_for("a-1", "manager", "default", 60)).await;
    renewed.send(json!({ "op": "auth", "id": 7, "token": "nonsense" })).await;
    let refused = renewed.until(|message| message["re"] == 7).await;
    assert_eq!((&refused["op"], &refused["code"]), (&json!("error"), &json!("not_authenticated")));
    renewed.send(json!({ "op": "auth", "id": 8, "token": token_for("b-2", "manager", "default", 600) })).await;
    let refused = renewed.until(|message| message["re"] == 8).await;
    assert_eq!((&refused["op"], &refused["code"]), (&json!("error"), &json!("forbidden")));
    renewed.send(json!({ "op": "auth", "id": 9, "token": token_for("a-1", "manager", "default", 600) })).await;
    let accepted = renewed.until(|message| message["re"] == 9).await;
    assert_eq!(accepted["op"], "ok", "{accepted}");
    assert!(accepted["expires_in"].as_i64().unwrap() > 500, "{accepted}");
    server.clock.turn(Duration::from_secs(120));
    let bye = expiring.until(|message| message["op"] == "bye").await;
    assert_eq!((&bye["why"], &bye["message"]), (&json!("token"), &json!("token expired")));
    assert_eq!(expiring.socket.close_code().await, 4001);
    renewed.settle().await;
}

#[tokio::test]
async fn one_bad_message_costs_nothing_but_its_answer() {
    let server = TestServer::start().await;
    let mut client = LiveClient::open(&server, &server.admin).await;
    client.socket.send_text("nonsense").await;
    assert_eq!(client.until(|_| true).await["code"], "malformed");
    client.send(json!({ "op": "dance", "id": 1 })).await;
    let refused = client.until(|_| true).await;
    assert_eq!((&refused["code"], &refused["re"]), (&json!("unknown_op"), &json!(1)));
    let unknown = client.refused(json!({ "s": 1, "to": "moons" })).await;
    assert_eq!(unknown["code"], "invalid");
    client.sub(json!({ "s": 1, "to": "vehicles" })).await;
    assert_eq!(client.refused(json!({ "s": 1, "to": "alerts" })).await["code"], "taken");
    let many: Vec<String> = (0..1_001).map(|number| number.to_string()).collect();
    assert_eq!(client.refused(json!({ "s": 2, "to": "vehicles", "ids": many })).await["code"], "limit");
    for s in 2..=64 {
        client.sub(json!({ "s": s, "to": "vehicles", "ids": [s.to_string()] })).await;
    }
    assert_eq!(client.refused(json!({ "s": 65, "to": "alerts" })).await["code"], "limit");
    client.send(json!({ "op": "unsub", "s": 64 })).await;
    client.until(|message| message["op"] == "ended").await;
    client.sub(json!({ "s": 65, "to": "alerts" })).await;
}
