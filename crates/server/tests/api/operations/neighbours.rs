//! What one caller does at once is its own affair: others are served meanwhile.

use crate::fleet::history_support::{MORNING_MS, Ride, report};
use crate::support::signing::claims_token;
use crate::support::{PATIENCE, TestServer};
use milepost_domain::{Caller, Principal, Role, TenantId};
use milepost_service::Reader;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

fn caller(subject: &str) -> Caller {
    let principal = Principal::User {
        id: None,
        subject: subject.to_owned(),
        role: Role::Admin,
        cadet_id: None,
        vehicle_ids: Vec::new(),
    };
    Caller { tenant: TenantId::default_tenant(), principal, expires_at: None }
}

#[tokio::test]
async fn a_callers_large_reads_wait_for_its_own_and_for_nobody_elses() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V"})).await;
    report(&server.http, &server.url, &server.admin, "v1", &Ride::two_trips(MORNING_MS)).await;
    let (greedy, other) = (claims_token("7", "admin", "default"), claims_token("8", "admin", "default"));
    let reads = &server.running.assembly.use_cases.fair_reads;
    let held = reads.permit(&TenantId::default_tenant(), Some(&Reader::of(&caller("7")))).await;
    let large =
        ["/api/v1/dashboard", "/api/v1/vehicles/v1/positions?format=csv", "/api/v1/vehicles/v1/positions?format=gpx"];
    let waiting: Vec<_> = large
        .iter()
        .map(|path| tokio::spawn(server.http.get(format!("{}{path}", server.url)).bearer_auth(&greedy).send()))
        .collect();
    for path in large {
        assert_eq!(timeout(PATIENCE, server.get(path, &other)).await.unwrap().status(), 200, "{path}");
    }
    // Small reads need no share.
    for path in ["/api/v1/vehicles", "/api/v1/vehicles/v1/positions", "/ready"] {
        assert_eq!(timeout(PATIENCE, server.get(path, &greedy)).await.unwrap().status(), 200, "{path}");
    }
    assert!(waiting.iter().all(|request| !request.is_finished()));
    drop(held);
    for request in waiting {
        assert_eq!(timeout(PATIENCE, request).await.unwrap().unwrap().unwrap().status(), 200);
    }
    assert_eq!(reads.running(), 0);
}

#[tokio::test]
async fn a_callers_pages_wait_for_its_own_and_for_nobody_elses() {
    let server = TestServer::start().await;
    server.add_vehicle(json!({"id": "v1", "kind": "van", "label": "V"})).await;
    let (greedy, other) = (claims_token("7", "admin", "default"), claims_token("8", "admin", "default"));
    let pages = &server.running.assembly.use_cases.pages;
    let (home, reader) = (TenantId::default_tenant(), Reader::of(&caller("7")));
    let held = [pages.permit(&home, Some(&reader)).await, pages.permit(&home, Some(&reader)).await];
    let lists = ["alerts", "devices", "geofences", "parcels", "trips", "vehicles", "vehicles/v1/positions", "webhooks"];
    let path = |list: &str| format!("/api/v1/{list}?limit=1000");
    let waiting: Vec<_> = lists
        .iter()
        .map(|list| tokio::spawn(server.http.get(format!("{}{}", server.url, path(list))).bearer_auth(&greedy).send()))
        .collect();
    for list in lists {
        assert_eq!(timeout(PATIENCE, server.get(&path(list), &other)).await.unwrap().status(), 200, "{list}");
    }
    for small in ["/api/v1/vehicles/v1", "/api/v1/dashboard", "/ready"] {
        assert_eq!(timeout(PATIENCE, server.get(small, &greedy)).await.unwrap().status(), 200, "{small}");
    }
    assert!(waiting.iter().all(|request| !request.is_finished()));
    drop(held);
    for request in waiting {
        assert_eq!(timeout(PATIENCE, request).await.unwrap().unwrap().unwrap().status(), 200);
    }
    assert_eq!(pages.running(), 0);
}

/// A request that waits in vain is told when to come back.
#[tokio::test]
async fn a_read_that_waits_too_long_is_answered_503() {
    let server = TestServer::start().await;
    let reads = &server.running.assembly.use_cases.fair_reads;
    let _held = reads.permit(&TenantId::default_tenant(), Some(&Reader::of(&caller("7")))).await;
    let token = claims_token("7", "admin", "default");
    let answer = server.get("/api/v1/dashboard", &token);
    let answer = timeout(PATIENCE + Duration::from_secs(10), answer).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(reads.refused(), 1);
}

/// A large upload over a slow link is no stranger's, although it is not answered yet.
#[tokio::test]
async fn a_flood_of_strangers_displaces_no_upload_under_way() {
    let server = TestServer::start_with(&[("MAX_CONNECTIONS_PER_ADDRESS", "3")]).await;
    server.add_bus("b1").await;
    let key = server.add_device("d1", "b1").await;
    let address = server.running.address;
    let stranger = async || TcpStream::connect(address).await.unwrap();
    let is_open = |stream: &TcpStream| {
        let read = stream.try_read(&mut [0]);
        matches!(read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    let mut upload = stranger().await;
    // Larger than what is read before a request's credential is looked at.
    let body = format!(r#"{{"latitude": 1, "longitude": 2{}}}"#, " ".repeat(100_000));
    let head = format!(
        "POST /api/v1/positions HTTP/1.1\r\nhost: x\r\nx-device-key: {key}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(50_000);
    upload.write_all(head.as_bytes()).await.unwrap();
    upload.write_all(first.as_bytes()).await.unwrap();
    // Younger than the upload. When it has had to make room, all that are older had to.
    let younger = stranger().await;
    let mut others = Vec::new();
    let flooded = async {
        while is_open(&younger) {
            others.push(stranger().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, flooded).await.expect("the flood displaces the oldest strangers");
    upload.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    timeout(PATIENCE, upload.read_exact(&mut answer)).await.unwrap().expect("the upload goes on");
    assert_eq!(&answer, b"HTTP/1.1 201");
}
