//! The feeds that journey planners poll.

use crate::support::signing::{now_ms, token_for};
use crate::support::{TestServer, json_of};
use milepost_dialect_transit::wire::FeedMessage;
use prost::Message;
use serde_json::{Value, json};

/// A position of so many seconds ago.
async fn report(server: &TestServer, vehicle: &str, ago_s: i64, fields: Value) {
    let mut body = json!({ "vehicle_id": vehicle, "latitude": -34.019204, "longitude": -68.587105 });
    body["timestamp"] = json!(now_ms() / 1_000 - ago_s);
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json_of(server.post("/api/v1/positions", &server.admin, body).await, 201).await;
}

async fn feed(server: &TestServer, path: &str, token: &str) -> FeedMessage {
    let answer = server.get(path, token).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/x-protobuf");
    FeedMessage::decode(answer.bytes().await.unwrap()).unwrap()
}

async fn seven_and_eight(server: &TestServer) {
    let seven = json!({ "id": "bus-7", "kind": "bus", "label": "7 Depot", "license_plate": "AB 123 CD", "route": "7 <north> & back" });
    server.add_vehicle(seven).await;
    report(server, "bus-7", 25, json!({ "speed": 43.2, "heading": 359.9, "odometer_km": 123.4567 })).await;
    server.add_bus("bus-8").await;
    report(server, "bus-8", 5, json!({})).await;
}

#[tokio::test]
async fn vehicles_are_where_they_were_last_heard_of() {
    let server = TestServer::start().await;
    seven_and_eight(&server).await;
    server.add_bus("silent").await;
    server.add_bus("long-gone").await;
    report(&server, "long-gone", 660, json!({})).await;

    let feed = feed(&server, "/gtfs-rt/vehicle-positions.pb", &server.admin).await;
    assert_eq!((feed.header.gtfs_realtime_version.as_str(), feed.header.incrementality), ("2.0", 0));
    assert!(feed.header.timestamp.abs_diff((now_ms() / 1_000).cast_unsigned()) < 60);
    let ids: Vec<_> = feed.entity.iter().map(|entity| entity.id.as_str()).collect();
    assert_eq!(ids, ["bus-7", "bus-8"]);
    let seven = feed.entity[0].vehicle.as_ref().unwrap();
    assert!(seven.timestamp < feed.header.timestamp);
    assert_eq!((seven.vehicle.id.as_str(), seven.vehicle.label.as_str()), ("bus-7", "7 Depot"));
    assert_eq!(seven.vehicle.license_plate.as_deref(), Some("AB 123 CD"));
    assert!(
        (seven.position.latitude + 34.019_204).abs() < 1e-5 && (seven.position.longitude + 68.587_105).abs() < 1e-5
    );
    assert_eq!((seven.position.speed, seven.position.bearing), (Some(12.0), Some(359.9)));
    assert!((seven.position.odometer.unwrap() - 123_456.7).abs() < 1e-6);
    let eight = feed.entity[1].vehicle.as_ref().unwrap();
    assert_eq!((eight.position.speed, eight.position.bearing, eight.position.odometer), (None, None, None));

    let json = server.get_json("/gtfs-rt/vehicle-positions.json/", &server.admin).await;
    assert_eq!(json["header"]["gtfsRealtimeVersion"], "2.0");
    assert_eq!(json["header"]["incrementality"], "FULL_DATASET");
    assert!(json["header"]["timestamp"].is_string());
    assert_eq!(json["entity"][0]["vehicle"]["vehicle"]["licensePlate"], "AB 123 CD");
    assert_eq!(json["entity"][1]["vehicle"]["position"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn siri_names_elements_in_its_order_and_escapes_text() {
    let server = TestServer::start().await;
    seven_and_eight(&server).await;
    let answer = server.get("/siri/vm.xml", &server.admin).await;
    assert_eq!(answer.headers()["content-type"], "application/xml");
    let xml = answer.text().await.unwrap();
    let activity = &xml[xml.find("<MonitoredVehicleJourney>").unwrap()..];
    let activity = &activity[..activity.find("</MonitoredVehicleJourney>").unwrap()];
    assert_eq!(
        activity,
        "<MonitoredVehicleJourney><LineRef>7 &lt;north&gt; &amp; back</LineRef><VehicleLocation><Longitude>-68.587105</Longitude>\
         <Latitude>-34.019204</Latitude></VehicleLocation><Bearing>359.9</Bearing><Velocity>12</Velocity><VehicleRef>bus-7</VehicleRef>"
    );
    assert_eq!(xml.matches("<VehicleActivity>").count(), 2);
    assert_eq!(xml.matches("<Velocity>").count(), 1, "an unknown speed is left out");
}

#[tokio::test]
async fn a_caller_gets_what_it_may_see() {
    let server = TestServer::start().await;
    seven_and_eight(&server).await;
    let path = "/gtfs-rt/vehicle-positions.pb";
    assert_eq!(server.get(path, "").await.status(), 401);
    let stranger = token_for("x", "manager", "elsewhere", 60);
    assert_eq!(feed(&server, path, &stranger).await.entity, []);
    assert_eq!(server.get("/gtfs-rt/vehicle-positions.pb?tenant=default", &stranger).await.status(), 403);
    let parent = json!({ "username": "ann", "role": "parent", "vehicle_ids": ["bus-8"] });
    let (_, parent) = server.add_user(parent).await;
    // Also after a whole feed was rendered.
    feed(&server, path, &server.admin).await;
    let seen = feed(&server, path, &parent).await;
    assert_eq!(seen.entity.iter().map(|entity| entity.id.as_str()).collect::<Vec<_>>(), ["bus-8"]);
    for empty in ["/gtfs-rt/trip-updates.pb", "/gtfs-rt/alerts.pb"] {
        assert_eq!(feed(&server, empty, &server.admin).await.entity, []);
        assert_eq!(server.get(empty, "").await.status(), 401);
    }
}

#[tokio::test]
async fn feeds_can_be_opened_to_everybody() {
    let server = TestServer::start_with(&[("TRANSIT_PUBLIC", "1")]).await;
    seven_and_eight(&server).await;
    let path = "/gtfs-rt/vehicle-positions.pb";
    assert_eq!(feed(&server, path, "").await.entity.len(), 2);
    assert_eq!(server.get(path, "").await.headers()["cache-control"], "public, max-age=2");
    json_of(server.post("/api/v1/tenants", &server.admin, json!({ "id": "other", "name": "Other" })).await, 201).await;
    assert_eq!(feed(&server, "/gtfs-rt/vehicle-positions.pb?tenant=other", "").await.entity, []);
    assert_eq!(server.get("/gtfs-rt/vehicle-positions.pb?tenant=nobody", "").await.status(), 404);
    assert_eq!(server.get("/gtfs-rt/trip-updates.json?tenant=nobody", "").await.status(), 404);
    // A feed is made anew after two seconds, not before.
    server.add_bus("bus-9").await;
    report(&server, "bus-9", 0, json!({})).await;
    assert_eq!(feed(&server, path, "").await.entity.len(), 2);
    server.clock.turn(std::time::Duration::from_secs(3));
    assert_eq!(feed(&server, path, "").await.entity.len(), 3);
}
