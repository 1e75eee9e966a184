//! What HTTP has a form for: where a new thing is, which form of an answer a client prefers, compression, refused tokens.

use crate::support::{TestServer, json_of};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

#[tokio::test]
async fn the_answer_says_where_a_new_thing_is() {
    let server = TestServer::start().await;
    for (path, body) in [
        ("vehicles", json!({"id": "bus 7", "kind": "bus", "label": "x"})),
        ("users", json!({"username": "ann", "role": "driver"})),
        ("cadets", json!({"name": "Ana"})),
        ("devices", json!({"vehicle_id": "bus 7"})),
    ] {
        let send = || {
            let request = server.http.post(format!("{}/api/v1/{path}?tenant=default", server.url));
            request.bearer_auth(&server.admin).header("Idempotency-Key", path).json(&body).send()
        };
        for _ in 0..2 {
            let answer = send().await.unwrap();
            let location = answer.headers()["location"].to_str().unwrap().to_owned();
            let added = json_of(answer, 201).await;
            assert_eq!(server.get_json(&location, &server.admin).await["id"], added["id"], "{location}");
        }
    }
    let alert = json!({"type": "system_error", "title": "x", "message": "x"});
    let alert = server.post("/api/v1/alerts", &server.admin, alert).await;
    assert!(alert.status() == 201 && !alert.headers().contains_key("location"), "no call reads one alert");
}

#[tokio::test]
async fn a_client_gets_the_file_that_it_accepts_under_the_vehicles_name() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    server.report("b1", 22.5, 88.3, "2025-01-15T10:30:45.123Z").await;
    let get = async |accept: &str, query: &str| {
        let url = format!("{}/api/v1/vehicles/b1/positions{query}", server.url);
        let answer = server.http.get(url).bearer_auth(&server.admin).header("accept", accept).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header("content-type").unwrap(), header("content-disposition").unwrap_or_default())
    };
    let (kind, name) = get("application/gpx+xml", "").await;
    assert_eq!((kind.as_str(), name.as_str()), ("application/gpx+xml", "attachment; filename=\"b1-2025-01-15.gpx\""));
    assert_eq!(get("text/html, */*;q=0.8", "").await.0, "application/json");
    assert_eq!(get("application/gpx+xml", "?format=json").await.0, "application/json");
}

#[tokio::test]
async fn a_token_that_is_no_good_is_told_from_none() {
    let server = TestServer::start().await;
    let challenge = async |token: &str| {
        let answer = server.get("/api/v1/vehicles", token).await;
        assert_eq!(answer.status(), 401);
        answer.headers()["www-authenticate"].to_str().unwrap().to_owned()
    };
    assert_eq!(challenge("").await, "Bearer");
    assert_eq!(challenge("expired").await, "Bearer error=\"invalid_token\"");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn bodies_may_be_compressed_up_to_the_same_limit() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let send = async |path: &str, encoding: &'static str, body: Vec<u8>, key: &str| {
        let request = server.http.post(format!("{}/api/v1/{path}", server.url)).bearer_auth(&server.admin);
        let request = if key.is_empty() { request } else { request.header("Idempotency-Key", key) };
        request.header("Content-Encoding", encoding).body(body).send().await.unwrap()
    };
    let position = br#"[{"vehicle_id":"b1","latitude":1,"longitude":2,"timestamp":1736937045}]"#;
    assert_eq!(send("positions", "gzip", gzip(position), "").await.status(), 201);
    assert_eq!(send("positions", "identity", position.to_vec(), "").await.status(), 201);
    assert_eq!(send("positions", "br", position.to_vec(), "").await.status(), 415);
    assert_eq!(send("positions", "gzip", position.to_vec(), "").await.status(), 400);
    assert_eq!(send("positions", "gzip", gzip(position)[..20].to_vec(), "").await.status(), 400);
    // Sixteen kilobytes that would be sixteen megabytes.
    assert_eq!(send("positions", "gzip", gzip(&vec![b' '; 16 << 20]), "").await.status(), 413);
    assert_eq!(send("vehicles", "gzip", gzip(&vec![b' '; 65 << 10]), "").await.status(), 413);
    // The same request, compressed in another way.
    let vehicle = br#"{"id":"b2","kind":"bus","label":"x"}"#;
    assert_eq!(send("vehicles", "gzip", gzip(vehicle), "k").await.status(), 201);
    assert_eq!(send("vehicles", "identity", vehicle.to_vec(), "k").await.headers()["idempotency-replayed"], "true");
}

#[tokio::test]
async fn answers_are_compressed_for_clients_that_take_it() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    // At one metre a second: what is held to be wrong is marked soon, and missing in the second answer.
    let positions: Vec<Value> = (0..3_000)
        .map(|n| json!({"vehicle_id": "b1", "latitude": f64::from(n) / 100_000.0, "longitude": 2, "timestamp": 1_736_937_045 + n}))
        .collect();
    json_of(server.post("/api/v1/positions", &server.admin, json!(positions)).await, 201).await;
    let get = async |path: &str, encoding: &str| {
        let request = server.http.request(Method::GET, format!("{}{path}", server.url)).bearer_auth(&server.admin);
        let answer = request.header("accept-encoding", encoding).send().await.unwrap();
        let encoding = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        let vary = answer.headers().get_all("vary").iter().any(|value| value == "Accept-Encoding");
        assert_eq!(encoding.is_some(), vary);
        (encoding, answer.bytes().await.unwrap())
    };
    for path in ["/api/v1/vehicles/b1/positions?limit=1000", "/api/v1/vehicles/b1/positions?format=csv", "/metrics"] {
        let (encoding, compressed) = get(path, "gzip").await;
        assert_eq!(encoding.as_deref(), Some("gzip"), "{path}");
        let mut inflated = Vec::new();
        flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut inflated).unwrap();
        let (encoding, plain) = get(path, "identity").await;
        assert_eq!(encoding, None);
        // The metrics have changed meanwhile.
        assert!(path == "/metrics" || inflated == plain, "{path}");
        assert!(compressed.len() * 2 < plain.len(), "{path}");
    }
    assert_eq!(get("/health", "gzip").await.0, None, "too short");
}
