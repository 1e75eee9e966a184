//! `/ws/updates/` for clients whose URL has the id of their last event.

use crate::support::TestServer;
use serde_json::{Value, json};

#[tokio::test]
async fn an_id_in_the_url_starts_a_replay_like_a_request() {
    let server = TestServer::start().await;
    let first = server.publish(None, json!({"n": 1})).await;
    let second = server.publish(None, json!({"n": 2})).await;
    let path = |id: &str| format!("/ws/updates/?token={}&last_event_id={id}", server.admin);
    let mut watcher = server.try_watch(&path(&first.to_string()), &[]).await.unwrap();
    assert_eq!(watcher.next().await["type"], "connection_established");
    let replayed = watcher.next().await;
    assert_eq!((replayed["event_id"].as_i64(), &replayed["replayed"]), (Some(second), &json!(true)));
    let complete = json!({"type": "replay_complete", "count": 1, "last_event_id": second, "complete": true});
    assert_eq!(watcher.next().await, complete);
    let live = server.publish(None, json!({"n": 3})).await;
    assert_eq!(watcher.next().await["event_id"].as_i64(), Some(live));

    let mut watcher = server.try_watch(&path("seven"), &[]).await.unwrap();
    assert_eq!(watcher.next().await["type"], "connection_established");
    let refusal: Value = watcher.next().await;
    assert_eq!(refusal["type"], "error");
    let live = server.publish(None, json!({"n": 4})).await;
    assert_eq!(watcher.next().await["event_id"].as_i64(), Some(live));
}
