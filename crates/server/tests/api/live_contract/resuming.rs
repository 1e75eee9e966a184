//! A client that remembers only its last event misses nothing and gets nothing twice, wherever it is disconnected.

use super::dialects::{Connection, DIALECTS, Dialect, Name};
use crate::support::{TestServer, Watcher, json_of};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ROUNDS: usize = 40;

/// Stores this test's `n`th event in the default tenant.
async fn publish(dialect: &Dialect, server: &TestServer, n: u64) {
    if matches!(dialect.name, Name::Fleet | Name::Native) {
        let alert = json!({"type": "system_error", "title": n.to_string(), "message": "an alert"});
        json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
    } else {
        server.publish(None, json!({"n": n.to_string()})).await;
    }
}

/// The next message in which this field has this value.
async fn next_that(watcher: &mut Watcher, field: &str, value: &str) -> Value {
    loop {
        let message = watcher.next().await;
        if message[field] == value {
            return message;
        }
    }
}

/// What a client that has got nothing yet resumes after.
async fn first_cursor(dialect: &Dialect, server: &TestServer, path: &str) -> String {
    if dialect.name == Name::Native {
        let mut connection = dialect.open(server, path, &server.admin).await;
        let Connection::Socket(watcher) = &mut connection else { panic!("a socket") };
        watcher.send(json!({"op": "sub", "s": 1, "to": "alerts"})).await;
        return next_that(watcher, "op", "ready").await["cursor"].as_str().unwrap().to_owned();
    }
    let store = &server.running.assembly.store;
    store.newest_event_id(&milepost_domain::TenantId::default_tenant()).await.unwrap().to_string()
}

/// Opens a connection that resumes after a cursor.
async fn resume(dialect: &Dialect, server: &TestServer, path: &str, after: &str) -> Connection {
    let bearer = format!("Bearer {}", server.admin);
    if dialect.is_stream() {
        let headers = [("Authorization", bearer.as_str()), ("Last-Event-ID", after)];
        return dialect.try_open(server, path, &headers).await.unwrap();
    }
    let mut connection = dialect.open(server, path, &server.admin).await;
    let Connection::Socket(watcher) = &mut connection else { panic!("a socket") };
    let asking = match dialect.name {
        Name::Native => json!({"op": "sub", "s": 1, "to": "alerts", "after": after}),
        _ => json!({"type": "replay_request", "last_event_id": after.parse::<i64>().unwrap()}),
    };
    watcher.send(asking).await;
    connection
}

/// The cursor of the next event, and its number in this test.
async fn next(dialect: &Dialect, connection: &mut Connection) -> (String, u64) {
    let event = match connection {
        Connection::Socket(watcher) if dialect.name == Name::Native => next_that(watcher, "type", "alert.raised").await,
        Connection::Socket(watcher) => watcher.next_event().await,
        Connection::Stream(stream) => stream.next_event().await.expect("an open stream"),
    };
    let number = event["data"].get("n").unwrap_or(&event["data"]["title"]).as_str().unwrap().parse().unwrap();
    let cursor = event["e"].as_str().map_or_else(|| event["event_id"].to_string(), str::to_owned);
    (cursor, number)
}

async fn nothing_is_missed_or_doubled(dialect: &'static Dialect) {
    let server = Arc::new(TestServer::start().await);
    let path = dialect.path(&server).await;
    let mut cursor = first_cursor(dialect, &server, &path).await;
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
        let mut connection = resume(dialect, &server, &path, &cursor).await;
        // The client gets between zero and a few events live.
        for _ in 0..(round % 5) * (round % 3 + 1) {
            let (id, n) = next(dialect, &mut connection).await;
            if let (Ok(id), Ok(before)) = (id.parse::<i64>(), cursor.parse::<i64>()) {
                assert!(id > before, "{:?}: {id} after {before}", dialect.name);
            }
            assert_eq!(n, seen + 1, "{:?}", dialect.name);
            (cursor, seen) = (id, n);
        }
    }
    over.store(true, Ordering::Relaxed);
    let last = writing.await.unwrap();
    let mut connection = resume(dialect, &server, &path, &cursor).await;
    while seen < last {
        let (_, n) = next(dialect, &mut connection).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_the_live_protocol_that_resumes_gets_each_fact_once() {
    nothing_is_missed_or_doubled(dialect(Name::Native)).await;
}
