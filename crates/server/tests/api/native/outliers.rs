//! Positions that are held to be wrong: stored, marked, and shown only to those who ask for them.

use crate::delivery::session::start;
use crate::parcel::people::{client, driver, place};
use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{TestServer, Watcher, json_of};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    a_wrong_position_is_stored_and_marked_and_never_the_vehicles_place,
    a_vehicle_that_is_elsewhere_is_live_again_with_its_third_position,
    a_customer_never_sees_a_rider_where_it_is_not,
    a_client_never_sees_a_driver_where_it_is_not,
}

const MORNING_S: i64 = 1_736_935_200;

/// A position of a bus, this many seconds after the first.
fn fix(latitude: f64, longitude: f64, after_s: i64) -> Value {
    json!({"vehicle_id": "b1", "latitude": latitude, "longitude": longitude, "timestamp": MORNING_S + after_s})
}

async fn report(server: &TestServer, positions: &[Value]) {
    let answer = json_of(server.post("/api/v1/positions", &server.admin, json!(positions)).await, 201).await;
    assert_eq!(answer, json!({"accepted": positions.len(), "duplicates": 0, "rejected": []}));
}

async fn latitudes(server: &TestServer, query: &str) -> Vec<(f64, bool)> {
    let page = server.get_json(&format!("/api/v1/vehicles/b1/positions{query}"), &server.admin).await;
    let items = page["items"].as_array().unwrap();
    items.iter().map(|one| (one["latitude"].as_f64().unwrap(), one["outlier"].as_bool().unwrap())).collect()
}

async fn place_of(server: &TestServer) -> Value {
    let vehicle = server.get_json("/api/v1/vehicles/b1", &server.admin).await;
    assert_eq!(server.get_json("/api/v1/vehicles", &server.admin).await["items"][0]["position"], vehicle["position"]);
    vehicle["position"]["latitude"].clone()
}

/// The latitude of a socket's next position.
async fn next(watcher: &mut Watcher) -> f64 {
    loop {
        if let Some(latitude) = watcher.next().await["data"]["latitude"].as_f64() {
            return latitude;
        }
    }
}

async fn a_wrong_position_is_stored_and_marked_and_never_the_vehicles_place(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    report(&server, &[fix(30.26, -97.74, 0), fix(30.263, -97.74, 30)]).await;
    let mut bus = server.watch("/ws/bus-tracking/", &server.admin).await;
    let mut fleet = server.watch("/ws/tracking?company_id=default", &server.admin).await;
    assert_eq!((next(&mut bus).await, next(&mut fleet).await), (30.263, 30.263));

    let mut null = fix(0.0, 0.0, 60);
    null["speed"] = json!(410);
    report(&server, &[null]).await;
    report(&server, &[fix(-33.8, 151.2, 90)]).await;
    assert_eq!(place_of(&server).await, 30.263);
    report(&server, &[fix(30.266, -97.74, 120)]).await;
    assert_eq!((next(&mut bus).await, next(&mut fleet).await), (30.266, 30.266));

    // A speed that is none is only the speed.
    let mut fast = fix(30.269, -97.74, 150);
    fast["speed"] = json!(410);
    report(&server, &[fast]).await;
    assert_eq!(place_of(&server).await, 30.269);
    assert_eq!((next(&mut bus).await, next(&mut fleet).await), (30.269, 30.269));

    // A late one is left out too.
    report(&server, &[fix(0.0, 0.0, 75)]).await;
    let shown = [(30.26, false), (30.263, false), (30.266, false), (30.269, false)];
    assert_eq!(latitudes(&server, "").await, shown);
    assert_eq!(latitudes(&server, "?outliers=0").await, shown);
    let all = [&shown[..2], &[(0.0, true), (0.0, true), (-33.8, true)], &shown[2..]].concat();
    assert_eq!(latitudes(&server, "?outliers=1").await, all);
    assert_eq!(latitudes(&server, "?outliers=true&limit=3").await, all[..3]);
    assert_eq!(server.get("/api/v1/vehicles/b1/positions?outliers=some", &server.admin).await.status(), 422);
    for (format, per_position) in [("gpx", "<trkpt"), ("csv", "\n2025-"), ("geojson", "\"Point\""), ("kml", "<when>")] {
        let file = async |query: &str| {
            let path = format!("/api/v1/vehicles/b1/positions?format={format}{query}");
            server.get(&path, &server.admin).await.text().await.unwrap()
        };
        let (without, with) = (file("").await, file("&outliers=1").await);
        assert!(!without.contains("-33.8") && with.contains("-33.8"), "{format}: {without}");
        let count = |text: &str| text.matches(per_position).count();
        if count(&with) > 0 {
            assert_eq!((count(&without), count(&with)), (4, 7), "{format}: {with}");
        }
    }

    // A replay and a restart leave them out.
    bus.send(json!({"type": "replay_request", "minutes": 10})).await;
    for expected in [30.26, 30.263, 30.266, 30.269] {
        assert_eq!(bus.next().await["data"]["latitude"], expected);
    }
    assert_eq!(bus.next().await, json!({"type": "replay_complete", "count": 4}));
    drop((bus, fleet));
    report(&server, &[fix(-33.8, 151.2, 180)]).await;
    let server = server.restart(&[]).await;
    assert_eq!(place_of(&server).await, 30.269);
    let mut bus = server.watch("/ws/bus-tracking/", &server.admin).await;
    assert_eq!(next(&mut bus).await, 30.269);
}

async fn a_vehicle_that_is_elsewhere_is_live_again_with_its_third_position(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    report(&server, &[fix(30.26, -97.74, 0), fix(30.26, -97.74, 1)]).await;
    let mut bus = server.watch("/ws/bus-tracking/", &server.admin).await;
    assert_eq!(next(&mut bus).await, 30.26);
    for n in 0..4 {
        report(&server, &[fix(-33.8 + 0.0001 * f64::from(n), 151.2, 2 + i64::from(n))]).await;
        assert_eq!(place_of(&server).await == 30.26, n < 2, "{n}");
    }
    assert_eq!([next(&mut bus).await, next(&mut bus).await], [2.0, 3.0].map(|n| -33.8 + 0.0001 * n));
    // The fold clears what was held back.
    let limit = std::time::Instant::now() + crate::support::PATIENCE;
    while latitudes(&server, "").await.len() < 6 {
        assert!(std::time::Instant::now() < limit);
        server.clock.turn(std::time::Duration::from_millis(500));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // A faster vehicle of a tenant that allows it does not jump.
    let rules = json!({"max_speed_kmh": 1000});
    json_of(server.call(Method::PATCH, "/api/v1/fleet/rules", &server.admin, Some(rules)).await, 200).await;
    report(&server, &[fix(-32.0, 151.2, 1_000)]).await;
    assert_eq!(next(&mut bus).await, -32.0);
}

async fn a_customer_never_sees_a_rider_where_it_is_not(database: Database) {
    let server = database.start().await;
    let rider = token_for("r1", "rider", "default", 600);
    let id = start(&server, &rider).await;
    let update = async |lat: f64, lng: f64| {
        server.clock.turn(std::time::Duration::from_secs(10));
        let body = json!({"lat": lat, "lng": lng});
        json_of(server.post(&format!("/tracking/update/{id}"), &rider, body).await, 200).await
    };
    let view = async || server.get_json(&format!("/tracking/{id}"), "").await;
    let unknown = view().await;
    update(0.0, 0.0).await;
    assert_eq!(view().await, unknown);
    update(5.61, -0.20).await;
    let seen = view().await;
    let mut customer = server.try_watch(&format!("/ws/tracking/{id}"), &[]).await.unwrap();
    assert_eq!(customer.next().await["type"], "initial_state");
    let next_place =
        async |customer: &mut Watcher| customer.next().await["data"]["current_location"]["lat"].as_f64().unwrap();
    update(0.0, 0.0).await;
    assert_eq!(next_place(&mut customer).await, 5.61);
    update(5.609, -0.199).await;
    assert_eq!(next_place(&mut customer).await, 5.609);
    update(48.1, 11.5).await;
    assert_eq!(next_place(&mut customer).await, 5.609);
    assert!(view().await["eta_seconds"].as_u64().unwrap() <= seen["eta_seconds"].as_u64().unwrap());
    update(48.101, 11.5).await;
    assert_eq!(next_place(&mut customer).await, 5.609);
    update(48.102, 11.5).await;
    assert!(view().await["eta_seconds"].as_u64().unwrap() > 100_000, "the third says that it is there");
    assert_eq!(next_place(&mut customer).await, 48.102);
}

async fn a_client_never_sees_a_driver_where_it_is_not(database: Database) {
    let server = database.start().await;
    let body = json!({"client_id": 7, "driver_id": 5, "pickup": place(1.5), "destination": place(2.0)});
    let parcel = json_of(server.post("/api/v1/parcels", &server.admin, body).await, 201).await["id"].clone();
    let id = parcel.as_i64().unwrap();
    let mut own = server.track_parcel(id, &driver(5)).await;
    let mut watcher = server.track_parcel(id, &client(7)).await;
    let longitudes = async || {
        let page = server.get_json(&format!("/api/v1/parcels/{id}/path"), &server.admin).await;
        let items = page["items"].as_array().unwrap();
        items.iter().map(|one| one["longitude"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    own.send_location(0.0, 0.0).await;
    own.send_location(0.0, 0.5).await;
    own.send_location(0.0, 0.501).await;
    own.send_location(0.0, 90.0).await;
    own.send_location(0.0, 0.502).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(watcher.next_location().await.2);
    }
    assert_eq!(seen, [0.5, 0.501, 0.502]);
    assert_eq!(longitudes().await, seen);
}
