//! `GET /api/events`: who may connect, resuming, slow readers, and how a stream ends.

use crate::records::socket::fill;
use crate::records::stream_support::StreamReader;
use crate::support::signing::{claims_token, token_for};
use crate::support::{PATIENCE, TestServer, http_client};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn only_users_with_a_valid_credential_may_connect() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let device = server.add_device("k1", "b1").await;
    let status = async |token: &str| StreamReader::try_open(&server.url, token, None).await.err().map(|s| s.as_u16());
    assert_eq!(status("nonsense").await, Some(401));
    assert_eq!(status(&token_for("9", "admin", "default", -5)).await, Some(401));
    assert_eq!(status(&claims_token("9", "parent", "default")).await, None);
    let url = format!("{}/api/events", server.url);
    let refusal = http_client().get(&url).send().await.unwrap();
    assert_eq!(refusal.status(), 401);
    assert_eq!(refusal.headers()["content-type"], "application/problem+json");
    // A token in the URL is for sockets only: URLs end up in logs.
    let in_url = http_client().get(format!("{url}?token={}", server.admin)).send().await.unwrap();
    assert_eq!(in_url.status(), 401);
    assert_eq!(http_client().get(&url).header("X-Device-Key", &device).send().await.unwrap().status(), 403);
    let foreign = claims_token("9", "admin", "default");
    let elsewhere = http_client().get(format!("{url}/?tenant=acme")).bearer_auth(&foreign).send().await.unwrap();
    assert_eq!(elsewhere.status(), 403);
    for id in ["x", "-1", "1.5", "1 2"] {
        let request = http_client().get(&url).bearer_auth(&foreign).header("Last-Event-ID", id);
        assert_eq!(request.send().await.unwrap().status(), 400, "{id}");
    }
}

#[tokio::test]
async fn without_an_id_only_new_events_come_and_with_one_all_since() {
    let server = TestServer::start().await;
    let before = server.publish(None, json!({"n": 1})).await;
    let mut live = StreamReader::open(&server, &server.admin, None).await;
    live.settle().await;
    // A reader that is cut off before its first event knows the id to resume from.
    assert_eq!(live.last_id, Some(before));
    let id = server.publish(None, json!({"n": 2})).await;
    let event = live.next_event().await.unwrap();
    assert_eq!((event["event_id"].as_i64(), &event["data"], event.get("replayed")), (Some(id), &json!({"n": 2}), None));

    let mut resumed = StreamReader::open(&server, &server.admin, Some(before - 1)).await;
    for expected in [before, id] {
        let event = resumed.next_event().await.unwrap();
        assert_eq!((event["event_id"].as_i64(), &event["replayed"]), (Some(expected), &json!(true)));
    }
    // The browser's header on reconnecting wins over the URL, which does not change.
    let url = format!("{}/api/events?last_event_id=0", server.url);
    let request = http_client().get(url).bearer_auth(&server.admin).header("Last-Event-ID", before);
    let mut response = request.send().await.unwrap();
    let mut text = String::new();
    while !text.contains("data: ") {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert!(text.contains(&format!("\nid: {id}\ndata: ")), "{text}");
    // An id that does not exist yet means that the database was restored: new events are sent.
    let mut ahead = StreamReader::open(&server, &server.admin, Some(i64::MAX)).await;
    ahead.settle().await;
    assert_eq!(ahead.last_id, Some(id));
    let next = server.publish(None, json!({"n": 3})).await;
    assert_eq!(ahead.next_event().await.unwrap()["event_id"].as_i64(), Some(next));
}

#[tokio::test]
async fn every_event_after_the_answer_is_sent() {
    let server = TestServer::start().await;
    for round in 0..30 {
        let mut reader = StreamReader::try_open(&server.url, &server.admin, None).await.unwrap();
        let id = server.publish(None, json!({"round": round})).await;
        assert_eq!(reader.next_event().await.unwrap()["event_id"].as_i64(), Some(id));
    }
}

#[tokio::test]
async fn a_reader_that_stops_reading_is_disconnected_and_counted() {
    let server = TestServer::start_with(&[("WS_WRITE_WAIT", "1s")]).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut silent: TcpStream = socket.connect(server.running.address).await.unwrap();
    let request = format!("GET /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", server.admin);
    silent.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("\nid: ") {
        assert_ne!(silent.read_buf(&mut seen).await.unwrap(), 0);
    }
    let transport = &server.running.assembly.transport;
    assert_eq!(transport.stats().streams_open, 1);
    let begun = Instant::now();
    while transport.stats().streams_fallen_behind == 0 {
        fill(&server, 50, 15_000).await;
        server.publish(None, json!({})).await;
        assert!(begun.elapsed() < PATIENCE, "{:?}", transport.stats());
    }
    // The client sends nothing any more: the server notices only that the connection is dropped.
    while transport.stats().streams_open > 0 {
        assert!(begun.elapsed() < PATIENCE, "{:?}", transport.stats());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(transport.stats().pending_bytes, 0);
}

#[tokio::test]
async fn a_drain_ends_streams_cleanly_and_spreads_their_reconnects() {
    let server = TestServer::start().await;
    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut reader = StreamReader::open(&server, &server.admin, None).await;
        reader.settle().await;
        readers.push(reader);
    }
    let drained = tokio::spawn(server.running.drain());
    let mut delays = Vec::new();
    for reader in &mut readers {
        while reader.next_block().await.is_some() {}
        delays.push(reader.retry_ms.unwrap());
    }
    drained.await.unwrap();
    delays.sort_unstable();
    // In these tests reconnects are spread over one second, after one second.
    assert_eq!(delays, [1000, 1333, 1666]);
}
