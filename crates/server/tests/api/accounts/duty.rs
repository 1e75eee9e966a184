//! Drivers off duty: nothing of that time is kept, and others see that they are off duty.

use crate::delivery::proofs::send_proof;
use crate::nodes::support::TwoNodes;
use crate::stream::support::LiveClient;
use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    off_duty_nothing_is_kept_whatever_the_phone_sends,
    a_tracker_goes_on_unless_the_tenant_says_otherwise,
    others_see_that_a_driver_is_off_duty,
    only_drivers_go_off_duty_and_only_admins_say_what_is_kept,
);

/// Where the driver is on duty, and where it is off duty. Neither number is in anything else.
const AT_WORK: (f64, f64) = (48.137_154, 11.576_124);
const AT_HOME: (f64, f64) = (47.421_973, 10.986_415);

struct Fleet {
    driver: i64,
    token: String,
    admin: String,
    /// The key of the phone.
    phone: String,
    /// The key of the tracker.
    tracker: String,
}

/// A van with a phone and a kiosk, and its driver.
async fn fleet(server: &TestServer, rule: &str) -> Fleet {
    let (_, admin) = server.add_user(json!({"username": "boss", "role": "admin"})).await;
    let (driver, token) = server.add_user(json!({"username": "dan", "role": "driver"})).await;
    let van = json!({"id": "van", "kind": "van", "label": "Van", "driver_id": driver});
    json_of(server.post("/api/v1/vehicles", &admin, van).await, 201).await;
    let device = async |id: &str| {
        let body = json!({"id": id, "unique_id": id, "vehicle_id": "van"});
        let added = json_of(server.post("/api/v1/devices", &admin, body).await, 201).await;
        added["key"].as_str().unwrap().to_owned()
    };
    let (phone, tracker) = (device("dans-phone").await, device("kiosk").await);
    set_rule(server, &admin, rule).await;
    Fleet { driver, token, admin, phone, tracker }
}

async fn set_rule(server: &TestServer, admin: &str, rule: &str) {
    let set = server.call(Method::PATCH, "/api/v1/tenants/default", admin, Some(json!({"off_duty": rule}))).await;
    assert_eq!(json_of(set, 200).await["off_duty"], rule);
}

async fn duty(server: &TestServer, token: &str, off_duty: bool) -> Value {
    let changed = server.call(Method::PUT, "/api/v1/duty", token, Some(json!({"off_duty": off_duty}))).await;
    json_of(changed, 200).await
}

fn time(at: Timestamp) -> String {
    at.to_string()
}

fn place((latitude, longitude): (f64, f64), timestamp: Option<String>) -> Value {
    json!({"vehicle_id": "van", "latitude": latitude, "longitude": longitude, "timestamp": timestamp})
}

async fn track(server: &TestServer, admin: &str) -> Vec<f64> {
    let listed = server.get_json("/api/v1/vehicles/van/positions?outliers=1&limit=100", admin).await;
    listed["items"].as_array().unwrap().iter().map(|item| item["latitude"].as_f64().unwrap()).collect()
}

/// The files of the server's folder that hold a number, as bytes of either order or as a text.
fn files_with(server: &TestServer, number: f64) -> Vec<String> {
    let text = number.to_string();
    let needles = [&number.to_be_bytes()[..], &number.to_le_bytes()[..], text.as_bytes()];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(server.folder()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        if needles.iter().any(|needle| bytes.windows(needle.len()).any(|window| window == *needle)) {
            found.push(path.display().to_string());
        }
    }
    found
}

async fn off_duty_nothing_is_kept_whatever_the_phone_sends(database: Database) {
    let server = database.start().await;
    let Fleet { driver, token, admin, phone, .. } = fleet(&server, "phones").await;
    let spot = |lng: f64| json!({"lat": 0, "lng": lng, "address": "somewhere"});
    let parcel = json!({"client_id": 999, "driver_id": driver, "pickup": spot(0.0), "destination": spot(1.0)});
    let parcel = json_of(server.post("/api/v1/parcels", &admin, parcel).await, 201).await["id"].as_i64().unwrap();
    let order = json!({"order_id": "o1", "rider_id": driver.to_string(), "dropoff_lat": 1, "dropoff_lng": 1});
    let started = json_of(server.post("/tracking/start", &admin, order).await, 200).await;
    let link = started["tracking_id"].as_str().unwrap().to_owned();
    json_of(server.post("/api/v1/positions", &token, place(AT_WORK, None)).await, 201).await;

    let off = duty(&server, &token, true).await;
    assert_eq!((&off["off_duty"], &off["leaves_out"]), (&json!(true), &json!("phones")));
    assert_eq!(duty(&server, &token, true).await["since"], off["since"], "said again it is the same time");
    // A second of it is uploaded later.
    let began: Timestamp = server.clock.clock().now();
    server.clock.turn(Duration::from_secs(60));

    let recorded = json_of(server.post("/api/v1/positions", &token, place(AT_HOME, None)).await, 201).await;
    assert_eq!(recorded, json!({"accepted": 0, "duplicates": 0, "off_duty": 1, "rejected": []}));
    let (latitude, longitude) = AT_HOME;
    let by_key = server.http.post(format!("{}/api/v1/positions", server.url)).header("X-Device-Key", &phone);
    let by_key = by_key.json(&json!({"latitude": latitude, "longitude": longitude})).send().await.unwrap();
    assert_eq!(json_of(by_key, 201).await["off_duty"], 1);
    let osmand = server.get(&format!("/devices/osmand?id=dans-phone&lat={latitude}&lon={longitude}"), "").await;
    assert_eq!(osmand.status(), 200);
    let logger = format!("/devices/gpslogger?id=dans-phone&lat={latitude}&lon={longitude}");
    assert_eq!(server.get(&logger, "").await.status(), 200);
    let sos = format!("/devices/osmand?id=dans-phone&lat={latitude}&lon={longitude}&alarm=sos");
    assert_eq!(server.get(&sos, "").await.status(), 200);
    let mut socket = LiveClient::open(&server, &token).await;
    let fix = json!({"vehicle_id": "van", "latitude": latitude, "longitude": longitude});
    socket.send(json!({"op": "report", "id": 1, "positions": [fix]})).await;
    let answer = socket.until(|message| message["re"] == 1).await;
    assert_eq!((&answer["op"], &answer["accepted"], &answer["off_duty"]), (&json!("ok"), &json!(0), &json!(1)));
    socket.send(json!({"op": "status", "id": 2, "parcel": parcel, "lat": latitude, "lng": longitude})).await;
    assert_eq!(socket.until(|message| message["re"] == 2).await["op"], "ok");
    let moved = json!({"lat": latitude, "lng": longitude, "status": "IN_TRANSIT"});
    let moved = json_of(server.post(&format!("/tracking/update/{link}"), &token, moved).await, 200).await;
    assert_eq!((&moved["status"], &moved["current_location"]), (&json!("IN_TRANSIT"), &Value::Null));
    let (lat, lng) = (latitude.to_string(), longitude.to_string());
    let proof = [("code", &b"4711"[..]), ("latitude", lat.as_bytes()), ("longitude", lng.as_bytes())];
    let proofs = format!("/tracking/{link}/proof");
    json_of(send_proof(&server, &proofs, &token, &proof, None).await, 201).await;
    let proof = &server.get_json(&proofs, &admin).await["items"][0];
    assert_eq!((&proof["code"], &proof["latitude"]), (&json!("4711"), &Value::Null));

    // What was kept of it in a queue comes when the driver is back.
    server.clock.turn(Duration::from_secs(60));
    let on = duty(&server, &token, false).await;
    assert_eq!((&on["off_duty"], &on["since"]), (&json!(false), &Value::Null));
    let back = server.clock.clock().now();
    let late = |ms: i64| place(AT_HOME, Some(time(began.plus_ms(ms))));
    let queue = json!([late(1_000), late(30_000), late(119_000), place(AT_WORK, Some(time(back.plus_ms(1_000))))]);
    let recorded = json_of(server.post("/api/v1/positions", &token, queue).await, 201).await;
    assert_eq!((&recorded["accepted"], &recorded["off_duty"]), (&json!(1), &json!(3)), "{recorded}");
    assert_eq!(track(&server, &admin).await, [AT_WORK.0; 2]);
    let alerts = server.get_json("/api/v1/alerts", &admin).await;
    assert_eq!(alerts["items"][0]["data"], json!({"alarm": "sos"}), "that it called for help is told: {alerts}");

    // After a restart, too.
    server.clock.turn(Duration::from_secs(60));
    duty(&server, &token, true).await;
    let server = server.restart(&[]).await;
    assert_eq!(server.get_json("/api/v1/duty", &token).await["off_duty"], true);
    let recorded = json_of(server.post("/api/v1/positions", &token, place(AT_HOME, None)).await, 201).await;
    assert_eq!((&recorded["accepted"], &recorded["off_duty"]), (&json!(0), &json!(1)));
    let path = format!("/api/v1/users/{driver}/off-duty");
    let times = server.get_json(&path, &admin).await;
    assert_eq!(times["items"].as_array().unwrap().len(), 2, "{times}");
    assert_eq!((&times["items"][0]["to"], &times["items"][1]["leaves_out"]), (&Value::Null, &json!("phones")));
    if database == Database::Sqlite {
        assert!(!files_with(&server, AT_WORK.0).is_empty(), "the search finds a number");
        assert_eq!((files_with(&server, AT_HOME.0), files_with(&server, AT_HOME.1)), (Vec::new(), Vec::new()));
    }
}

async fn a_tracker_goes_on_unless_the_tenant_says_otherwise(database: Database) {
    let server = database.start().await;
    let Fleet { token, admin, tracker, .. } = fleet(&server, "phones").await;
    let (latitude, longitude) = AT_HOME;
    let ping = json!({"latitude": latitude, "longitude": longitude});
    duty(&server, &token, true).await;
    assert_eq!(server.ping("kiosk", &tracker, ping.clone()).await.status(), 201);
    assert_eq!(track(&server, &admin).await, [latitude]);
    let van = server.get_json("/api/v1/vehicles/van", &admin).await;
    assert_eq!(van["position"]["latitude"], latitude, "the van is where its own tracker says");
    // Those who are off duty are so by the new rule from now on.
    set_rule(&server, &admin, "vehicles").await;
    server.clock.turn(Duration::from_secs(60));
    assert_eq!(server.ping("kiosk", &tracker, ping.clone()).await.status(), 201, "it is answered as always");
    assert_eq!(track(&server, &admin).await, [latitude]);
    set_rule(&server, &admin, "kept").await;
    server.clock.turn(Duration::from_secs(60));
    assert_eq!(server.ping("kiosk", &tracker, ping).await.status(), 201);
    assert_eq!(track(&server, &admin).await, [latitude; 2]);
    assert_eq!(server.get_json("/api/v1/duty", &token).await["off_duty"], false);
}

async fn others_see_that_a_driver_is_off_duty(database: Database) {
    let server = database.start().await;
    let Fleet { driver, token, admin, .. } = fleet(&server, "vehicles").await;
    let order = json!({"order_id": "o1", "rider_id": driver.to_string(), "dropoff_lat": 1, "dropoff_lng": 1});
    let link = json_of(server.post("/tracking/start", &admin, order).await, 200).await["tracking_id"].clone();
    let link = format!("/tracking/{}", link.as_str().unwrap());
    json_of(server.post("/api/v1/positions", &token, place(AT_WORK, None)).await, 201).await;
    let update = format!("/tracking/update{}", link.strip_prefix("/tracking").unwrap());
    json_of(server.post(&update, &token, json!({"lat": AT_WORK.0, "lng": AT_WORK.1})).await, 200).await;
    let mut viewer = LiveClient::open(&server, &admin).await;
    viewer.sub(json!({"s": 1, "to": "vehicles"})).await;
    assert_eq!(viewer.vehicles["van"]["place"]["lat"], AT_WORK.0);
    let mut map = LiveClient::open(&server, &admin).await;
    map.sub(json!({"s": 1, "to": "view", "box": [11, 48, 12, 49], "batch_ms": 0})).await;
    assert_eq!(map.ids(), ["van"]);
    server.clock.turn(Duration::from_secs(1));
    let since = duty(&server, &token, true).await["since"].clone();
    viewer.until(|message| message["op"] == "vehicles").await;
    let shown = &viewer.vehicles["van"];
    assert!(shown["place"].is_null() && shown["off_duty_since"].is_i64(), "{shown}");
    map.until(|message| message["op"] == "gone").await;
    for path in ["/api/v1/vehicles/van", "/api/v1/vehicles"] {
        let seen = server.get_json(path, &admin).await;
        let van = if seen["items"].is_array() { &seen["items"][0] } else { &seen };
        assert_eq!((&van["position"], &van["off_duty_since"]), (&Value::Null, &since), "{path}");
    }
    let seen = server.get_json(&link, "").await;
    assert_eq!((&seen["current_location"], &seen["rider_off_duty"]), (&Value::Null, &json!(true)));
    let near = format!("/api/v1/vehicles?near={},{}", AT_WORK.0, AT_WORK.1);
    assert_eq!(server.get_json(&near, &admin).await["items"], json!([]));
    let mut buses = server.watch("/ws/bus-tracking/", &admin).await;
    buses.settle().await;
    // Back on duty it is where it was last, until it reports.
    duty(&server, &token, false).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let van = server.get_json("/api/v1/vehicles/van", &admin).await;
        if van["position"]["latitude"] == AT_WORK.0 {
            assert!(van.get("off_duty_since").is_none(), "{van}");
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{van}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(server.get_json(&link, "").await.get("rider_off_duty").is_none());
}

async fn only_drivers_go_off_duty_and_only_admins_say_what_is_kept(database: Database) {
    let server = database.start().await;
    let Fleet { driver, token, admin, .. } = fleet(&server, "kept").await;
    let path = format!("/api/v1/users/{driver}/off-duty");
    let go = async |token: &str| {
        server.call(Method::PUT, "/api/v1/duty", token, Some(json!({"off_duty": true}))).await.status().as_u16()
    };
    assert_eq!(go(&token).await, 409, "the tenant keeps everything");
    assert_eq!(server.get_json("/api/v1/duty", &token).await["leaves_out"], "nothing");
    for role in ["manager", "parent", "client", "admin"] {
        let (_, other) = server.add_user(json!({"username": format!("a-{role}"), "role": role})).await;
        assert_eq!(go(&other).await, 403, "{role}");
        let rule = Some(json!({"off_duty": "phones"}));
        let set = server.call(Method::PATCH, "/api/v1/tenants/default", &other, rule).await.status();
        assert_eq!(set, if role == "admin" { 200 } else { 403 }, "{role}");
        let seen = server.get(&path, &other).await.status();
        assert_eq!(seen, if ["admin", "manager"].contains(&role) { 200 } else { 403 }, "{role}");
    }
    let odd = Some(json!({"off_duty": "sometimes"}));
    assert_eq!(server.call(Method::PATCH, "/api/v1/tenants/default", &admin, odd).await.status(), 422);
    assert_eq!(go(&token).await, 200);
    assert_eq!(server.get(&path, &token).await.status(), 200, "its own");
}

#[tokio::test]
async fn every_node_leaves_out_within_a_second() {
    for with_redis in [true, false] {
        let Some(TwoNodes { one, two, redis: _redis }) = TwoNodes::start(with_redis).await else { return };
        let Fleet { token, admin, .. } = fleet(&one, "phones").await;
        json_of(two.post("/api/v1/positions", &token, place(AT_WORK, None)).await, 201).await;
        duty(&one, &token, true).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let recorded = json_of(two.post("/api/v1/positions", &token, place(AT_HOME, None)).await, 201).await;
        assert_eq!(recorded["off_duty"], 1, "{recorded}");
        assert_eq!(track(&one, &admin).await, [AT_WORK.0]);
    }
}
