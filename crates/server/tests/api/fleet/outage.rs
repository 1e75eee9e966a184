//! PostgreSQL goes away repeatedly during a ride. Once it is back, the history is complete and was published once.

use crate::fleet::history_support::{Ride, morning_ms, past, published_trips, sums, trips, turn_until, until};
use crate::support::{PATIENCE, TestServer, fresh_postgres};
use milepost_domain::{Revision, TripStatus};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy in front of a database that can be cut: its connections end, and new ones end at once.
struct DatabaseProxy {
    url: String,
    is_open: watch::Sender<bool>,
}

impl DatabaseProxy {
    async fn to(database: &str) -> Self {
        let (before, rest) = database.split_once('@').unwrap();
        let (address, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}@{}/{name}", listener.local_addr().unwrap());
        let (is_open, looks) = watch::channel(true);
        let address = address.to_owned();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(forward(near, address.clone(), looks.clone()));
            }
        });
        Self { url, is_open }
    }
}

async fn forward(mut near: TcpStream, address: String, mut is_open: watch::Receiver<bool>) {
    if *is_open.borrow() {
        let mut far = TcpStream::connect(address).await.unwrap();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
            _ = is_open.wait_for(|is_open| !is_open) => {}
        }
    }
}

/// Repeats a request until it is accepted.
async fn ride(server: &TestServer, vehicle: &str, positions: &[Value]) {
    let mut body = positions.to_vec();
    body.iter_mut().for_each(|position| position["vehicle_id"] = json!(vehicle));
    let begun = Instant::now();
    loop {
        let status = server.post("/api/v1/positions", &server.admin, json!(body)).await.status();
        if status == 201 {
            return;
        }
        assert!(status == 503 && begun.elapsed() < PATIENCE, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_complete_after_postgresql_was_away() {
    let Some(database) = fresh_postgres().await else { return };
    let proxy = DatabaseProxy::to(&database).await;
    let server = TestServer::start_with(&[("DATABASE_URL", &proxy.url)]).await;
    let store = Arc::clone(&server.running.assembly.store);
    let positions = Ride::two_trips(morning_ms());
    for vehicle in ["plain", "cut"] {
        server.add_bus(vehicle).await;
    }
    ride(&server, "plain", &positions).await;
    turn_until(&server.clock, &2, async || {
        trips(&*store, "plain").await.iter().filter(|trip| trip.status.has_ended()).count()
    })
    .await;
    let (expected, plain_sums, plain_published) =
        (past(&*store, "plain").await, sums(&*store).await, published_trips(&*store).await);

    // Some positions come late. After each commit the database is cut before, while or after the part is folded.
    let mut parts: Vec<&[Value]> = positions.chunks(40).collect();
    parts.swap(2, 3);
    for (round, part) in parts.iter().enumerate() {
        ride(&server, "cut", part).await;
        if round % 2 == 1 {
            tokio::time::sleep(std::time::Duration::from_millis(20 * round as u64)).await;
        }
        proxy.is_open.send_replace(false);
        let is_ready = async || server.get("/ready", "").await.status().as_u16();
        until(&503, is_ready).await;
        proxy.is_open.send_replace(true);
        until(&200, is_ready).await;
    }
    turn_until(&server.clock, &expected, async || past(&*store, "cut").await).await;
    assert_eq!(sums(&*store).await, plain_sums.map(|sum| 2 * sum));
    // No start of a trip is published twice.
    let published = published_trips(&*store).await.split_off(plain_published.len());
    let begun: Vec<_> = published
        .iter()
        .filter(|(_, status, revision)| *status == TripStatus::Started && *revision == Revision::New)
        .collect();
    let keys: BTreeSet<_> = begun.iter().map(|(started_at, ..)| started_at).collect();
    assert!(keys.len() == begun.len() && begun.len() >= 2, "{published:?}");
}
