//! A client that resumes from an id which the server can't serve learns it: older than what is kept, or not of this database.

use crate::records::stream_support::StreamReader;
use crate::support::{TestServer, Watcher, http_client};
use milepost_store::Retention;
use serde_json::{Value, json};

/// A server that removed its first events, the last removed id, and its newest.
async fn server_with_removed_events() -> (TestServer, i64, i64) {
    let server = TestServer::start().await;
    let mut removed = 0;
    for n in 0..3 {
        removed = server.publish(None, json!({"n": n})).await;
    }
    let store = &server.running.assembly.store;
    let now = server.clock.clock().now();
    let retention = Retention { events_ms: 0, ..Retention::default() };
    assert!(store.prune(now, &retention).await.unwrap().events >= 3);
    let newest = server.publish(None, json!({"n": 3})).await;
    (server, removed, newest)
}

/// The end of the replay after `id`.
async fn replay(watcher: &mut Watcher, id: i64) -> Value {
    watcher.send(json!({"type": "replay_request", "last_event_id": id})).await;
    loop {
        let message = watcher.next().await;
        if message["type"] == "replay_complete" {
            return message;
        }
    }
}

#[tokio::test]
async fn sockets_are_told_that_something_is_missing() {
    let (server, removed, newest) = server_with_removed_events().await;
    let (mut records, _) = server.follow(&server.admin).await;
    let mut fleet = server.watch("/ws/tracking?company_id=default", &server.admin).await;
    for (id, count, complete) in
        [(removed - 1, 1, false), (removed, 1, true), (newest, 0, true), (newest + 5, 0, false), (i64::MAX, 0, false)]
    {
        let end = replay(&mut records, id).await;
        let expected =
            json!({"type": "replay_complete", "count": count, "last_event_id": newest, "complete": complete});
        assert_eq!(end, expected, "after {id}");
        // No event of the fleet is among them; what counts is the position in the same numbers.
        let end = replay(&mut fleet, id).await;
        assert_eq!((&end["complete"], &end["data"]["complete"]), (&json!(complete), &json!(complete)), "after {id}");
    }
    let live = server.publish(None, json!({"n": 4})).await;
    assert_eq!(records.next().await["event_id"].as_i64(), Some(live), "the socket goes on");
}

#[tokio::test]
async fn streams_begin_with_the_news() {
    let (server, removed, newest) = server_with_removed_events().await;
    let first_data = async |query: &str| {
        let url = format!("{}/api/events{query}", server.url);
        let mut response = http_client().get(url).bearer_auth(&server.admin).send().await.unwrap();
        let mut text = String::new();
        while !text.contains("data: ") && !text.contains("id: ") {
            text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        }
        text.lines().find(|line| line.starts_with("data: ")).map(|line| serde_json::from_str(&line[6..]).unwrap())
    };
    let unknown = Some(json!({"type": "position_unknown", "last_event_id": newest}));
    assert_eq!(first_data(&format!("?last_event_id={}", removed - 1)).await, unknown);
    assert_eq!(first_data(&format!("?lastEventId={}", newest + 1)).await, unknown);
    let known: Option<Value> = first_data(&format!("?lastEventId={removed}")).await;
    assert_eq!(known.unwrap()["event_id"].as_i64(), Some(newest));

    // The client stands where the server stands afterwards.
    let mut reader = StreamReader::open(&server, &server.admin, Some(newest + 7)).await;
    reader.next_block().await.unwrap();
    reader.settle().await;
    assert_eq!(reader.last_id, Some(newest));
}
