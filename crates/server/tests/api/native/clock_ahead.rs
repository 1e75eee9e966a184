//! After a server's clock that was ahead for a moment: everybody sees where vehicles and drivers are now.

use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{TestServer, Watcher, json_of};
use milepost_clock::TurnableClock;
use serde_json::json;
use std::time::Duration;

on_both! {
    a_vehicle_is_where_it_is_after_a_clock_that_was_ahead,
    a_driver_is_where_it_is_after_a_clock_that_was_ahead,
}

const HOUR: Duration = Duration::from_secs(3600);

/// Restarts with the machine's clock.
async fn set_right(mut server: TestServer) -> TestServer {
    server.clock = TurnableClock::new();
    server.restart(&[]).await
}

/// Reports a position without a time of its own.
async fn report(server: &TestServer, latitude: f64) {
    let body = json!({"vehicle_id": "b1", "latitude": latitude, "longitude": 11.5});
    json_of(server.post("/api/v1/positions", &server.admin, body).await, 201).await;
}

/// The place over REST and in a snapshot.
async fn place(server: &TestServer) -> (f64, f64, Watcher) {
    let vehicle = server.get_json("/api/v1/vehicles/b1", &server.admin).await;
    let mut viewer = server.watch("/ws/bus-tracking/", &server.admin).await;
    let seen = viewer.next().await["data"]["latitude"].as_f64().unwrap();
    (vehicle["position"]["latitude"].as_f64().unwrap(), seen, viewer)
}

async fn a_vehicle_is_where_it_is_after_a_clock_that_was_ahead(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    server.clock.turn(HOUR);
    report(&server, 48.1).await;
    let server = set_right(server).await;
    let (rest, seen, mut viewer) = place(&server).await;
    assert_eq!((rest, seen), (48.1, 48.1), "nothing else is known");
    for latitude in [48.1001, 48.1002] {
        report(&server, latitude).await;
        assert_eq!(viewer.next().await["data"]["latitude"], latitude);
    }
    let (rest, seen, _viewer) = place(&server).await;
    assert_eq!((rest, seen), (48.1002, 48.1002));
    report(&server, 0.0).await;
    let server = set_right(server).await;
    let (rest, seen, mut viewer) = place(&server).await;
    assert_eq!((rest, seen), (48.1002, 48.1002), "after a restart too");
    report(&server, 48.1003).await;
    assert_eq!(viewer.next().await["data"]["latitude"], 48.1003);
    // Time catches up.
    server.clock.turn(HOUR);
    report(&server, 48.1004).await;
    assert_eq!(viewer.next().await["data"]["latitude"], 48.1004);
    assert_eq!(place(&server).await.0, 48.1004);
}

async fn a_driver_is_where_it_is_after_a_clock_that_was_ahead(database: Database) {
    let server = database.start().await;
    let id = server.add_parcel(Some(5)).await;
    let driver = token_for("5", "driver", "default", 7_200);
    server.clock.turn(HOUR);
    let mut own = server.track_parcel(id, &driver).await;
    own.send_location(0.0, 0.5).await;
    assert_eq!(own.next_location().await.2, 0.5);
    let server = set_right(server).await;
    let mut own = server.track_parcel(id, &driver).await;
    assert_eq!(own.next_location().await.2, 0.5, "nothing else is known");
    for longitude in [0.5001, 0.5002] {
        own.send_location(0.0, longitude).await;
        assert_eq!(own.next_location().await.2, longitude);
    }
    let server = set_right(server).await;
    let mut watcher = server.track_parcel(id, &token_for("7", "client", "default", 60)).await;
    assert_eq!(watcher.next_location().await.2, 0.5002);
}
