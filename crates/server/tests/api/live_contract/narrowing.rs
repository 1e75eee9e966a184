//! A snapshot is never older than the messages after it, also when a viewer narrows and widens its subscription.

use crate::parcel::people::{client, driver};
use crate::support::{TestServer, Watcher, json_of};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Enough that sending their last positions takes longer than the time until the next positions.
const VEHICLES: usize = 300;
/// Three inbound frames each, which stays within the limit of what a client may send at once.
const ROUNDS: u64 = 30;

/// A dialect whose viewers can narrow: how they do it, and which vehicle and time a message shows.
struct Narrowing {
    path: &'static str,
    narrow: Value,
    widen: Value,
    shown: fn(&Value) -> Option<(&str, &str)>,
}

fn bus() -> Narrowing {
    Narrowing {
        path: "/ws/bus-tracking/",
        narrow: json!({"type": "subscribe", "bus_ids": ["v0"]}),
        widen: json!({"type": "subscribe", "bus_ids": [], "routes": []}),
        shown: |message| Some((message["data"]["bus_id"].as_str()?, message["data"]["timestamp"].as_str()?)),
    }
}

fn fleet() -> Narrowing {
    Narrowing {
        path: "/ws/tracking?company_id=default",
        narrow: json!({"type": "subscribe", "vehicle_ids": ["v0"]}),
        widen: json!({"type": "subscribe"}),
        shown: |message| Some((message["data"]["vehicle_id"].as_str()?, message["data"]["timestamp"].as_str()?)),
    }
}

/// Reports all vehicles together, again and again, until the receiver of `driven` is dropped.
async fn drive(server: Arc<TestServer>, driven: watch::Sender<i64>) {
    while !driven.is_closed() {
        let at_ms = 1_700_000_000_000 + *driven.borrow();
        let positions: Vec<Value> = (0..VEHICLES)
            .map(|n| json!({"vehicle_id": format!("v{n}"), "latitude": 1, "longitude": 2, "timestamp": at_ms}))
            .collect();
        json_of(server.post("/api/v1/positions", &server.admin, Value::Array(positions)).await, 201).await;
        driven.send_modify(|times| *times += 1);
    }
}

async fn no_vehicle_goes_back(narrowing: Narrowing) {
    let server = Arc::new(TestServer::start().await);
    for n in 0..VEHICLES {
        server.add_bus(&format!("v{n}")).await;
    }
    let (sender, mut driven) = watch::channel(0);
    let driving = tokio::spawn(drive(Arc::clone(&server), sender));
    driven.changed().await.unwrap();
    let (mut watcher, mut newest) = (server.watch(narrowing.path, &server.admin).await, HashMap::new());
    for round in 1..=ROUNDS {
        for message in [&narrowing.narrow, &narrowing.widen, &json!({"type": "ping"})] {
            watcher.send(message.clone()).await;
        }
        loop {
            let message = watcher.next().await;
            if message["type"] == "pong" {
                break;
            }
            let Some((vehicle, at)) = (narrowing.shown)(&message) else { continue };
            let before = newest.insert(vehicle.to_owned(), at.to_owned()).unwrap_or_default();
            assert!(before.as_str() <= at, "round {round}: {vehicle} at {before}, then at {at}");
        }
        assert_eq!(newest.len(), VEHICLES, "all are in view");
        // Positions change before each narrowing, after a delay that covers the whole interval between changes.
        driven.changed().await.unwrap();
        tokio::time::sleep(Duration::from_millis(round % 10 * 4)).await;
        if round % 10 == 0 {
            // The first messages of a new connection are not older than what follows either.
            (watcher, newest) = (server.watch(narrowing.path, &server.admin).await, HashMap::new());
        }
    }
    drop(driven);
    driving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bus_goes_back_in_time_when_its_viewer_narrows_and_widens() {
    no_vehicle_goes_back(bus()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_vehicle_of_a_fleet_goes_back_in_time_when_its_viewer_narrows_and_widens() {
    no_vehicle_goes_back(fleet()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_parcel_goes_back_in_time_when_its_viewer_subscribes_again() {
    let server = TestServer::start().await;
    let (first, second) = (server.add_parcel(Some(5)).await, server.add_parcel(Some(5)).await);
    let mut own = server.track_parcel(first, &driver(5)).await;
    own.send_location(10.0, 0.0).await;
    assert_eq!(own.next_location().await.0, first);
    let driving = tokio::spawn(async move {
        for step in 1..=400 {
            own.send_location(10.0, f64::from(step) / 10.0).await;
            own.next_location().await;
        }
    });
    let mut watcher = server.track_parcel(first, &client(7)).await;
    let mut newest = HashMap::new();
    while !driving.is_finished() {
        // Again before it has left, and after.
        for kind in ["subscribe_parcel", "subscribe_parcel", "unsubscribe_parcel"] {
            watcher.send(json!({"type": kind, "parcel_id": second})).await;
            let answered = kind.replace("_parcel", "d");
            read_until(&mut watcher, &answered, &mut newest).await;
            // The pause keeps the client within its limit of messages.
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }
    driving.await.unwrap();
}

/// Reads up to a message of type `kind`, and checks that no parcel's location is older than one before it.
async fn read_until(watcher: &mut Watcher, kind: &str, newest: &mut HashMap<i64, f64>) {
    loop {
        let message = watcher.next().await;
        if message["type"] == kind {
            return;
        }
        let (parcel, lng) = (message["parcel_id"].as_i64().unwrap(), message["location"]["lng"].as_f64().unwrap());
        let before = newest.insert(parcel, lng).unwrap_or_default();
        assert!(before <= lng, "{parcel} at {before}, then at {lng}");
    }
}
