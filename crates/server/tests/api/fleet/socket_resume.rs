//! A fleet's viewer misses no stored event: replays, and reconnecting after the server was away.

use crate::fleet::socket_support::{alert, braking, crossing, manager};
use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, Watcher};
use milepost_domain::{Fact, FenceEvent, Revision, TenantId};
use serde_json::json;

on_both! {
    a_long_replay_is_complete_and_in_order_and_live_events_follow,
    a_client_that_names_its_last_event_on_connecting_need_not_request_a_replay,
    nothing_is_missed_or_published_twice_over_a_restart,
}

/// Opens a socket, reads its first messages, and returns the tenant's newest event.
async fn enter(server: &TestServer, query: &str) -> (Watcher, i64) {
    let mut watcher = server.watch(&format!("/ws/tracking?company_id=123{query}"), &manager(101, "123")).await;
    let welcome = watcher.next().await;
    (watcher, welcome["data"]["last_event_id"].as_i64().unwrap())
}

/// Stores `count` facts that a manager sees, each followed by one that it does not.
async fn fill(server: &TestServer, count: usize) {
    let pair = [braking("7", Revision::New), alert("123", "not yours", Some(99), None)];
    let facts: Vec<Fact> = pair.iter().cycle().take(count * 2).cloned().collect();
    for some in facts.chunks(500) {
        server.store_facts("123", some).await;
    }
}

async fn a_long_replay_is_complete_and_in_order_and_live_events_follow(database: Database) {
    const COUNT: usize = 1_500;
    let server = database.start().await;
    server.add_company("123").await;
    let (mut watcher, before) = enter(&server, "").await;
    drop(watcher);
    fill(&server, COUNT).await;
    let newest;
    (watcher, newest) = enter(&server, "").await;
    assert_eq!(newest, before + 2 * COUNT as i64);
    watcher.send(json!({"type": "replay_request", "last_event_id": before})).await;
    // Storing turns the clock past the wait for a first request, so that the replay must have begun.
    let first = watcher.next_of("driver_event_update").await;
    assert_eq!((first["event_id"].as_i64(), &first["replayed"]), (Some(before + 1), &json!(true)));
    let during = server.store_facts("123", &[crossing("7", FenceEvent::Exit, Revision::New)]).await;
    let mut expected = before + 3;
    let complete = loop {
        let message = watcher.next().await;
        match message["type"].as_str().unwrap() {
            "driver_event_update" => {
                assert_eq!((message["event_id"].as_i64(), &message["replayed"]), (Some(expected), &json!(true)));
                expected += 2;
            }
            "replay_complete" => break message,
            "geofence_violation_update" => assert_eq!(message["replayed"], true),
            "fleet_dashboard_update" => {}
            other => panic!("{other}"),
        }
    };
    assert_eq!(expected, newest + 1);
    assert_eq!(complete["count"], complete["data"]["count"]);
    if complete["data"]["last_event_id"] == newest {
        // The event came during the replay or right after it.
        let live = watcher.next_event().await;
        assert_eq!((live["event_id"].as_i64(), live.get("replayed")), (Some(during), None));
    } else {
        assert_eq!(complete["data"]["count"], COUNT + 1);
    }
}

async fn a_client_that_names_its_last_event_on_connecting_need_not_request_a_replay(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    let (_, newest) = enter(&server, "").await;
    fill(&server, 2).await;
    let (mut watcher, _) = enter(&server, &format!("&last_event_id={newest}")).await;
    for id in [newest + 1, newest + 3] {
        assert_eq!(watcher.next_event().await["event_id"].as_i64(), Some(id));
    }
    assert_eq!(
        watcher.next_of("replay_complete").await["data"],
        json!({"count": 2, "last_event_id": newest + 4, "complete": true})
    );
    let (mut watcher, _) = enter(&server, "&last_event_id=x").await;
    let problem = watcher.next_of("error").await;
    assert_eq!(problem["data"]["message"], "last_event_id must be a whole number from 0");
}

async fn nothing_is_missed_or_published_twice_over_a_restart(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    let (mut watcher, _) = enter(&server, "").await;
    let received = server.store_facts("123", &[alert("123", "before", None, None)]).await;
    assert_eq!(watcher.next_event().await["event_id"].as_i64(), Some(received));
    let store = std::sync::Arc::clone(&server.running.assembly.store);
    let draining = tokio::spawn(async move { server.restart(&[]).await });
    let frame = watcher.closed().await.unwrap();
    assert_eq!(u16::from(frame.code), 1012);
    assert!(frame.reason.as_str().starts_with("restarting; reconnect in "), "{}", frame.reason);
    let server = draining.await.unwrap();
    assert!(store.newest_event_id(&TenantId::new("123").unwrap()).await.is_err(), "the old store is closed");
    let missed = server.store_facts("123", &[alert("123", "away", None, None)]).await;
    let (mut watcher, newest) = enter(&server, "").await;
    assert_eq!(newest, missed);
    watcher.send(json!({"type": "replay_request", "last_event_id": received})).await;
    let replayed = watcher.next_event().await;
    assert_eq!((&replayed["data"]["id"], &replayed["replayed"]), (&json!("away"), &json!(true)));
    assert_eq!(watcher.next_of("replay_complete").await["data"]["count"], 1);
    let live = server.store_facts("123", &[alert("123", "after", None, None)]).await;
    let message = watcher.next_event().await;
    assert_eq!((message["event_id"].as_i64(), message.get("replayed")), (Some(live), None));
}
