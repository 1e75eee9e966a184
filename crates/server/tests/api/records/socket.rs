//! `/ws/updates/`: who may connect, replays of any length, slow readers, and how a socket ends.

use crate::records::stream_support::refused;
use crate::support::TestServer;
use crate::support::signing::{cadet_token, claims_token, token_for};
use milepost_store::Once;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_refused_client_gets_4001_and_nothing_else() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let device = server.add_device("k1", "b1").await;
    let unapproved = json!({"username": "eve", "role": "cadet", "password": "open sesame", "approved": false});
    let added = server.post("/api/v1/users", &server.admin, unapproved).await;
    let id = added.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
    let unapproved = claims_token(&id.to_string(), "cadet", "default");
    let expired = token_for("9", "admin", "default", -5);
    let foreign = claims_token("9", "admin", "default");
    for (query, expected) in [
        (String::new(), "authentication credentials were not provided"),
        ("?token=".to_owned(), "authentication credentials were not provided"),
        ("?token=nonsense".to_owned(), "invalid token"),
        (format!("?token={expired}"), "token expired"),
        (format!("?token={unapproved}"), "the user is not approved or not active"),
        (format!("?tenant=acme&token={foreign}"), "only a superadmin may follow another tenant"),
    ] {
        assert_eq!(refused(&server, &query, &[]).await, (4001, expected.to_owned()), "{query}");
    }
    let by_device = refused(&server, "", &[("X-Device-Key", &device)]).await;
    assert_eq!(by_device, (4001, "records are for users, not for devices".to_owned()));
}

#[tokio::test]
async fn a_server_that_cannot_read_its_store_closes_with_4000() {
    let server = TestServer::start().await;
    let token = cadet_token("somebody", "cadet", "default", 1);
    let (_open, newest) = server.follow(&token).await;
    assert_eq!(newest, 1, "the first user");
    server.running.assembly.store.close().await;
    assert_eq!(refused(&server, &format!("?token={token}"), &[]).await, (4000, "internal error".to_owned()));
}

#[tokio::test]
async fn a_superadmin_follows_another_tenants_cadets_and_not_its_users() {
    let server = TestServer::start().await;
    server.post("/api/v1/tenants", &server.admin, json!({"id": "acme", "name": "Acme"})).await;
    let staff = claims_token("7", "training_staff", "acme");
    let path = format!("/ws/updates?tenant=acme&token={}", server.admin);
    let mut watcher = server.try_watch(&path, &[]).await.unwrap();
    assert_eq!(watcher.next().await["role"], "superadmin");
    server.end_wait_for_replay_requests();
    let notice = json!({"user_ids": [900], "message": "for user 900 of acme"});
    assert_eq!(server.post("/api/v1/notifications", &staff, notice).await.status(), 201);
    assert_eq!(server.post("/api/v1/cadets", &staff, json!({"name": "Ann"})).await.status(), 201);
    let grade = json!({"type": "merit", "points": 1, "reason": "x"});
    assert_eq!(server.post("/api/v1/cadets/1/grades", &staff, grade).await.status(), 201);
    assert_eq!(watcher.next().await["type"], "grade_update");
}

#[tokio::test]
async fn every_event_after_the_handshake_is_sent() {
    let server = TestServer::start().await;
    let path = format!("/ws/updates/?token={}", server.admin);
    let mut opened = Vec::new();
    for round in 0..30 {
        let watcher = server.try_watch(&path, &[]).await.unwrap();
        // The event is published before the socket's first message is read.
        opened.push((watcher, server.publish(None, json!({"round": round})).await));
    }
    for (mut watcher, id) in opened {
        assert_eq!(watcher.next().await["type"], "connection_established");
        server.end_wait_for_replay_requests();
        assert_eq!(watcher.next().await["event_id"].as_i64(), Some(id));
    }
}

/// Stores `count` events for staff at once, and returns the first one's id.
pub async fn fill(server: &TestServer, count: i64, padding: usize) -> i64 {
    use milepost_domain::{EventType, Fact, JsonObject, ManualEvent, TenantId};
    let store = &server.running.assembly.store;
    let tenant = TenantId::default_tenant();
    let payload = JsonObject::of_parsed(format!("{{\"x\":\"{}\"}}", "x".repeat(padding)), "payload").unwrap();
    let event_type = EventType::new("term.changed").unwrap();
    let fact = Fact::ManualEvent(Box::new(ManualEvent { event_type, cadet_id: None, payload }));
    let mut last = store.newest_event_id(&tenant).await.unwrap();
    let first = last + 1;
    let now = milepost_clock::Clock::system().now();
    while last < first + count - 1 {
        let facts = vec![fact.clone(); (first + count - 1 - last).min(500) as usize];
        last = store.append_facts(&tenant, &facts, now, &Once::unclaimed()).await.unwrap();
    }
    first
}

#[tokio::test]
async fn a_long_replay_is_complete_and_in_order_and_the_socket_answers_meanwhile() {
    const COUNT: i64 = 5_000;
    let server = TestServer::start().await;
    let first = fill(&server, COUNT, 20).await;
    let (mut watcher, newest) = server.follow(&server.admin).await;
    assert_eq!(newest, first + COUNT - 1);
    // One replay runs, eight wait, and one more is refused.
    watcher.send(json!({"type": "replay_request", "last_event_id": first - 1})).await;
    for _ in 0..9 {
        watcher.send(json!({"type": "replay_request", "last_event_id": newest - 1})).await;
    }
    watcher.send(json!({"type": "ping", "timestamp": "during"})).await;
    let (mut expected, mut refused, mut ponged) = (first, 0, 0);
    let complete = loop {
        let message = watcher.next().await;
        match message["type"].as_str().unwrap() {
            "term.changed" => {
                assert_eq!((message["event_id"].as_i64(), &message["replayed"]), (Some(expected), &json!(true)));
                expected += 1;
            }
            "error" => {
                assert_eq!(message["message"], "too many replays are waiting, wait for their replay_complete");
                refused += 1;
            }
            "pong" => ponged += 1,
            _ => break message,
        }
    };
    let complete_after =
        |count: i64| json!({"type": "replay_complete", "count": count, "last_event_id": newest, "complete": true});
    assert_eq!((complete, refused, ponged, expected), (complete_after(COUNT), 1, 1, newest + 1));
    for _ in 0..8 {
        assert_eq!(watcher.next().await["event_id"].as_i64(), Some(newest));
        assert_eq!(watcher.next().await, complete_after(1));
    }
    let id = server.publish(None, json!({})).await;
    let live = watcher.next().await;
    assert_eq!((live["event_id"].as_i64(), live.get("replayed")), (Some(id), None));
    // One more replay, now that the first has ended.
    watcher.send(json!({"type": "replay_request", "last_event_id": newest - 1})).await;
    assert_eq!(watcher.next().await["event_id"].as_i64(), Some(newest));
    assert_eq!(watcher.next().await["event_id"].as_i64(), Some(id));
    assert_eq!(watcher.next().await["count"], 2);
}

async fn read_until(stream: &mut TcpStream, text: &str) {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0);
    }
}

/// A client that requests a replay and does not read at first.
async fn silent_reader(server: &TestServer, replay_from: Option<i64>) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.running.address).await.unwrap();
    let request = format!(
        "GET /ws/updates/?token={} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.admin
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut stream, "last_event_id").await;
    if let Some(after) = replay_from {
        let text = json!({"type": "replay_request", "last_event_id": after}).to_string();
        // A masked text frame whose mask is zero.
        let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        stream.write_all(&frame).await.unwrap();
    }
    stream
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_closed_with_1013_and_resumes_without_a_gap() {
    const COUNT: i64 = 2_000;
    let server = TestServer::start_with(&[("WS_WRITE_WAIT", "1s")]).await;
    let mut silent = silent_reader(&server, None).await;
    // It gets a live event, but not the missed ones.
    server.end_wait_for_replay_requests();
    let id = server.publish(None, json!({})).await;
    read_until(&mut silent, &format!("\"event_id\":{id}")).await;
    // More than its reliable queue and all buffers between hold.
    let first = fill(&server, COUNT, 8_000).await;
    server.publish(None, json!({})).await;
    let begun = Instant::now();
    while !server.running.assembly.transport.stats().closed.contains_key(&1013) {
        assert!(begun.elapsed() < crate::support::PATIENCE, "{:?}", server.running.assembly.transport.stats());
        // The close frame comes after the frame that was begun has been read.
        let mut some = vec![0; 16 * 1024];
        let _ = tokio::time::timeout(Duration::from_millis(20), silent.read(&mut some)).await;
    }
    let (mut watcher, newest) = server.follow(&server.admin).await;
    watcher.send(json!({"type": "replay_request", "last_event_id": first - 1})).await;
    for id in first..=newest {
        assert_eq!(watcher.next().await["event_id"].as_i64(), Some(id));
    }
    assert_eq!(watcher.next().await["type"], "replay_complete");
}

#[tokio::test]
async fn a_replay_waits_for_its_reader_and_holds_little() {
    let server = TestServer::start().await;
    fill(&server, 3_000, 8_000).await;
    let _silent = silent_reader(&server, Some(0)).await;
    let transport = &server.running.assembly.transport;
    let begun = Instant::now();
    while transport.stats().pending_bytes == 0 {
        assert!(begun.elapsed() < crate::support::PATIENCE);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let stats = transport.stats();
        assert!(stats.pending_bytes < 128 * 1024, "{stats:?}");
        assert_eq!(stats.open, 1, "{stats:?}");
    }
}
