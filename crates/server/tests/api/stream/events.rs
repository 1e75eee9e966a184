//! The same messages over server-sent events.

use crate::records::stream_support::StreamReader;
use crate::support::{TestServer, json_of};
use serde_json::{Value, json};

const T0: i64 = 1_750_000_000_000;

async fn open(server: &TestServer, query: &str, headers: &[(&'static str, &str)]) -> StreamReader {
    StreamReader::try_open_with(&format!("{}/api/v1/stream?{query}", server.url), headers).await.unwrap()
}

/// The next message, with the id of its block.
async fn next(stream: &mut StreamReader) -> (Option<String>, Value) {
    loop {
        let block = stream.next_block().await.expect("an open stream");
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let Some(data) = field("data:") {
            let message: Value = serde_json::from_str(data).unwrap();
            super::schema::check(&message);
            return (field("id:").map(str::to_owned), message);
        }
    }
}

async fn until(stream: &mut StreamReader, op: &str) -> (Option<String>, Value) {
    loop {
        let (id, message) = next(stream).await;
        if message["op"] == op {
            return (id, message);
        }
    }
}

async fn raise(server: &TestServer, title: &str) {
    let alert = json!({ "type": "system_error", "title": title, "message": "m" });
    json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
}

#[tokio::test]
async fn a_stream_carries_the_messages_of_a_socket() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let bearer = format!("Bearer {}", server.admin);
    let mut stream = open(&server, "to=vehicles,alerts", &[("Authorization", &bearer)]).await;
    let (_, welcome) = next(&mut stream).await;
    let subs = json!([{ "s": 1, "to": "vehicles" }, { "s": 2, "to": "alerts" }]);
    assert_eq!((&welcome["op"], &welcome["subs"]), (&json!("welcome"), &subs));
    let (_, vehicles) = until(&mut stream, "vehicles").await;
    assert_eq!(vehicles["v"][0]["id"], "b1");
    until(&mut stream, "ready").await;
    let (_, ready) = until(&mut stream, "ready").await;
    assert_eq!((&ready["s"], &ready["complete"]), (&json!(2), &json!(true)));
    let fix = json!({ "vehicle_id": "b1", "latitude": 1, "longitude": 2, "timestamp": T0 });
    json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
    assert_eq!(until(&mut stream, "at").await.1["p"][0]["t"], T0);
    raise(&server, "one").await;
    let (id, fact) = until(&mut stream, "fact").await;
    assert_eq!(fact["e"], json!(id.unwrap()));
}

#[tokio::test]
async fn counts_come_whole_however_busy_the_stream_is() {
    let server = TestServer::start().await;
    let bearer = format!("Bearer {}", server.admin);
    let mut stream = open(&server, "to=presence,vehicles&batch_ms=1000", &[("Authorization", &bearer)]).await;
    assert_eq!(until(&mut stream, "presence").await.1["connections"], 1);
}

#[tokio::test]
async fn a_reader_that_comes_back_gets_what_it_missed() {
    let server = TestServer::start().await;
    let bearer = format!("Bearer {}", server.admin);
    let mut stream = open(&server, "to=alerts", &[("Authorization", &bearer)]).await;
    until(&mut stream, "ready").await;
    raise(&server, "seen").await;
    let (id, _) = until(&mut stream, "fact").await;
    let id = id.unwrap();
    drop(stream);
    for title in ["missed 1", "missed 2"] {
        raise(&server, title).await;
    }
    let headers = [("Authorization", bearer.as_str()), ("Last-Event-ID", id.as_str())];
    let mut stream = open(&server, "to=alerts,trips", &headers).await;
    for title in ["missed 1", "missed 2"] {
        assert_eq!(until(&mut stream, "fact").await.1["data"]["title"], title);
    }
    assert_eq!(until(&mut stream, "ready").await.1["complete"], true);
    let mut unknown = open(&server, "to=alerts&last_event_id=another.7", &headers[..1]).await;
    assert_eq!(until(&mut unknown, "items").await.1["items"].as_array().unwrap().len(), 3);
    assert_eq!(until(&mut unknown, "ready").await.1["complete"], false);
}

#[tokio::test]
async fn what_a_stream_may_not_follow_is_told_or_refused() {
    let server = TestServer::start().await;
    let (_, parent) = server.add_user(json!({ "username": "mum", "role": "parent" })).await;
    let bearer = format!("Bearer {parent}");
    let mut stream = open(&server, "to=dashboard,alerts&box=1,2,3", &[("Authorization", &bearer)]).await;
    let mut codes = [until(&mut stream, "error").await.1, until(&mut stream, "error").await.1]
        .map(|error| (error["s"].as_i64().unwrap(), error["code"].as_str().unwrap().to_owned()));
    codes.sort();
    assert_eq!(codes, [(1, "forbidden".to_owned()), (3, "invalid".to_owned())]);
    until(&mut stream, "ready").await;
    assert_eq!(server.get("/api/v1/stream?to=alerts", "").await.status(), 401);
    assert_eq!(server.get("/api/v1/stream?to=alerts", "nonsense").await.status(), 401);
    assert_eq!(server.get("/api/v1/stream", &server.admin).await.status(), 400);
    assert_eq!(server.get("/api/v1/stream?delivery=TRK-nobody-has-this-link", "").await.status(), 404);
}
