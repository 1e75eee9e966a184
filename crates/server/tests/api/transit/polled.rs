//! Feeds of others, which a real HTTP server answers.

use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, fresh_postgres, json_of};
use axum::body::Body;
use axum::response::Response;
use milepost_dialect_transit::wire::{
    FeedEntity, FeedHeader, FeedMessage, Position, TripDescriptor, VehicleDescriptor, VehiclePosition,
};
use milepost_test_support::Receiver;
use prost::Message;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

on_both! {
    the_vehicles_of_a_feed_are_devices_vehicles_and_new_ones,
}

/// What the feed answers now: status, version and body.
#[derive(Clone, Default)]
struct Feed(Arc<Mutex<(u16, String, Vec<u8>)>>);

impl Feed {
    fn set(&self, status: u16, etag: &str, body: impl Into<Vec<u8>>) {
        *self.0.lock().unwrap() = (status, etag.to_owned(), body.into());
    }

    async fn start(&self) -> Receiver {
        let now = Arc::clone(&self.0);
        Receiver::answering(move |_| {
            let (status, etag, body) = now.lock().unwrap().clone();
            Some(Response::builder().status(status).header("etag", etag).body(Body::from(body)).unwrap())
        })
        .await
    }
}

fn at_s(server: &TestServer) -> i64 {
    server.clock.clock().now().unix_ms() / 1_000
}

/// One vehicle at a time, in the form of GTFS-Realtime.
fn entity(id: &str, at_s: i64, latitude: f32, speed: f32) -> FeedEntity {
    let trip = TripDescriptor {
        trip_id: "t-1".to_owned(),
        start_time: Some("08:00:00".to_owned()),
        start_date: Some("20260216".to_owned()),
        route_id: Some("R7".to_owned()),
        direction_id: None,
    };
    let vehicle = VehiclePosition {
        trip: Some(trip),
        current_stop_sequence: None,
        current_status: None,
        stop_id: Some("market".to_owned()),
        position: Position { latitude, longitude: 13.4, bearing: Some(90.0), odometer: None, speed: Some(speed) },
        timestamp: at_s.cast_unsigned(),
        vehicle: VehicleDescriptor {
            id: id.to_owned(),
            label: format!("Bus {id}"),
            license_plate: Some("B-AB 1".to_owned()),
        },
    };
    FeedEntity { id: format!("entity-{id}"), alert: None, trip_update: None, vehicle: Some(vehicle) }
}

fn gtfs_rt(at_s: i64, entity: Vec<FeedEntity>) -> Vec<u8> {
    let header =
        FeedHeader { gtfs_realtime_version: "2.0".to_owned(), incrementality: 0, timestamp: at_s.cast_unsigned() };
    FeedMessage { header, entity }.encode_to_vec()
}

async fn track(server: &TestServer, vehicle: &str) -> Vec<Value> {
    let answer = server.get(&format!("/api/v1/vehicles/{vehicle}/positions?limit=100"), &server.admin).await;
    if answer.status() == 404 {
        return Vec::new();
    }
    json_of(answer, 200).await["items"].as_array().unwrap().clone()
}

/// Waits until a condition holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn stored(server: &TestServer, vehicle: &str, count: usize) -> Vec<Value> {
    until(&format!("{count} positions of {vehicle}"), async || track(server, vehicle).await.len() >= count).await;
    let track = track(server, vehicle).await;
    assert_eq!(track.len(), count, "{track:?}");
    track
}

async fn metric(server: &TestServer, name: &str) -> u64 {
    let text = server.get("/metrics", &server.admin).await.text().await.unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("milepost_{name} ")))
        .unwrap_or_else(|| panic!("{text}"));
    line.parse().unwrap()
}

async fn the_vehicles_of_a_feed_are_devices_vehicles_and_new_ones(database: Database) {
    let feed = Feed::default();
    feed.set(503, "", "");
    let source = feed.start().await;
    let setting = format!("{}/vehicles.pb?key=s3cret|default|1s", source.url);
    let server = database.start_with(&[("TRANSIT_FEEDS", &setting)]).await;
    server.add_bus("b1").await;
    server.add_bus("bus-7").await;
    let device = json!({ "vehicle_id": "b1", "unique_id": "fleet/12" });
    json_of(server.post("/api/v1/devices", &server.admin, device).await, 201).await;
    // Another tenant has a device of that name. The feed is none of its.
    json_of(server.post("/api/v1/tenants", &server.admin, json!({ "id": "acme", "name": "Acme" })).await, 201).await;
    let elsewhere = json!({ "id": "theirs", "kind": "bus", "label": "x", "tenant": "acme" });
    json_of(server.post("/api/v1/vehicles", &server.admin, elsewhere).await, 201).await;
    let device = json!({ "vehicle_id": "theirs", "unique_id": "9001", "tenant": "acme" });
    json_of(server.post("/api/v1/devices", &server.admin, device).await, 201).await;

    let first = at_s(&server) - 20;
    let mut seen = vec![
        entity("fleet/12", first, 52.5, 10.0),
        entity("bus-7", first, 52.6, 0.0),
        entity("8001", first, 52.7, 5.0),
        entity("9001", first, 52.8, 5.0),
        entity("no/vehicle's", first, 52.9, 5.0),
        entity("nowhere", first, 0.0, 0.0),
    ];
    seen[5].vehicle.as_mut().unwrap().position.longitude = 0.0;
    feed.set(200, "\"one\"", gtfs_rt(first, seen.clone()));
    let [first_fix] = &stored(&server, "b1", 1).await[..] else { panic!() };
    assert_eq!(
        (&first_fix["latitude"], &first_fix["speed"], &first_fix["heading"]),
        (&json!(52.5), &json!(36.0), &json!(90.0))
    );
    let told = json!({ "trip_id": "t-1", "trip_date": "20260216", "route_id": "R7", "stop_id": "market" });
    assert_eq!(first_fix["attributes"], told);
    stored(&server, "bus-7", 1).await;
    stored(&server, "8001", 1).await;
    stored(&server, "9001", 1).await;
    let made = server.get_json("/api/v1/vehicles/8001", &server.admin).await;
    assert_eq!(
        (&made["kind"], &made["label"], &made["license_plate"]),
        (&json!("bus"), &json!("Bus 8001"), &json!("B-AB 1"))
    );
    let vehicles = server.get_json("/api/v1/vehicles", &server.admin).await;
    assert_eq!(vehicles["items"].as_array().unwrap().len(), 4, "{vehicles}");
    let theirs = server.get_json("/api/v1/vehicles/theirs/positions?tenant=acme", &server.admin).await;
    assert_eq!(theirs["items"], json!([]));

    // The version is sent back, and nothing is stored again.
    until("the version is sent back", async || {
        source.calls().iter().any(|call| call.headers.get("if-none-match").is_some_and(|tag| tag == "\"one\""))
    })
    .await;
    feed.set(304, "\"one\"", "");
    let polls = source.calls().len();
    until("polls of the same", async || source.calls().len() > polls + 1).await;
    assert_eq!(track(&server, "b1").await.len(), 1);

    // One has moved, the others come again.
    seen[0] = entity("fleet/12", first + 10, 52.51, 10.0);
    feed.set(200, "\"two\"", gtfs_rt(first + 10, seen));
    stored(&server, "b1", 2).await;
    stored(&server, "8001", 1).await;
    assert_eq!(metric(&server, "transit_feed_positions_total").await, 5);
    assert_eq!(metric(&server, "transit_feed_vehicles_made_total").await, 2);
    assert_eq!(metric(&server, "transit_feeds_failing").await, 0);
}

#[tokio::test]
async fn siri_is_told_by_its_body() {
    let feed = Feed::default();
    feed.set(503, "", "");
    let source = feed.start().await;
    let server = TestServer::start_with(&[("TRANSIT_FEEDS", &format!("{}/siri|acme|1s", source.url))]).await;
    let at = milepost_http::rfc3339(server.clock.clock().now().plus_ms(-30_000));
    let xml = format!(
        "\u{feff}\n<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"s\"><s:Body><siri:Siri xmlns:siri=\"http://www.siri.org.uk/siri\">\
         <siri:ServiceDelivery><siri:VehicleMonitoringDelivery><siri:VehicleActivity>\
         <siri:RecordedAtTime>{at}</siri:RecordedAtTime><siri:MonitoredVehicleJourney><siri:LineRef>7 &amp; &#56;</siri:LineRef>\
         <siri:FramedVehicleJourneyRef><siri:DataFrameRef>2026-02-16</siri:DataFrameRef>\
         <siri:DatedVehicleJourneyRef>t-1</siri:DatedVehicleJourneyRef></siri:FramedVehicleJourneyRef>\
         <siri:VehicleLocation><siri:Longitude>13.4</siri:Longitude><siri:Latitude>52.5</siri:Latitude></siri:VehicleLocation>\
         <siri:Bearing>-1</siri:Bearing><siri:Velocity>10</siri:Velocity><siri:VehicleRef> MTA 4223 </siri:VehicleRef>\
         </siri:MonitoredVehicleJourney></siri:VehicleActivity>\
         <siri:VehicleActivity><siri:MonitoredVehicleJourney><siri:VehicleRef>nowhere</siri:VehicleRef>\
         </siri:MonitoredVehicleJourney></siri:VehicleActivity>\
         </siri:VehicleMonitoringDelivery></siri:ServiceDelivery></siri:Siri></s:Body></s:Envelope>"
    );
    feed.set(200, "", xml);
    let path = "/api/v1/vehicles/MTA%204223/positions?tenant=acme";
    until("a position", async || server.get(path, &server.admin).await.status() == 200).await;
    until("a position", async || server.get_json(path, &server.admin).await["items"] != json!([])).await;
    let fix = server.get_json(path, &server.admin).await["items"][0].clone();
    assert_eq!((&fix["latitude"], &fix["longitude"], &fix["speed"]), (&json!(52.5), &json!(13.4), &json!(36.0)));
    assert_eq!((&fix["heading"], &fix["timestamp"]), (&Value::Null, &json!(at)));
    assert_eq!(fix["attributes"], json!({ "trip_id": "t-1", "trip_date": "20260216", "route_id": "7 & 8" }));
}

#[tokio::test]
async fn a_feed_that_fails_is_counted_and_read_again() {
    let feed = Feed::default();
    feed.set(200, "\"bad\"", "<html>we are closed</html>");
    let source = feed.start().await;
    let server = TestServer::start_with(&[("TRANSIT_FEEDS", &format!("{}/|default|1s", source.url))]).await;
    until("a failure", async || metric(&server, "transit_feed_failures_total").await >= 1).await;
    assert_eq!(metric(&server, "transit_feeds_failing").await, 1);
    // Too large, and cut off.
    feed.set(200, "", vec![b' '; 33 << 20]);
    until("another failure", async || metric(&server, "transit_feed_failures_total").await >= 2).await;
    let body = gtfs_rt(at_s(&server), vec![entity("8001", at_s(&server), 52.5, 1.0)]);
    feed.set(200, "", &body[..body.len() - 3]);
    server.clock.turn(Duration::from_secs(10));
    until("a third one", async || metric(&server, "transit_feed_failures_total").await >= 3).await;
    assert!(track(&server, "8001").await.is_empty());
    feed.set(200, "", body);
    server.clock.turn(Duration::from_secs(20));
    stored(&server, "8001", 1).await;
    until("no failure", async || metric(&server, "transit_feeds_failing").await == 0).await;
    assert!(source.calls().iter().all(|call| !call.headers.contains_key("if-none-match")), "none of a good body");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_one_polls_a_feed() {
    let Some(database) = fresh_postgres().await else { return };
    let feed = Feed::default();
    feed.set(304, "", "");
    let source = feed.start().await;
    let setting = format!("{}/|default|1s", source.url);
    let feeds = [("TRANSIT_FEEDS", setting.as_str())];
    let one = TestServer::start_with(&[feeds[0], ("DATABASE_URL", &database)]).await;
    until("the first node polls", async || metric(&one, "transit_feed_polls_total").await >= 1).await;
    let two = one.start_beside(&feeds).await;
    let polls = metric(&one, "transit_feed_polls_total").await;
    until("it goes on", async || metric(&one, "transit_feed_polls_total").await >= polls + 3).await;
    assert_eq!(metric(&two, "transit_feed_polls_total").await, 0);
    // The first one is gone. When its lease has ended, the other polls.
    let folder = one.drain().await;
    two.clock.turn(Duration::from_secs(62));
    until("the second node polls", async || metric(&two, "transit_feed_polls_total").await >= 1).await;
    drop(folder);
}
