//! Rows, and readers that say how much they have taken.

use super::support::LiveClient;
use crate::support::{PATIENCE, TestServer, json_of};
use serde_json::{Value, json};

const T0: i64 = 1_750_000_000_000;

async fn report(server: &TestServer, id: &str, seconds: i64) {
    let fix = json!({
        "vehicle_id": id, "latitude": 48.5, "longitude": -2.25, "speed": 31.5, "timestamp": T0 + seconds * 1000,
    });
    json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
}

#[tokio::test]
async fn rows_have_what_the_text_has_in_twenty_bytes() {
    let server = TestServer::start().await;
    for id in ["a", "b"] {
        server.add_bus(id).await;
    }
    let socket = server.try_watch("/ws", &[]).await.unwrap();
    let hello = json!({ "op": "hello", "token": server.admin, "form": "rows" });
    let mut client = LiveClient::greet(socket, hello).await;
    assert_eq!(client.welcome["form"], "rows");
    client.sub(json!({ "s": 1, "to": "vehicles", "batch_ms": 60_000 })).await;
    let number = |id: &str| client.vehicles[id]["n"].as_u64().unwrap() as u32;
    let (a, b) = (number("a"), number("b"));
    assert!(a != b && a < 1 << 24 && b < 1 << 24);
    // It comes after the other, and so it is told after it.
    let mut at_once = LiveClient::open(&server, &server.admin).await;
    at_once.sub(json!({ "s": 1, "to": "vehicles" })).await;
    report(&server, "a", 1).await;
    report(&server, "b", 2).await;
    at_once.until_at("a", T0 + 1_000).await;
    at_once.until_at("b", T0 + 2_000).await;
    client.settle().await;
    server.clock.turn(std::time::Duration::from_secs(60));
    let frame = tokio::time::timeout(PATIENCE, client.socket.next_binary()).await.unwrap();
    assert_eq!((frame.len(), &frame[..4]), (16 + 2 * 20, &[1, 20, 0, 0][..]));
    let base = f64::from_le_bytes(frame[8..16].try_into().unwrap());
    let rows: Vec<_> = frame[16..].chunks(20).collect();
    let int = |row: &[u8], at: usize| i32::from_le_bytes(row[at..at + 4].try_into().unwrap());
    for (row, number, seconds) in [(rows[0], a, 1), (rows[1], b, 2)] {
        assert_eq!(int(row, 0) as u32 & 0x00ff_ffff, number);
        assert_eq!((int(row, 4), int(row, 8)), (48_500_000, -2_250_000));
        assert_eq!(base as i64 + i64::from(int(row, 12)), T0 + seconds * 1000);
        assert_eq!(row[16..], [59, 1, 0xff, 0x0f], "speed 31.5, no heading");
    }
}

#[tokio::test]
async fn a_reader_that_acknowledges_nothing_gets_two_windows_and_then_the_newest() {
    let server = TestServer::start().await;
    server.add_bus("a").await;
    let socket = server.try_watch("/ws", &[]).await.unwrap();
    let hello = json!({ "op": "hello", "token": server.admin, "flow": true });
    let mut client = LiveClient::greet(socket, hello).await;
    client.sub(json!({ "s": 1, "to": "vehicles" })).await;
    client.sub(json!({ "s": 2, "to": "alerts" })).await;
    let mut marks: Vec<Value> = Vec::new();
    for seconds in 1..=10 {
        // A window is closed after a second.
        server.clock.turn(std::time::Duration::from_secs(2));
        report(&server, "a", seconds).await;
        if seconds <= 2 {
            marks.push(client.until(|message| message["op"] == "mark" && message["m"].is_number()).await["m"].clone());
        }
    }
    client.settle().await;
    assert_eq!(client.vehicles["a"]["place"]["t"], T0 + 2000, "the others wait");
    // Facts do not wait.
    let alert = json!({ "type": "system_error", "title": "t", "message": "m" });
    json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
    client.until(|message| message["op"] == "fact").await;
    let told = client.told;
    client.send(json!({ "op": "seen", "m": marks[1] })).await;
    client.until_at("a", T0 + 10_000).await;
    assert_eq!(client.told, told + 1, "only the newest");
}
