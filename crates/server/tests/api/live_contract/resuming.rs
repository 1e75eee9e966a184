//! A client that remembers only its last event misses nothing and gets nothing twice, wherever it is disconnected.

use super::dialects::{Connection, DIALECTS, Dialect, Name};
use crate::support::{TestServer, json_of};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ROUNDS: usize = 40;

/// Stores this test's `n`th event in the default tenant.
async fn publish(dialect: &Dialect, server: &TestServer, n: u64) {
    if dialect.name == Name::Fleet {
        let alert = json!({"type": "system_error", "title": n.to_string(), "message": "an alert"});
        json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
    } else {
        server.publish(None, json!({"n": n.to_string()})).await;
    }
}

/// Opens a connection that resumes after event `after`.
async fn resume(dialect: &Dialect, server: &TestServer, path: &str, after: i64) -> Connection {
    let (bearer, id) = (format!("Bearer {}", server.admin), after.to_string());
    if dialect.is_stream() {
        let headers = [("Authorization", bearer.as_str()), ("Last-Event-ID", id.as_str())];
        return dialect.try_open(server, path, &headers).await.unwrap();
    }
    let mut connection = dialect.open(server, path, &server.admin).await;
    let Connection::Socket(watcher) = &mut connection else { panic!("a socket") };
    watcher.send(json!({"type": "replay_request", "last_event_id": after})).await;
    connection
}

/// The id of the next event, and its number in this test.
async fn next(connection: &mut Connection) -> (i64, u64) {
    let event = match connection {
        Connection::Socket(watcher) => watcher.next_event().await,
        Connection::Stream(stream) => stream.next_event().await.expect("an open stream"),
    };
    let number = event["data"].get("n").unwrap_or(&event["data"]["title"]);
    (event["event_id"].as_i64().unwrap(), number.as_str().unwrap().parse().unwrap())
}

async fn nothing_is_missed_or_doubled(dialect: &'static Dialect) {
    let server = Arc::new(TestServer::start().await);
    let path = dialect.path(&server).await;
    let store = &server.running.assembly.store;
    let mut highest = store.newest_event_id(&milepost_domain::TenantId::default_tenant()).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (server, over) = (Arc::clone(&server), Arc::clone(&over));
        async move {
            let mut n = 0;
            while !over.load(Ordering::Relaxed) {
                n += 1;
                publish(dialect, &server, n).await;
            }
            n
        }
    });
    let mut seen = 0;
    for round in 0..ROUNDS {
        let mut connection = resume(dialect, &server, &path, highest).await;
        // The client gets between zero and a few events live.
        for _ in 0..(round % 5) * (round % 3 + 1) {
            let (id, n) = next(&mut connection).await;
            assert!(id > highest, "{:?}: {id} after {highest}", dialect.name);
            assert_eq!(n, seen + 1, "{:?}", dialect.name);
            (highest, seen) = (id, n);
        }
    }
    over.store(true, Ordering::Relaxed);
    let last = writing.await.unwrap();
    let mut connection = resume(dialect, &server, &path, highest).await;
    while seen < last {
        let (_, n) = next(&mut connection).await;
        assert_eq!(n, seen + 1, "{:?}", dialect.name);
        seen = n;
    }
}

fn dialect(name: Name) -> &'static Dialect {
    DIALECTS.iter().find(|dialect| dialect.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleets_viewer_that_resumes_gets_each_event_once() {
    nothing_is_missed_or_doubled(dialect(Name::Fleet)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_records_that_resumes_gets_each_event_once() {
    nothing_is_missed_or_doubled(dialect(Name::Records)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_resumes_gets_each_event_once() {
    nothing_is_missed_or_doubled(dialect(Name::RecordsStream)).await;
}
