//! The zones around a parcel's pickup and destination: each crossing is published once and never lost.

use crate::parcel::people::{client, driver, place};
use crate::support::databases::{Database, on_both};
use crate::support::signing::now_ms;
use crate::support::{TestServer, Watcher, json_of};
use serde_json::{Value, json};

/// Metres on the equator in degrees, on the sphere that the server measures on.
fn degrees(metres: f64) -> f64 {
    (metres / 6_367_449.146_f64).to_degrees()
}

/// Sends a location on the equator and returns the zones that it crossed. They arrive together with the location.
async fn zones_at(own: &mut Watcher, metres: f64) -> Vec<String> {
    own.send_location(0.0, degrees(metres)).await;
    own.next_location().await;
    own.send(json!({"type": "ping"})).await;
    let mut zones = Vec::new();
    loop {
        let message = own.next().await;
        if message["type"] == "pong" {
            return zones;
        }
        assert_eq!(message["type"], "geofence", "{message}");
        zones.push(format!("{} {}", message["zone"].as_str().unwrap(), message["event"].as_str().unwrap()));
    }
}

async fn parcel_between(server: &TestServer, pickup_m: f64, destination_m: f64) -> i64 {
    let body = json!({"client_id": 7, "driver_id": 5, "pickup": place(degrees(pickup_m)), "destination": place(degrees(destination_m))});
    json_of(server.post("/api/v1/parcels", &server.admin, body).await, 201).await["id"].as_i64().unwrap()
}

#[tokio::test]
async fn entering_leaving_jitter_and_passing_through() {
    let server = TestServer::start().await;
    let id = parcel_between(&server, 0.0, 10_000.0).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    let none = Vec::<String>::new();
    assert_eq!(zones_at(&mut own, 1_000.0).await, none);
    assert_eq!(zones_at(&mut own, 151.0).await, none);
    assert_eq!(zones_at(&mut own, 149.0).await, ["pickup enter"]);
    for metres in [155.0, 140.0, 170.0, 149.0, 179.0, 151.0] {
        assert_eq!(zones_at(&mut own, metres).await, none, "{metres}");
    }
    assert_eq!(zones_at(&mut own, 181.0).await, ["pickup exit"]);
    assert_eq!(zones_at(&mut own, 151.0).await, none);
    assert_eq!(zones_at(&mut own, 9_700.0).await, none);
    assert_eq!(zones_at(&mut own, 10_300.0).await, ["destination enter", "destination exit"]);
    assert_eq!(zones_at(&mut own, 10_000.0).await, ["destination enter"]);
}

on_both!(the_radius_is_a_setting_and_entered_zones_survive_a_restart);

async fn the_radius_is_a_setting_and_entered_zones_survive_a_restart(database: Database) {
    let settings = [("MILEPOST_PARCEL_ZONE_M", "1000")];
    let server = database.start_with(&settings).await;
    let id = parcel_between(&server, 0.0, 10_000.0).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    assert_eq!(zones_at(&mut own, 999.0).await, ["pickup enter"]);
    drop(own);
    let server = server.restart(&settings).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    assert_eq!(own.next_location().await.0, id);
    assert_eq!(zones_at(&mut own, 1_199.0).await, Vec::<String>::new());
    assert_eq!(zones_at(&mut own, 1_201.0).await, ["pickup exit"]);
}

#[tokio::test]
async fn no_zone_is_crossed_during_a_long_silence() {
    let server = TestServer::start().await;
    let id = parcel_between(&server, 0.0, 10_000.0).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    let at = |lng_m: f64, ms: i64| json!({"type": "location_update", "lat": 0, "lng": degrees(lng_m), "timestamp": ms});
    own.send(at(9_000.0, now_ms() - 301_000)).await;
    assert_eq!(own.next_location().await.0, id);
    assert_eq!(zones_at(&mut own, 11_000.0).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_driver_enters_the_zones_again() {
    let server = TestServer::start().await;
    let id = parcel_between(&server, 0.0, 10_000.0).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    assert_eq!(zones_at(&mut own, 0.0).await, ["pickup enter"]);
    server.change_parcel(id, json!({"driver_id": 6})).await;
    let mut next = server.track_parcel(id, &driver(6)).await;
    assert_eq!(zones_at(&mut next, 0.0).await, ["pickup enter"]);
}

#[tokio::test]
async fn a_zone_across_the_antimeridian_is_one_zone() {
    let server = TestServer::start().await;
    let body = json!({"client_id": 7, "driver_id": 5, "pickup": {"lat": 10, "lng": 180}, "destination": {"lat": 90, "lng": 0}});
    let id = json_of(server.post("/api/v1/parcels", &server.admin, body).await, 201).await["id"].as_i64().unwrap();
    let mut watcher = server.track_parcel(id, &client(7)).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    let mut zone_after = async |lat: f64, lng: f64| -> Value {
        own.send_location(lat, lng).await;
        assert_eq!(watcher.next_location().await, (id, lat, lng));
        watcher.next().await
    };
    let crossed =
        |message: Value| format!("{} {}", message["zone"].as_str().unwrap(), message["event"].as_str().unwrap());
    assert_eq!(crossed(zone_after(10.0, -179.9995).await), "pickup enter");
    assert_eq!(crossed(zone_after(10.0, -179.9).await), "pickup exit");
    assert_eq!(crossed(zone_after(89.9999, 123.0).await), "destination enter");
}
