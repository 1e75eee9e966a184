//! Positions written and read over the native dialect.

use crate::support::{TestServer, json_of};
use serde_json::{Value, json};

fn position(vehicle: &str, timestamp: impl Into<Value>) -> Value {
    json!({"vehicle_id": vehicle, "latitude": 30.25, "longitude": -97.75, "speed": 12.5, "timestamp": timestamp.into()})
}

#[tokio::test]
async fn one_or_many_positions_are_counted_exactly() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    server.add_bus("b2").await;
    let post = async |body: Value, status: u16| {
        json_of(server.post("/api/v1/positions", &server.admin, body).await, status).await
    };
    let one = post(position("b1", 1_736_937_045), 201).await;
    assert_eq!(one, json!({"accepted": 1, "duplicates": 0, "rejected": []}));
    // The same instant in seconds and in milliseconds is a duplicate.
    let batch = json!([
        position("b1", 1_736_937_045_000_i64),
        position("b2", "2025-01-15T10:30:45Z"),
        position("b2", "2025-01-15T10:30:45.000Z"),
        position("b1", 1_736_937_046),
        {"vehicle_id": "b1", "latitude": 91, "longitude": 0},
        position("unknown", 1),
    ]);
    let many = post(batch, 201).await;
    assert_eq!((many["accepted"].as_i64(), many["duplicates"].as_i64()), (Some(2), Some(2)));
    let rejected: Vec<_> = many["rejected"].as_array().unwrap().iter().map(|r| r["index"].as_i64().unwrap()).collect();
    assert_eq!(rejected, [4, 5]);
    let problem = post(json!([{"vehicle_id": "b1", "latitude": "x", "longitude": 0}]), 422).await;
    assert_eq!(problem["errors"][0]["field"], "0");
    post(json!({"vehicle_id": "b1", "latitude": 1, "longitude": 2, "speed": 1001}), 422).await;
    post(json!([]), 422).await;
}

#[tokio::test]
async fn ten_thousand_fit_and_one_more_does_not() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let batch = |n: i64| Value::Array((0..n).map(|i| position("b1", 1_600_000_000 + i)).collect());
    let answer = json_of(server.post("/api/v1/positions", &server.admin, batch(10_000)).await, 201).await;
    assert_eq!(answer["accepted"], 10_000);
    assert_eq!(server.post("/api/v1/positions", &server.admin, batch(10_001)).await.status(), 413);
}

#[tokio::test]
async fn shuffled_positions_end_as_if_they_had_come_sorted() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    for second in [5, 1, 4, 2, 3] {
        server.report("b1", f64::from(second), 0.0, &format!("2025-01-15T10:30:0{second}Z")).await;
    }
    let track = server.get_json("/api/v1/vehicles/b1/positions", &server.admin).await;
    let latitudes: Vec<_> =
        track["items"].as_array().unwrap().iter().map(|p| p["latitude"].as_f64().unwrap()).collect();
    assert_eq!(latitudes, [1.0, 2.0, 3.0, 4.0, 5.0]);
    let vehicle = server.get_json("/api/v1/vehicles/b1", &server.admin).await;
    assert_eq!(vehicle["position"]["latitude"], 5.0);
}

#[tokio::test]
async fn a_track_is_cut_by_time_and_read_in_pages() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let batch = Value::Array((0..25).map(|i| position("b1", 1_700_000_000 + i)).collect());
    json_of(server.post("/api/v1/positions", &server.admin, batch).await, 201).await;
    let base = "/api/v1/vehicles/b1/positions";
    let cut = server.get_json(&format!("{base}?from=1700000005&to=2023-11-14T22:13:30Z"), &server.admin).await;
    assert_eq!(cut["items"].as_array().unwrap().len(), 5);
    let mut count = 0;
    let mut path = format!("{base}?limit=10");
    while let Some(next) = {
        let page = server.get_json(&path, &server.admin).await;
        count += page["items"].as_array().unwrap().len();
        page["next"].as_str().map(str::to_owned)
    } {
        path = format!("{base}?limit=10&cursor={next}");
    }
    assert_eq!(count, 25);
}

#[tokio::test]
async fn a_track_is_exported_in_every_format() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "b1", "kind": "bus", "label": "<Bus & \"1\">"})).await;
    let batch = Value::Array((0..2_500).map(|i| position("b1", 1_700_000_000 + i)).collect());
    json_of(server.post("/api/v1/positions", &server.admin, batch).await, 201).await;
    for (format, kind, mark, per_point) in [
        ("gpx", "application/gpx+xml", "</gpx>", "<trkpt"),
        ("csv", "text/csv; charset=utf-8", "30.25", "-97.75"),
        ("geojson", "application/geo+json", "FeatureCollection", "2023-11-1"),
        ("kml", "application/vnd.google-earth.kml+xml", "</kml>", "<when>"),
    ] {
        let response = server.get(&format!("/api/v1/vehicles/b1/positions?format={format}"), &server.admin).await;
        assert_eq!(response.headers()["content-type"], kind);
        let text = response.text().await.unwrap();
        assert!(text.contains(mark), "{format}");
        assert_eq!(text.matches(per_point).count(), 2_500, "{format}");
        assert!(!text.contains("<Bus &"), "{format} escapes labels");
    }
    let wrong = server.get("/api/v1/vehicles/b1/positions?format=doc", &server.admin).await;
    assert_eq!(wrong.status(), 422);
}

#[tokio::test]
async fn drivers_report_for_their_own_vehicle_only() {
    let server = TestServer::start().await;
    let (id, token) = server.add_user(json!({"username": "dan", "role": "driver"})).await;
    server.add_vehicle(json!({"id": "mine", "kind": "car", "label": "m", "driver_id": id})).await;
    server.add_vehicle(json!({"id": "other", "kind": "car", "label": "o"})).await;
    assert_eq!(server.post("/api/v1/positions", &token, position("mine", 1_700_000_000)).await.status(), 201);
    assert_eq!(server.post("/api/v1/positions", &token, position("other", 1_700_000_000)).await.status(), 403);
    let key = server.add_device("d1", "mine").await;
    let as_device = |body: Value| {
        let request = server.http.post(format!("{}/api/v1/positions", server.url));
        request.header("Authorization", format!("Device {key}")).json(&body).send()
    };
    assert_eq!(as_device(json!({"latitude": 1, "longitude": 2})).await.unwrap().status(), 201);
    let (_, parent) = server.add_user(json!({"username": "pa", "role": "parent", "vehicle_ids": ["mine"]})).await;
    assert_eq!(server.post("/api/v1/positions", &parent, position("mine", 1)).await.status(), 403);
    assert_eq!(as_device(position("other", 1_700_000_001)).await.unwrap().status(), 403);
}
