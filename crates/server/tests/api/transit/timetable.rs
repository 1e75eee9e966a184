//! Feeds of a tenant that has a timetable.

#[path = "../../../../timetable/tests/sample/archive.rs"]
pub mod sample;

use crate::support::{TestServer, json_of};
use milepost_dialect_transit::alert_wire::Alert;
use milepost_dialect_transit::wire::{FeedMessage, TripUpdate, VehiclePosition};
use milepost_domain::TenantId;
use prost::Message;
use serde_json::{Value, json};
use std::time::Duration;

/// Seconds of yesterday's service day, in UTC, at the server's present: more than a day, so that no trip begins before 0:00.
fn seconds_now(server: &TestServer) -> i64 {
    86_400 + (server.clock.clock().now().unix_ms() / 1_000).rem_euclid(86_400)
}

fn clock_text(seconds: i64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The sample's line 7 eastwards, on all days: a trip that began so many seconds ago, with two minutes from stop to stop.
fn archive(server: &TestServer, began_ago_s: i64) -> Vec<u8> {
    let start = seconds_now(server) - began_ago_s;
    let rows: String = ["w", "x", "y", "e"]
        .iter()
        .enumerate()
        .map(|(place, stop)| {
            let at = clock_text(start + 120 * place as i64);
            format!("east-1,{at},{at},{stop},{}\n", place + 1)
        })
        .collect();
    sample::archive(|name, text| match name {
        "agency.txt" => Some(text.replace("Europe/Berlin", "UTC")),
        "calendar.txt" => Some(text.replace("1,1,1,1,1,0,0,20260101,20261231", "1,1,1,1,1,1,1,20200101,20991231")),
        "calendar_dates.txt" => None,
        "stop_times.txt" => Some(format!("trip_id,arrival_time,departure_time,stop_id,stop_sequence\n{rows}")),
        _ => Some(text.to_owned()),
    })
}

async fn import(server: &TestServer, began_ago_s: i64) {
    let now = server.clock.clock().now();
    let archive = archive(server, began_ago_s);
    server.running.assembly.store.set_timetable(&TenantId::default_tenant(), &archive, now).await.unwrap();
}

/// A bus between Market and Park, on its way east.
async fn bus(server: &TestServer, id: &str, longitude: f64) {
    server.add_vehicle(json!({ "id": id, "kind": "bus", "label": id, "route": "7" })).await;
    let at = server.clock.clock().now().unix_ms() / 1_000;
    let position = json!({ "vehicle_id": id, "latitude": 52.5002, "longitude": longitude, "heading": 90, "speed": 30, "timestamp": at });
    json_of(server.post("/api/v1/positions", &server.admin, position).await, 201).await;
}

async fn feed(server: &TestServer, path: &str) -> FeedMessage {
    let answer = server.get(path, &server.admin).await;
    assert_eq!(answer.status(), 200);
    FeedMessage::decode(answer.bytes().await.unwrap()).unwrap()
}

async fn positions(server: &TestServer) -> Vec<VehiclePosition> {
    let feed = feed(server, "/gtfs-rt/vehicle-positions.pb").await;
    feed.entity.into_iter().map(|entity| entity.vehicle.unwrap()).collect()
}

async fn updates(server: &TestServer) -> Vec<TripUpdate> {
    let feed = feed(server, "/gtfs-rt/trip-updates.pb").await;
    feed.entity.into_iter().map(|entity| entity.trip_update.unwrap()).collect()
}

#[tokio::test]
async fn a_bus_on_its_trip_is_in_all_feeds() {
    let server = TestServer::start().await;
    // It should have been half way from Market to Park 60 s ago.
    import(&server, 240).await;
    bus(&server, "bus-7", 13.4222).await;

    let [placed] = &positions(&server).await[..] else { panic!("one vehicle") };
    let trip = placed.trip.as_ref().unwrap();
    assert_eq!((trip.trip_id.as_str(), trip.route_id.as_deref(), trip.direction_id), ("east-1", Some("R7"), Some(0)));
    assert!(trip.start_time.as_deref() >= Some("23:56:00"), "{:?}", trip.start_time);
    assert_eq!((placed.current_stop_sequence, placed.stop_id.as_deref()), (Some(3), Some("y")));
    assert_eq!(placed.current_status, Some(2), "on its way there");

    let [update] = &updates(&server).await[..] else { panic!("one trip") };
    assert_eq!((&update.trip, update.vehicle.id.as_str()), (trip, "bus-7"));
    assert!((55..=70).contains(&update.delay), "{update:?}");
    let stops: Vec<_> = update.stop_time_update.iter().map(|at| (at.stop_sequence, at.stop_id.as_str())).collect();
    assert_eq!(stops, [(3, "y"), (4, "e")], "those that lie ahead");
    let now_s = server.clock.clock().now().unix_ms() / 1_000;
    let [park, east] = &update.stop_time_update[..] else { panic!("two stops") };
    assert!((park.arrival.time - now_s - 60).abs() <= 30, "{park:?} at {now_s}");
    assert_eq!((east.arrival.time - park.departure.time, park.arrival.delay), (120, update.delay));

    let json = server.get_json("/gtfs-rt/trip-updates.json", &server.admin).await;
    let first = &json["entity"][0]["tripUpdate"];
    assert_eq!((&first["trip"]["tripId"], &first["stopTimeUpdate"][0]["stopId"]), (&json!("east-1"), &json!("y")));
    assert!(first["stopTimeUpdate"][0]["arrival"]["time"].is_string(), "64 bits are text");

    let xml = server.get("/siri/vm.xml", &server.admin).await.text().await.unwrap();
    assert!(xml.contains("<LineRef>R7</LineRef><DirectionRef>0</DirectionRef><FramedVehicleJourneyRef>"), "{xml}");
    assert!(xml.contains("<DatedVehicleJourneyRef>east-1</DatedVehicleJourneyRef>"), "{xml}");
    assert!(xml.contains("<Delay>PT6"), "{xml}");
}

#[tokio::test]
async fn one_vehicle_serves_a_trip_and_a_vehicle_elsewhere_none() {
    let server = TestServer::start().await;
    import(&server, 240).await;
    bus(&server, "elsewhere", 13.6).await;
    bus(&server, "late", 13.4160).await;
    bus(&server, "on-time", 13.4296).await;
    let on_trips: Vec<_> = positions(&server)
        .await
        .into_iter()
        .map(|placed| (placed.vehicle.id, placed.trip.map(|trip| trip.trip_id)))
        .collect();
    let expected = [("elsewhere", None), ("late", None), ("on-time", Some("east-1"))];
    assert_eq!(on_trips, expected.map(|(id, trip)| (id.to_owned(), trip.map(str::to_owned))));
    assert_eq!(updates(&server).await.len(), 1);
}

#[tokio::test]
async fn a_timetable_is_seen_when_it_is_imported_and_when_it_is_removed() {
    let server = TestServer::start().await;
    bus(&server, "bus-7", 13.4222).await;
    assert_eq!(positions(&server).await[0].trip, None);
    assert_eq!(updates(&server).await, []);
    import(&server, 240).await;
    server.clock.turn(Duration::from_secs(10));
    assert!(positions(&server).await[0].trip.is_some());
    server.running.assembly.store.remove_timetable(&TenantId::default_tenant()).await.unwrap();
    server.clock.turn(Duration::from_secs(10));
    assert_eq!(positions(&server).await[0].trip, None);
}

#[tokio::test]
async fn a_viewer_of_one_bus_gets_the_trip_of_this_one() {
    let server = TestServer::start().await;
    import(&server, 240).await;
    bus(&server, "bus-7", 13.4222).await;
    bus(&server, "elsewhere", 13.6).await;
    let parent = json!({ "username": "ann", "role": "parent", "vehicle_ids": ["elsewhere"] });
    let (_, parent) = server.add_user(parent).await;
    let seen: Value = server.get_json("/gtfs-rt/trip-updates.json", &parent).await;
    assert_eq!(seen["entity"], json!([]), "not the trips of others");
}

async fn alerts(server: &TestServer) -> Vec<(String, Alert)> {
    let feed = feed(server, "/gtfs-rt/alerts.pb").await;
    feed.entity.into_iter().map(|entity| (entity.id, entity.alert.unwrap())).collect()
}

async fn raise(server: &TestServer, title: &str, data: Value) -> String {
    let alert = json!({ "type": "maintenance", "title": title, "message": format!("{title}, in full."), "data": data });
    let raised = json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
    raised["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn passengers_are_told_of_late_trips_and_of_what_staff_addresses_to_them() {
    let server = TestServer::start().await;
    // Half an hour late between Market and Park, but named by its driver's app.
    import(&server, 180 + 1_800).await;
    server.add_vehicle(json!({ "id": "bus-7", "kind": "bus", "label": "7" })).await;
    let at = server.clock.clock().now().unix_ms() / 1_000;
    let told = json!({ "vehicle_id": "bus-7", "latitude": 52.5002, "longitude": 13.4222, "timestamp": at,
        "attributes": { "trip_id": "east-1" } });
    json_of(server.post("/api/v1/positions", &server.admin, told).await, 201).await;
    raise(&server, "Tyre pressure", json!({ "note": "for passengers" })).await;
    raise(&server, "Another city", json!({ "passengers": { "routes": ["R99"] } })).await;
    let detour = json!({ "passengers": { "routes": ["7"], "stops": ["x", "nowhere"], "trips": ["east-1"], "cause": "construction",
        "effect": "DETOUR", "url": "https://city.example/works", "language": "en" } });
    let detour = raise(&server, "Detour", detour).await;
    raise(&server, "Strike", json!({ "passengers": { "url": "javascript:alert(1)" } })).await;

    let shown = alerts(&server).await;
    let ids: Vec<_> = shown.iter().map(|(id, _)| id.split(':').next().unwrap()).collect();
    assert_eq!(ids, ["alert", "alert", "late"]);
    let (strike, detoured, late) = (&shown[0].1, &shown[1].1, &shown[2].1);
    assert_eq!((strike.informed_entity[0].agency_id.as_deref(), strike.url.as_ref()), (Some("A"), None));
    assert_eq!(shown[1].0, format!("alert:{detour}"));
    assert_eq!((detoured.cause, detoured.effect), (10, 4));
    let named = |entity: &milepost_dialect_transit::alert_wire::EntitySelector| {
        (entity.route_id.clone(), entity.stop_id.clone(), entity.trip.as_ref().map(|trip| trip.trip_id.clone()))
    };
    let text = |text: &str| Some(text.to_owned());
    let concerned: Vec<_> = detoured.informed_entity.iter().map(named).collect();
    assert_eq!(concerned, [(text("R7"), None, None), (None, text("x"), None), (None, None, text("east-1"))]);
    let said = &detoured.description_text.translation[0];
    assert_eq!((said.text.as_str(), said.language.as_deref()), ("Detour, in full.", Some("en")));
    assert_eq!(late.effect, 3);
    assert_eq!(late.header_text.translation[0].text, "7 to East: about 30 minutes late");
    assert_eq!(late.informed_entity[0].trip.as_ref().unwrap().trip_id, "east-1");
    let json = server.get_json("/gtfs-rt/alerts.json", &server.admin).await;
    let detoured = &json["entity"][1]["alert"];
    assert_eq!((&detoured["cause"], &detoured["effect"]), (&json!("CONSTRUCTION"), &json!("DETOUR")));
    assert!(detoured["activePeriod"][0]["end"].is_string());

    // Deleted, it is gone within ten seconds.
    assert_eq!(
        server.call(reqwest::Method::DELETE, &format!("/api/v1/alerts/{detour}"), &server.admin, None).await.status(),
        204
    );
    server.clock.turn(Duration::from_secs(10));
    assert_eq!(alerts(&server).await.len(), 2);
}
