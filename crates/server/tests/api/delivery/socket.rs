//! Section 4.3 of the contract on the socket: who may follow, which messages come, what is refused, and how it ends.

use crate::delivery::session::{start, start_body};
use crate::support::signing::token_for;
use crate::support::{PATIENCE, TestServer, Watcher, fresh_postgres, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn rider() -> String {
    token_for("r1", "rider", "default", 600)
}

async fn open(server: &TestServer, id: &str, token: &str) -> Watcher {
    let query = if token.is_empty() { String::new() } else { format!("?token={token}") };
    server.try_watch(&format!("/ws/tracking/{id}{query}"), &[]).await.unwrap()
}

/// An open socket past its initial state.
async fn follow(server: &TestServer, id: &str, token: &str) -> Watcher {
    let mut watcher = open(server, id, token).await;
    assert_eq!(watcher.next().await["type"], "initial_state");
    watcher
}

async fn update(server: &TestServer, id: &str, body: Value) {
    json_of(server.post(&format!("/tracking/update/{id}"), &rider(), body).await, 200).await;
}

fn report(lat: f64, lng: f64) -> Value {
    json!({"type": "location_update", "location": {"lat": lat, "lng": lng}})
}

/// The socket closes with this reason and without any message before.
async fn is_refused(mut watcher: Watcher, reason: &str) {
    let frame = watcher.closed().await.expect("a close frame");
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1008, reason));
}

async fn sockets(server: &TestServer, tenant: &str) -> u64 {
    let stats = server.get_json("/stats/tracking", &token_for("x", "admin", tenant, 600)).await;
    stats["total_websocket_connections"].as_u64().unwrap()
}

#[tokio::test]
async fn refusals_close_with_1008_and_a_reason_after_opening() {
    let server = TestServer::start_with(&[("TRACKING_TTL_SECONDS", "60")]).await;
    let id = start(&server, &rider()).await;
    is_refused(open(&server, &id, "nonsense").await, "Invalid token").await;
    is_refused(open(&server, &id, &token_for("r1", "rider", "default", -5)).await, "Invalid token").await;
    is_refused(open(&server, "TRK-UNKNOWN", "nonsense").await, "Invalid token").await;
    is_refused(open(&server, "TRK-UNKNOWN", "").await, "Tracking not found").await;
    is_refused(open(&server, "%20", "").await, "Tracking not found").await;
    let path = format!("/ws/tracking/{id}");
    for header in [("Authorization", "Bearer x"), ("Authorization", "Basic x"), ("X-Device-Key", "x")] {
        is_refused(server.try_watch(&path, &[header]).await.unwrap(), "Invalid token").await;
    }
    server.clock.turn(Duration::from_secs(60));
    is_refused(open(&server, &id, "").await, "Session expired").await;
    is_refused(open(&server, &id, &rider()).await, "Session expired").await;
    assert_eq!(sockets(&server, "default").await, 0);
}

#[tokio::test]
async fn a_visitor_with_the_link_follows_and_only_the_platform_sees_the_rider() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let cases = [
        (String::new(), false),
        (token_for("c", "client", "default", 60), true),
        (token_for("m", "merchant", "default", 60), true),
        (server.admin.clone(), true),
        (token_for("s", "superadmin", "elsewhere", 60), true),
        (token_for("a", "admin", "elsewhere", 60), false),
    ];
    let mut watchers = Vec::new();
    for (token, names_rider) in cases {
        let mut watcher = open(&server, &id, &token).await;
        let initial = watcher.next().await;
        assert_eq!(initial["type"], "initial_state");
        assert_eq!(initial["data"].get("rider_id"), names_rider.then_some(&json!("r1")));
        watchers.push((watcher, names_rider));
    }
    update(&server, &id, json!({"lat": 5.65, "lng": -0.18, "status": "PICKED_UP"})).await;
    update(&server, &id, json!({"status": "IN_TRANSIT"})).await;
    for (watcher, names_rider) in &mut watchers {
        for status in ["PICKED_UP", "IN_TRANSIT"] {
            let message = watcher.next().await;
            assert_eq!((&message["type"], &message["data"]["status"]), (&json!("location_update"), &json!(status)));
            assert_eq!(message["data"]["current_location"]["lat"], 5.65);
            assert_eq!(message["data"].get("rider_id"), names_rider.then_some(&json!("r1")));
        }
        watcher.settle().await;
    }
    assert_eq!(sockets(&server, "default").await, 6);
    assert_eq!(sockets(&server, "elsewhere").await, 0);
}

#[tokio::test]
async fn only_the_rider_reports_through_the_socket() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let mut customer = follow(&server, &id, "").await;
    for who in [
        "",
        &token_for("r2", "rider", "default", 60),
        &token_for("a", "admin", "default", 60),
        &token_for("r1", "rider", "elsewhere", 60),
    ] {
        let mut watcher = follow(&server, &id, who).await;
        watcher.send(report(1.0, 1.0)).await;
        let refused = watcher.next().await;
        assert_eq!(refused["type"], "error");
        assert!(refused["message"].as_str().unwrap().contains("only the rider"), "{refused}");
        watcher.settle().await;
    }
    customer.settle().await;
    for (who, lat) in [(rider(), 5.5), (server.admin.clone(), 5.6)] {
        let mut watcher = follow(&server, &id, &who).await;
        watcher.send(report(lat, 0.0)).await;
        for follower in [&mut watcher, &mut customer] {
            let message = follower.next().await;
            assert_eq!(
                (&message["type"], &message["data"]["current_location"]["lat"]),
                (&json!("location_update"), &json!(lat))
            );
        }
    }
}

#[tokio::test]
async fn a_refused_message_is_answered_and_the_socket_stays_open() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let mut watcher = follow(&server, &id, &rider()).await;
    watcher.send(json!({"type": "location_update", "location": {"lat": 1, "lng": 1, "status": "IN_TRANSIT"}})).await;
    assert_eq!(watcher.next().await["type"], "location_update");
    let wrong = [
        "{",
        "",
        "[]",
        "null",
        "7",
        "{\"type\":7}",
        "{\"type\":\"location_update\"}",
        "{\"type\":\"location_update\",\"location\":{\"lat\":91,\"lng\":0}}",
        "{\"type\":\"location_update\",\"location\":{\"lat\":NaN,\"lng\":0}}",
        "{\"type\":\"location_update\",\"location\":{\"lat\":\"1\",\"lng\":0}}",
        "{\"type\":\"location_update\",\"location\":{\"lat\":1}}",
        "{\"type\":\"location_update\",\"location\":{\"lat\":1,\"lng\":1,\"status\":\"PICKED_UP\"}}",
        "{\"type\":\"location_update\",\"location\":{\"lat\":1,\"lng\":1,\"status\":\"LOST\"}}",
        "{\"type\":\"subscribe\"}",
    ];
    for text in wrong {
        watcher.send_text(text).await;
        let refused = watcher.next().await;
        assert_eq!(refused["type"], "error", "{text}: {refused}");
        assert!(!refused["message"].as_str().unwrap().is_empty());
    }
    watcher.send_text("{\"type\":\"location_update\",\"location\":{\"lat\":91,\"lng\":0}}").await;
    assert_eq!(watcher.next().await["message"], "lat must be a number from -90 to 90");
    watcher.send_text("{\"type\":\"location_update\",\"location\":{\"lat\":\"91\",\"lng\":0}}").await;
    let message = watcher.next().await["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("location.lat must be a number"), "{message}");
    watcher.send(json!({"type": "location_update"})).await;
    assert_eq!(watcher.next().await["message"], "location is required");
    // The published client sends a null status when it has none.
    watcher.send_text("{\"type\":\"location_update\",\"location\":{\"lat\":0,\"lng\":1,\"status\":null}}").await;
    let message = watcher.next().await;
    assert_eq!(
        (&message["data"]["status"], &message["data"]["current_location"]["lat"]),
        (&json!("IN_TRANSIT"), &json!(0.0))
    );
    let delivered = json!({"type": "location_update", "location": {"lat": 0, "lng": 0, "status": "DELIVERED"}});
    watcher.send(delivered.clone()).await;
    assert_eq!(watcher.next().await["data"]["status"], "DELIVERED");
    watcher.send(delivered).await;
    assert_eq!(watcher.next().await["type"], "error");
    watcher.settle().await;
}

#[tokio::test]
async fn a_session_that_expires_while_followed_is_announced_and_closed() {
    for database in [None, fresh_postgres().await] {
        let mut settings = vec![("TRACKING_TTL_SECONDS", "300")];
        settings.extend(database.as_deref().map(|url| ("DATABASE_URL", url)));
        let server = TestServer::start_with(&settings).await;
        let id = start(&server, &rider()).await;
        let mut watchers = Vec::new();
        for who in ["", &rider(), ""] {
            watchers.push(follow(&server, &id, who).await);
        }
        server.clock.turn(Duration::from_secs(240));
        for watcher in &mut watchers {
            watcher.settle().await;
        }
        server.clock.turn(Duration::from_secs(60));
        for watcher in &mut watchers {
            assert_eq!(watcher.next().await, json!({"type": "error", "message": "Tracking session expired"}));
        }
        for watcher in watchers {
            is_refused(watcher, "Session expired").await;
        }
        assert_eq!(sockets(&server, "default").await, 0);
    }
}

#[tokio::test]
async fn a_user_that_is_locked_out_leaves_the_public_link_open() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let (user, token) = server.add_user(json!({"username": "m", "role": "merchant"})).await;
    let watcher = follow(&server, &id, &token).await;
    let anonymous = follow(&server, &id, "").await;
    let path = format!("/api/v1/users/{user}");
    server.call(Method::PATCH, &path, &server.admin, Some(json!({"active": false}))).await;
    is_refused(watcher, "Invalid token").await;
    let mut anonymous = anonymous;
    anonymous.settle().await;
}

#[tokio::test]
async fn a_stored_rider_updates_as_its_number() {
    let server = TestServer::start().await;
    let (number, token) = server.add_user(json!({"username": "rita", "role": "rider"})).await;
    let mut body = start_body();
    body["rider_id"] = json!(number.to_string());
    let session = json_of(server.post("/tracking/start", &server.admin, body).await, 200).await;
    let mut watcher = follow(&server, session["tracking_id"].as_str().unwrap(), &token).await;
    watcher.send(report(5.0, 5.0)).await;
    assert_eq!(watcher.next().await["type"], "location_update");
}

#[tokio::test]
async fn a_cookie_counts_only_on_our_own_pages_and_never_blocks_the_link() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let path = format!("/ws/tracking/{id}");
    let body = json!({"username": "admin", "password": server.password});
    let login = server.post("/auth/login", "", body).await;
    let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let own = server.url.clone();
    for (cookie, origin, names_rider) in [
        (cookie.as_str(), own.as_str(), true),
        (cookie.as_str(), "https://evil.example", false),
        ("milepost_session=ended", own.as_str(), false),
        ("other=1", "https://shop.example", false),
    ] {
        let mut watcher = server.try_watch(&path, &[("Cookie", cookie), ("Origin", origin)]).await.unwrap();
        let initial = watcher.next().await;
        assert_eq!(initial["data"].get("rider_id").is_some(), names_rider, "{cookie} {origin}");
    }
    // An expired cookie does not hide a valid token.
    let query = format!("{path}?token={}", rider());
    let mut watcher = server.try_watch(&query, &[("Cookie", "milepost_session=ended")]).await.unwrap();
    assert_eq!(watcher.next().await["data"]["rider_id"], "r1");
}

#[tokio::test]
async fn followers_count_against_the_deliverys_tenant() {
    let server = TestServer::start_with(&[("MAX_CONNECTIONS_PER_TENANT", "2")]).await;
    let id = start(&server, &rider()).await;
    let foreign = start(&server, &token_for("r1", "rider", "elsewhere", 60)).await;
    let first = follow(&server, &id, "").await;
    let _second = follow(&server, &id, &token_for("a", "admin", "elsewhere", 60)).await;
    let path = format!("/ws/tracking/{id}");
    assert_eq!(server.try_watch(&path, &[]).await.err().unwrap(), 429);
    let _other = follow(&server, &foreign, &rider()).await;
    drop(first);
    let begun = Instant::now();
    while server.try_watch(&path, &[]).await.is_err() {
        assert!(begun.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_follower_gets_nothing_about_another_delivery() {
    let server = TestServer::start().await;
    let (mine, other) = (start(&server, &rider()).await, start(&server, &rider()).await);
    let mut watcher = follow(&server, &mine, "").await;
    let mut known = follow(&server, &mine, &rider()).await;
    for _ in 0..5 {
        update(&server, &other, json!({"lat": 1, "lng": 1})).await;
    }
    update(&server, &mine, json!({"lat": 2, "lng": 2})).await;
    for watcher in [&mut watcher, &mut known] {
        let message = watcher.next().await;
        assert_eq!(
            (&message["data"]["tracking_id"], &message["data"]["current_location"]["lat"]),
            (&json!(mine), &json!(2.0))
        );
        watcher.settle().await;
    }
}

#[tokio::test]
async fn a_follower_that_connects_while_the_rider_moves_misses_nothing_and_never_goes_back() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let mut reporter = follow(&server, &id, &rider()).await;
    let reports = async {
        for step in 1..=40 {
            reporter.send(report(f64::from(step), 0.0)).await;
            assert_eq!(reporter.next().await["type"], "location_update");
        }
    };
    let joiners = async {
        let mut watchers = Vec::new();
        for _ in 0..20 {
            watchers.push(open(&server, &id, "").await);
        }
        watchers
    };
    let ((), watchers) = tokio::join!(reports, joiners);
    for mut watcher in watchers {
        let initial = watcher.next().await;
        assert_eq!(initial["type"], "initial_state");
        let mut at = initial["data"]["current_location"]["lat"].as_f64().unwrap_or(0.0);
        while at < 40.0 {
            let next = watcher.next().await["data"]["current_location"]["lat"].as_f64().unwrap();
            assert_eq!(next, at + 1.0);
            at = next;
        }
        watcher.settle().await;
    }
}

#[tokio::test]
async fn all_followers_of_a_delivery_get_its_updates() {
    const FOLLOWERS: usize = 300;
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let mut watchers = Vec::new();
    for _ in 0..FOLLOWERS {
        watchers.push(follow(&server, &id, "").await);
    }
    assert_eq!(sockets(&server, "default").await, FOLLOWERS as u64);
    update(&server, &id, json!({"lat": 2, "lng": 2})).await;
    for watcher in &mut watchers {
        assert_eq!(watcher.next().await["data"]["current_location"]["lat"], 2.0);
    }
    drop(watchers);
    let begun = Instant::now();
    while sockets(&server, "default").await > 0 {
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[tokio::test]
async fn the_socket_takes_paths_with_a_slash_and_tokens_by_header() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let mut watcher = server.watch(&format!("/ws/tracking/{id}/"), &rider()).await;
    assert_eq!(watcher.next().await["data"]["rider_id"], "r1");
    watcher.send_text(&"x".repeat(4_097)).await;
    assert_eq!(watcher.close_code().await, 1009);
}
