//! Apps on phones: what each sends, what is stored of it, and the answer that each expects.

use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, json_of};
use reqwest::{Method, Response};
use serde_json::{Value, json};

on_both! {
    every_app_is_taken_at_its_own_path,
    an_unknown_phone_is_adopted_and_taken_at_once,
    what_a_traccar_forwards_is_taken_in_both_forms,
}

/// Seconds of a time that is not long ago.
fn now_s(server: &TestServer) -> i64 {
    server.clock.clock().now().unix_ms() / 1000
}

async fn add_device(server: &TestServer, unique_id: &str, more: Value) -> String {
    let mut device = json!({"vehicle_id": "b1", "unique_id": unique_id});
    device.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let added = json_of(server.post("/api/v1/devices", &server.admin, device).await, 201).await;
    added["key"].as_str().unwrap().to_owned()
}

async fn get(server: &TestServer, path: &str) -> Response {
    server.http.get(format!("{}{path}", server.url)).send().await.unwrap()
}

async fn post(server: &TestServer, path: &str, body: impl Into<reqwest::Body>) -> Response {
    server.http.post(format!("{}{path}", server.url)).body(body).send().await.unwrap()
}

async fn track(server: &TestServer) -> Vec<Value> {
    let page = server.get_json("/api/v1/vehicles/b1/positions?outliers=1&limit=100", &server.admin).await;
    page["items"].as_array().unwrap().clone()
}

/// Speeds of the stored positions, rounded to tenths.
async fn speeds(server: &TestServer) -> Vec<f64> {
    track(server).await.iter().map(|one| (one["speed"].as_f64().unwrap() * 10.0).round() / 10.0).collect()
}

async fn every_app_is_taken_at_its_own_path(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    add_device(&server, "48213377", json!({})).await;
    add_device(&server, "jane/phone", json!({})).await;
    let at = now_s(&server) - 600;
    let place = |n: i64| format!("lat={}&lon=13.4&timestamp={}", 52.5 + 0.0001 * n as f64, at + 30 * n);

    let answer = get(&server, &format!("/devices/osmand?id=48213377&{}&speed=10&batt=87", place(0))).await;
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, String::new()));
    let answer = post(&server, "/devices/osmand/", format!("id=48213377&{}&speed=10&charge=true", place(1))).await;
    assert_eq!(answer.status(), 200);
    let location = json!({"location": {"timestamp": (at + 60) * 1000, "coords": {"latitude": 52.5002, "longitude": 13.4,
        "speed": 10, "heading": -1}, "battery": {"level": 0.5}}, "device_id": 48_213_377});
    assert_eq!(post(&server, "/devices/traccar", location.to_string()).await.status(), 200);
    let flat = json!([{"id": "48213377", "lat": 52.5003, "lon": 13.4, "timestamp": at + 90, "speed": 10},
        {"id": "48213377", "lat": 152.5, "lon": 13.4, "timestamp": at + 91},
        {"id": "48213377", "timestamp": at + 92, "batt": 54}]);
    assert_eq!(post(&server, "/devices/traccar", flat.to_string()).await.status(), 200);
    let answer = get(&server, &format!("/devices/gpslogger?aid=48213377&{}&spd=10&acc=0.0&hdop=&", place(4))).await;
    assert_eq!(answer.status(), 200);
    let answer = get(&server, &format!("/devices/gpslogger/jane%2Fphone?{}&speed=10", place(5))).await;
    assert_eq!(answer.status(), 200);
    let message =
        json!({"_type": "location", "lat": 52.5006, "lon": 13.4, "tst": at + 180, "vel": 10, "tid": "ne", "batt": 46});
    let answer = server
        .http
        .post(format!("{}/devices/owntracks", server.url))
        .header("X-Limit-U", "jane")
        .header("X-Limit-D", "phone");
    let answer = answer.body(message.to_string()).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "[]".to_owned()));
    let batch = json!({"locations": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [13.4, 52.5007]},
        "properties": {"timestamp": "2026-11-30T10:00:00Z", "speed": 10, "device_id": "48213377", "battery_level": 0.8}}]});
    let answer = json_of(post(&server, "/devices/overland", batch.to_string()).await, 200).await;
    assert_eq!(answer, json!({"result": "ok"}));

    let mut speeds = speeds(&server).await;
    speeds.sort_by(f64::total_cmp);
    assert_eq!(speeds, [10.0, 18.5, 18.5, 18.5, 36.0, 36.0, 36.0, 36.0]);
    let stored = track(&server).await;
    let of = |latitude: f64| stored.iter().find(|one| one["latitude"] == latitude).unwrap()["attributes"].clone();
    assert_eq!(of(52.5), json!({"battery_percent": 87}));
    assert_eq!(of(52.5001), json!({"charging": true}));
    assert_eq!(of(52.5002), json!({"battery_percent": 50}));
    assert_eq!(of(52.5006), json!({"battery_percent": 46, "tid": "ne"}));
    // Sent again: known already, and fine.
    assert_eq!(post(&server, "/devices/traccar", flat.to_string()).await.status(), 200);
    assert_eq!(track(&server).await.len(), 8);
}

async fn an_unknown_phone_is_adopted_and_taken_at_once(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    let at = now_s(&server) - 60;
    let report = format!("/devices/osmand?id=van-7&lat=52.5&lon=13.4&timestamp={at}");
    assert_eq!(get(&server, &report).await.status(), 403);
    let unknown = server.get_json("/api/v1/devices/unknown", &server.admin).await;
    let [one] = unknown["items"].as_array().unwrap().as_slice() else { panic!("{unknown}") };
    assert_eq!(
        (&one["unique_id"], &one["protocol"], &one["address"]),
        (&json!("van-7"), &json!("osmand"), &json!("127.0.0.1"))
    );
    assert!(one["first_seen"].is_string() && one["last_seen"].is_string());
    let path = format!("/api/v1/devices/unknown/{}/adopt", one["id"].as_str().unwrap());
    assert_eq!(server.post(&path, &server.admin, json!({"vehicle_id": "b9"})).await.status(), 404);
    let adopted = json_of(server.post(&path, &server.admin, json!({"vehicle_id": "b1"})).await, 201).await;
    assert_eq!((&adopted["unique_id"], &adopted["vehicle_id"]), (&json!("van-7"), &json!("b1")));
    assert!(adopted["key"].as_str().unwrap().starts_with("mpd_"));
    assert_eq!(server.get_json("/api/v1/devices/unknown", &server.admin).await["items"], json!([]));
    assert_eq!(get(&server, &report).await.status(), 200);
    assert_eq!(track(&server).await.len(), 1);
    // Gone with a restart too, and so is what was removed.
    let server = server.restart(&[]).await;
    assert_eq!(server.get_json("/api/v1/devices/unknown", &server.admin).await["items"], json!([]));
    let device = format!("/api/v1/devices/{}", adopted["id"].as_str().unwrap());
    assert_eq!(server.call(Method::DELETE, &device, &server.admin, None).await.status(), 204);
    assert_eq!(get(&server, &report).await.status(), 403);
}

#[tokio::test]
async fn what_can_not_be_read_is_400_and_what_can_not_be_is_dropped() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    add_device(&server, "p1", json!({})).await;
    for query in [
        "id=p1&lat=&lon=",
        "id=p1&lat=52.5",
        "id=p1&lat=NaN&lon=1",
        "id=p1&lat=12,19&lon=19,11",
        "id=p1&lat=%25LAT&lon=%25LON",
        "id=p1&lat=1&lon=2&timestamp=yesterday",
        "id=p1&lat=1&lon=2&speed=fast",
        "lat=1&lon=2",
        "",
        "id=p1&location=here",
    ] {
        for app in ["osmand", "gpslogger"].into_iter().filter(|app| *app == "osmand" || !query.contains("location")) {
            assert_eq!(get(&server, &format!("/devices/{app}?{query}")).await.status(), 400, "{app}: {query}");
        }
    }
    for (app, body) in [
        ("traccar", r#"[{"id":"p1","lat":52.5,"#),
        ("traccar", r#"{"location":7"#),
        ("traccar", r#"[7]"#),
        ("owntracks", "nonsense"),
        ("owntracks", r#"{"_type":"location","lat":1,"lon":2,"tid":"p1"}"#),
        ("owntracks", r#"{"_type":"location","lat":1,"lon":2,"tst":1778266175}"#),
        ("owntracks", r#"{"_type":"encrypted","data":"TestCipherText","topic":"owntracks/a/p1"}"#),
        ("overland", r#"{"locations":7}"#),
        ("overland", "{}"),
    ] {
        assert_eq!(post(&server, &format!("/devices/{app}"), body).await.status(), 400, "{app}: {body}");
    }
    // Read, and no position.
    for query in ["id=p1&lat=152.5&lon=13.4", "id=p1&lat=1&lon=181", "id=p1&batt=54", "id=p1&lat=0&lon=0&valid=false"] {
        assert_eq!(get(&server, &format!("/devices/osmand?{query}")).await.status(), 200, "{query}");
    }
    for body in ["", r#"{"_type":"waypoint","topic":"owntracks/a/p1","desc":"x","lat":1,"lon":2,"tst":1778266175}"#] {
        let answer = post(&server, "/devices/owntracks?u=p1", body).await;
        assert_eq!(answer.status(), 200, "{body}");
    }
    assert_eq!(track(&server).await.len(), 0);
    // An invalid fix with a place is stored, and marked.
    let at = now_s(&server);
    assert_eq!(
        get(&server, &format!("/devices/osmand?id=p1&lat=52.5&lon=13.4&valid=0&timestamp={at}")).await.status(),
        200
    );
    assert_eq!(track(&server).await[0]["outlier"], true);
    assert_eq!(server.get_json("/api/v1/vehicles/b1", &server.admin).await["position"], Value::Null);
    for (method, path, status) in
        [(Method::PUT, "osmand?id=p1", 405), (Method::GET, "owntracks", 405), (Method::POST, "x", 404)]
    {
        let answer = server.http.request(method, format!("{}/devices/{path}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    let large = vec![b' '; 2 * 1024 * 1024 + 1];
    assert_eq!(post(&server, "/devices/overland", large).await.status(), 413);
}

#[tokio::test]
async fn keys_are_taken_where_an_app_can_send_them() {
    let server = TestServer::start_with(&[("DEVICE_KEYS", "required")]).await;
    server.add_bus("b1").await;
    let key = add_device(&server, "p1", json!({"protocol": "osmand"})).await;
    let other = add_device(&server, "p2", json!({})).await;
    let at = now_s(&server) - 100;
    let path = |n: i64, rest: &str| format!("/devices/osmand?lat=52.5&lon=13.4&timestamp={}{rest}", at + n);
    assert_eq!(get(&server, &path(0, "&id=p1")).await.status(), 401);
    assert_eq!(get(&server, &path(0, "&id=p1&key=mpd_x")).await.status(), 401);
    assert_eq!(get(&server, &path(0, &format!("&id=p1&key={other}"))).await.status(), 401);
    assert_eq!(get(&server, &path(1, &format!("&id=p1&key={key}"))).await.status(), 200);
    assert_eq!(get(&server, &path(2, &format!("&key={key}"))).await.status(), 200, "a key names its device");
    let form = format!("key={key}&lat=52.5&lon=13.4&timestamp={}", at + 3);
    assert_eq!(post(&server, "/devices/osmand", form).await.status(), 200);
    let basic = async |n: i64, password: &str| {
        let request = server.http.get(format!("{}{}", server.url, path(n, "&id=p1")));
        request.basic_auth("jane@example.org", Some(password)).send().await.unwrap().status()
    };
    assert_eq!((basic(4, &key).await.as_u16(), basic(5, "hunter2").await.as_u16()), (200, 401));
    // Set to another protocol than the one that it uses.
    let message = json!({"_type": "location", "lat": 52.5, "lon": 13.4, "tst": at + 6});
    let answer = post(&server, &format!("/devices/owntracks?u=p1&key={key}"), message.to_string()).await;
    assert_eq!(answer.status(), 403);
    assert_eq!(track(&server).await.len(), 4);
}

#[tokio::test]
async fn the_shape_decides_on_a_port_of_its_own() {
    let server = TestServer::start_with(&[("DEVICE_HTTP_LISTEN", "127.0.0.1:0")]).await;
    server.add_bus("b1").await;
    add_device(&server, "p1", json!({"protocol": "traccar"})).await;
    add_device(&server, "a/p2", json!({})).await;
    let port = format!("http://{}", server.running.device_address.unwrap());
    let at = now_s(&server) - 600;
    let place = |n: i64| format!("lat=52.5&lon=13.4&timestamp={}", at + n);
    let get = async |query: String| server.http.get(format!("{port}/?{query}")).send().await.unwrap().status().as_u16();
    let post = async |body: String| server.http.post(format!("{port}/")).body(body).send().await.unwrap();
    assert_eq!(get(format!("id=p1&{}&speed=10", place(0))).await, 200);
    assert_eq!(get(format!("aid=a/p2&{}&speed=10", place(1))).await, 200);
    assert_eq!(get(format!("id=a/p2&{}&spd_kph=10", place(2))).await, 200);
    let location = json!({"location": {"timestamp": at + 3, "coords": {"latitude": 52.5, "longitude": 13.4, "speed": 10}}, "device_id": "p1"});
    assert_eq!(post(location.to_string()).await.status(), 200);
    let message =
        json!({"_type": "location", "lat": 52.5, "lon": 13.4, "tst": at + 4, "vel": 10, "topic": "owntracks/a/p2"});
    assert_eq!(post(message.to_string()).await.text().await.unwrap(), "[]");
    let batch = json!({"locations": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
        "properties": {"timestamp": at + 5, "speed": 10, "device_id": "a/p2"}}]});
    assert_eq!(json_of(post(batch.to_string()).await, 200).await, json!({"result": "ok"}));
    assert_eq!(speeds(&server).await, [18.5, 36.0, 10.0, 36.0, 10.0, 36.0]);
    assert_eq!(
        server.http.get(format!("{port}/api/v1/vehicles")).send().await.unwrap().status(),
        404,
        "nothing else is there"
    );
    assert_eq!(
        server.http.get(format!("{port}/devices/osmand?id=p1&{}", place(6))).send().await.unwrap().status(),
        403
    );
    server.drain().await;
}

#[tokio::test]
async fn owntracks_phones_that_show_their_keys_see_each_other_if_the_operator_wants_it() {
    let server = TestServer::start_with(&[("OWNTRACKS_FRIENDS", "1")]).await;
    server.add_bus("b1").await;
    server.add_vehicle(json!({"id": "ann", "kind": "person", "label": "Ann"})).await;
    server.add_bus("van").await;
    let key = add_device(&server, "jane/phone", json!({})).await;
    add_device(&server, "ann/phone", json!({"vehicle_id": "ann"})).await;
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "acme", "name": "Acme"})).await, 201).await;
    server.add_vehicle(json!({"id": "eve", "kind": "person", "label": "Eve", "tenant": "acme"})).await;
    add_device(&server, "eve/phone", json!({"vehicle_id": "eve", "tenant": "acme"})).await;
    let at = now_s(&server);
    let phone = async |name: &str, tid: &str, key: &str, ago_s: i64| {
        let message = json!({"_type": "location", "lat": 52.5, "lon": 13.4, "tst": at - ago_s, "vel": 10, "tid": tid, "batt": 46});
        let path = format!("/devices/owntracks?u={name}&d=phone{}{key}", if key.is_empty() { "" } else { "&key=" });
        json_of(post(&server, &path, message.to_string()).await, 200).await
    };
    server.report("van", 52.5, 13.4, "2026-11-30T10:00:00Z").await;
    assert_eq!(phone("eve", "ev", "", 5).await, json!([]));
    assert_eq!(phone("ann", "an", "", 5).await, json!([]));
    let topic = "owntracks/milepost/ann";
    let ann = json!([{"_type": "location", "lat": 52.5, "lon": 13.4, "tst": at - 5, "tid": "an", "topic": topic, "vel": 10, "batt": 46},
        {"_type": "card", "tid": "an", "topic": topic, "name": "Ann"}]);
    // What was read for the others is ten seconds old at most.
    server.clock.turn(std::time::Duration::from_secs(10));
    assert_eq!(phone("jane", "ja", &key, 4).await, ann);
    assert_eq!(phone("jane", "ja", "", 3).await, json!([]), "its name alone is no credential");
    let server = server.restart(&[]).await;
    let message = json!({"_type": "location", "lat": 52.5, "lon": 13.4, "tst": at, "tid": "ja"});
    let answer = post(&server, &format!("/devices/owntracks?u=jane&d=phone&key={key}"), message.to_string()).await;
    assert_eq!(answer.text().await.unwrap(), "[]", "it is off by default");
}

async fn what_a_traccar_forwards_is_taken_in_both_forms(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    add_device(&server, "truck-1", json!({})).await;
    let at = now_s(&server) - 600;
    let position = |n: i64| {
        json!({
            "id": 41 + n, "deviceId": 1, "protocol": "osmand", "serverTime": (at + 30 * n) * 1000, "fixTime": (at + 30 * n) * 1000,
            "valid": true, "latitude": 52.5 + 0.0001 * n as f64, "longitude": 13.4, "altitude": 30.0, "speed": 10.0,
            "course": 90.0, "accuracy": 5.0,
            "attributes": { "batteryLevel": 80.0, "ignition": true, "totalDistance": 11.5, "alarm": "powerCut" },
        })
    };
    // `forward.type` json: an object, with what else the other server says of the device.
    let body = |unique_id: &str, n: i64| json!({ "position": position(n), "device": { "id": 1, "name": "Truck", "uniqueId": unique_id, "status": "online" } });
    let path = "/devices/traccar-forward";
    assert_eq!(post(&server, path, body("truck-1", 0).to_string()).await.status(), 200);
    // `forward.type` url: the fields of `forward.url`.
    let attributes: String =
        reqwest::Url::parse_with_params("http://x/", [("attributes", position(1)["attributes"].to_string())])
            .unwrap()
            .query()
            .unwrap()
            .to_owned();
    let query = format!(
        "uniqueId=truck-1&fixTime={}&valid=true&latitude=52.5001&longitude=13.4&altitude=30.0&speed=10.0&course=90.0&accuracy=5.0&{attributes}",
        (at + 30) * 1000
    );
    assert_eq!(get(&server, &format!("{path}?{query}")).await.status(), 200);
    let stored = track(&server).await;
    assert_eq!(stored.len(), 2);
    for one in &stored {
        assert_eq!(
            (&one["speed"], &one["heading"], &one["accuracy"]),
            (&json!(18.52), &json!(90.0), &json!(5.0)),
            "{one}"
        );
        assert_eq!((&one["ignition"], &one["altitude"]), (&json!(true), &json!(30.0)), "{one}");
        assert_eq!(one["attributes"], json!({ "alarm": "power_cut", "battery_percent": 80 }), "{one}");
    }
    // Again: the other server tries again what it got no answer for.
    assert_eq!(get(&server, &format!("{path}?{query}")).await.status(), 200);
    assert_eq!(track(&server).await.len(), 2);
    let alerts = server.get_json("/api/v1/alerts", &server.admin).await;
    assert!(alerts.to_string().contains("power"), "{alerts}");
    assert_eq!(post(&server, path, body("nobody", 2).to_string()).await.status(), 403);
    let unknown = server.get_json("/api/v1/devices/unknown", &server.admin).await;
    assert_eq!(unknown["items"][0]["unique_id"], "nobody");
    assert_eq!(post(&server, path, "{\"position\":1}").await.status(), 400);
}
