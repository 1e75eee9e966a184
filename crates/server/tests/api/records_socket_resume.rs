//! `/ws/updates/` for clients that keep nothing but the highest id they have seen.

use crate::support::{TestServer, Watcher};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The ids up to the one that ends the reading: a `replay_complete`, or so many of them.
async fn read(watcher: &mut Watcher, most: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    while ids.len() < most {
        let message = watcher.next().await;
        if message["type"] == "replay_complete" {
            break;
        }
        ids.push(message["event_id"].as_i64().expect("an event"));
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_keeps_only_the_highest_id_loses_nothing_wherever_it_is_cut_off() {
    let server = Arc::new(TestServer::start().await);
    let (_, first) = server.follow(&server.admin).await;
    let over = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (server, over) = (Arc::clone(&server), Arc::clone(&over));
        async move {
            let mut last = 0;
            while !over.load(Ordering::Relaxed) {
                last = server.tell(None, json!({})).await;
            }
            last
        }
    });
    let (mut seen, mut highest) = (BTreeSet::new(), first);
    for round in 0..60 {
        let (mut watcher, _) = server.follow(&server.admin).await;
        // Time for a live event to come before the request, if any could.
        tokio::task::yield_now().await;
        watcher.send(json!({"type": "replay_request", "last_event_id": highest})).await;
        let ids = read(&mut watcher, round % 5).await;
        assert!(ids.is_sorted() && ids.iter().all(|id| *id > highest), "after {highest}: {ids:?}");
        highest = ids.last().copied().unwrap_or(highest);
        seen.extend(ids);
    }
    over.store(true, Ordering::Relaxed);
    let last = writing.await.unwrap();
    let (mut watcher, _) = server.follow(&server.admin).await;
    watcher.send(json!({"type": "replay_request", "last_event_id": highest})).await;
    seen.extend(read(&mut watcher, usize::MAX).await);
    assert_eq!(seen, (first + 1..=last).collect());
}

#[tokio::test]
async fn an_id_in_the_url_is_as_good_as_a_request() {
    let server = TestServer::start().await;
    let first = server.tell(None, json!({"n": 1})).await;
    let second = server.tell(None, json!({"n": 2})).await;
    let path = |id: &str| format!("/ws/updates/?token={}&last_event_id={id}", server.admin);
    let mut watcher = server.try_watch(&path(&first.to_string()), &[]).await.unwrap();
    assert_eq!(watcher.next().await["type"], "connection_established");
    let replayed = watcher.next().await;
    assert_eq!((replayed["event_id"].as_i64(), &replayed["replayed"]), (Some(second), &json!(true)));
    let complete = json!({"type": "replay_complete", "count": 1, "last_event_id": second});
    assert_eq!(watcher.next().await, complete);
    let live = server.tell(None, json!({"n": 3})).await;
    assert_eq!(watcher.next().await["event_id"].as_i64(), Some(live));

    let mut watcher = server.try_watch(&path("seven"), &[]).await.unwrap();
    assert_eq!(watcher.next().await["type"], "connection_established");
    let refusal: Value = watcher.next().await;
    assert_eq!(refusal["type"], "error");
    let live = server.tell(None, json!({"n": 4})).await;
    assert_eq!(watcher.next().await["event_id"].as_i64(), Some(live));
}
