//! Proofs of delivery: the rider adds them, the sender's side sees them, and hostile pictures are refused.

use crate::delivery::session::start;
use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_domain::TenantId;
use milepost_store::Retention;
use milepost_test_support::Receiver;
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// A PNG of one pixel.
pub const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0d, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x10, 0x50, 0x30, 0xf8, 0x0f, 0x00, 0x02, 0x04, 0x01, 0x60, 0x8d, 0xbc, 0xbb,
    0x71, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];

/// Sends a form part by part, with a boundary of its own each time.
pub async fn send_proof(
    server: &TestServer,
    path: &str,
    token: &str,
    parts: &[(&str, &[u8])],
    key: Option<&str>,
) -> Response {
    let boundary = milepost_access::random_secret("b").replace(['-', '_'], "x");
    let mut body = Vec::new();
    for (name, bytes) in parts {
        body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes());
        let is_picture = ["signature", "photo"].contains(name);
        body.extend_from_slice(if is_picture { b"; filename=\"x.exe\"\r\n\r\n" } else { b"\r\n\r\n" });
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let mut request = server.http.post(format!("{}{path}", server.url)).bearer_auth(token);
    request = request.header("Content-Type", format!("multipart/form-data; boundary={boundary}"));
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    request.body(body).send().await.unwrap()
}

fn rider() -> String {
    token_for("r1", "rider", "default", 600)
}

on_both!(
    a_proof_is_stored_and_read_back,
    a_delivery_that_needs_a_proof_ends_with_one_only,
    webhooks_are_told_of_proofs_by_reference,
);

async fn a_proof_is_stored_and_read_back(database: Database) {
    let server = database.start().await;
    let session = start(&server, &rider()).await;
    let path = format!("/api/v1/deliveries/{session}/proofs");
    let parts: [(&str, &[u8]); 8] = [
        ("signature", PNG),
        ("photo", PNG),
        ("receiver", b"Ann Smith"),
        ("code", b"4711"),
        ("note", b"left with\nthe neighbour"),
        ("taken_at", b"2026-01-02T03:04:05Z"),
        ("latitude", b"5.6"),
        ("longitude", b"-0.18"),
    ];
    let added = json_of(send_proof(&server, &path, &rider(), &parts, Some("k1")).await, 201).await;
    let kinds: Vec<&Value> = added["files"].as_array().unwrap().iter().map(|file| &file["kind"]).collect();
    assert_eq!(kinds, ["signature", "photo"]);
    // Sent again with another boundary it is the same proof; another one with that key is refused.
    let again = json_of(send_proof(&server, &path, &rider(), &parts, Some("k1")).await, 201).await;
    assert_eq!(again, added);
    assert_eq!(send_proof(&server, &path, &rider(), &parts[..3], Some("k1")).await.status(), 422);
    for (token, by) in
        [(rider(), path.clone()), (token_for("m", "merchant", "default", 60), "/tracking/ORD-1/proof".to_owned())]
    {
        let listed = server.get_json(&by, &token).await;
        let items = listed["items"].as_array().unwrap();
        assert_eq!(items.len(), 1);
        let proof = &items[0];
        assert_eq!(
            (&proof["id"], &proof["receiver"], &proof["code"]),
            (&added["id"], &json!("Ann Smith"), &json!("4711"))
        );
        assert_eq!(
            (&proof["note"], &proof["taken_at"]),
            (&json!("left with\nthe neighbour"), &json!("2026-01-02T03:04:05.000Z"))
        );
        assert_eq!(
            (&proof["latitude"], &proof["longitude"], &proof["files"]),
            (&json!(5.6), &json!(-0.18), &added["files"])
        );
    }
    let id = added["id"].as_str().unwrap();
    let file = server.get(&format!("{path}/{id}/files/2"), &rider()).await;
    assert_eq!(file.headers()["content-type"], "image/jpeg");
    assert_eq!(file.headers()["x-content-type-options"], "nosniff");
    assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let bytes = file.bytes().await.unwrap();
    assert_eq!((bytes.len() as u64, &bytes[..2]), (added["files"][1]["bytes"].as_u64().unwrap(), &[0xff, 0xd8][..]));
    let sum = ring::digest::digest(&ring::digest::SHA256, &bytes);
    let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(added["files"][1]["sha256"], sum);
    assert_eq!(server.get(&format!("{path}/{id}/files/3"), &rider()).await.status(), 404);
    // With the session, its files go, too.
    let stored = || std::fs::read_dir(server.folder().join("proofs").join(id)).map_or(0, Iterator::count);
    assert_eq!(stored(), 2);
    let retention = Retention { positions_ms: 0, ..Retention::default() };
    let later = server.clock.clock().now().plus_ms(100 * 24 * 60 * 60 * 1_000);
    server.running.assembly.store.prune(later, &retention).await.unwrap();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while stored() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "the files of a removed session stay");
        server.clock.turn(std::time::Duration::from_secs(60));
        tokio::task::yield_now().await;
    }
}

async fn a_delivery_that_needs_a_proof_ends_with_one_only(database: Database) {
    let server = database.start().await;
    let admin = token_for("a", "admin", "default", 600);
    let set =
        async |body: Value, token: &str| server.call(Method::PATCH, "/api/v1/tenants/default", token, Some(body)).await;
    assert_eq!(set(json!({"proof_required": true}), &token_for("m", "manager", "default", 60)).await.status(), 403);
    assert_eq!(set(json!({"proof_required": 1}), &admin).await.status(), 422);
    let answer = json_of(set(json!({"proof_required": true}), &admin).await, 200).await;
    assert_eq!(answer, json!({"id": "default", "proof_required": true, "off_duty": "kept"}));
    let session = start(&server, &rider()).await;
    let deliver =
        async || server.post(&format!("/tracking/update/{session}"), &rider(), json!({"status": "DELIVERED"})).await;
    let moved = server.post(&format!("/tracking/update/{session}"), &rider(), json!({"status": "IN_TRANSIT"})).await;
    assert_eq!(moved.status(), 200);
    let refused = json_of(deliver().await, 409).await;
    assert!(refused["detail"].as_str().unwrap().contains("proof"), "{refused}");
    let mut socket = server.watch(&format!("/ws/tracking/{session}"), &rider()).await;
    assert_eq!(socket.next().await["type"], "initial_state");
    socket.send(json!({"type": "location_update", "location": {"lat": 1, "lng": 2, "status": "DELIVERED"}})).await;
    let told = socket.next().await;
    assert_eq!(told["type"], "error", "{told}");
    let path = format!("/tracking/{session}/proof");
    json_of(send_proof(&server, &path, &rider(), &[("code", b"4711")], None).await, 201).await;
    assert_eq!(deliver().await.status(), 200);
}

async fn webhooks_are_told_of_proofs_by_reference(database: Database) {
    let receiver = Receiver::start(|_| 200).await;
    let settings = [("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1"), ("PUBLIC_URL", "https://track.example.org")];
    let server = database.start_with(&settings).await;
    let hook = json!({"url": receiver.url, "events": ["delivery.status_changed"]});
    json_of(server.post("/api/v1/webhooks", &server.admin, hook).await, 201).await;
    let session = start(&server, &rider()).await;
    let parts: [(&str, &[u8]); 3] = [("signature", PNG), ("receiver", b"Ann Smith"), ("note", b"by the door")];
    let path = format!("/tracking/{session}/proof");
    let added = json_of(send_proof(&server, &path, &rider(), &parts, None).await, 201).await;
    let update = format!("/tracking/update/{session}");
    assert_eq!(server.post(&update, &rider(), json!({"status": "DELIVERED"})).await.status(), 200);
    let call = receiver.until(1).await.remove(0);
    let data = &call.json()["data"];
    let file = &data["proofs"][0]["files"][0];
    assert_eq!((&data["status"], &data["proofs"][0]["id"]), (&json!("DELIVERED"), &added["id"]), "{data}");
    for field in ["id", "kind", "bytes", "sha256"] {
        assert_eq!(file[field], added["files"][0][field], "{field}");
    }
    let url = file["url"].as_str().unwrap().strip_prefix("https://track.example.org").unwrap();
    assert_eq!(server.get(url, "").await.status(), 401, "it needs a credential");
    let read = server.get(url, &token_for("m", "merchant", "default", 60)).await;
    let sum = ring::digest::digest(&ring::digest::SHA256, &read.bytes().await.unwrap());
    let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(file["sha256"], sum);
    assert!(!call.text().contains("Ann Smith") && !call.text().contains("by the door"), "by reference only");
}

#[tokio::test]
async fn only_the_rider_adds_and_strangers_see_nothing() {
    let server = TestServer::start().await;
    let session = start(&server, &rider()).await;
    let path = format!("/api/v1/deliveries/{session}/proofs");
    let parts: [(&str, &[u8]); 1] = [("code", b"1")];
    json_of(send_proof(&server, &path, &rider(), &parts, None).await, 201).await;
    for role in ["admin", "manager", "merchant", "driver", "rider"] {
        let token = token_for("somebody", role, "default", 60);
        assert_eq!(send_proof(&server, &path, &token, &parts, None).await.status(), 403, "{role}");
        let sees = ["admin", "merchant"].contains(&role);
        assert_eq!(server.get(&path, &token).await.status(), if sees { 200 } else { 403 }, "{role}");
    }
    let stranger = token_for("r1", "admin", "other", 60);
    assert_eq!(server.get(&path, &stranger).await.status(), 404);
    assert_eq!(send_proof(&server, &path, &stranger, &parts, None).await.status(), 404);
    // An order is looked up in the caller's own tenant.
    assert_eq!(server.get("/tracking/ORD-1/proof", &stranger).await.status(), 404);
    assert_eq!(server.get(&path, "").await.status(), 401);
    let of_default = TenantId::default_tenant();
    assert!(!server.running.assembly.store.is_proof_required(&of_default).await.unwrap());
}

#[tokio::test]
async fn hostile_forms_are_refused_with_a_reason() {
    let server = TestServer::start().await;
    let session = start(&server, &rider()).await;
    let path = format!("/api/v1/deliveries/{session}/proofs");
    let large = vec![0_u8; 10 * 1024 * 1024 + 1];
    let six: Vec<(&str, &[u8])> = vec![("photo", PNG); 6];
    let mut bomb = PNG.to_vec();
    // 50,000 by 50,000 pixels, with the sum that such a head has.
    bomb[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
    bomb[29..33].copy_from_slice(&[0x4b, 0xaf, 0x3d, 0xca]);
    for (parts, status, what) in [
        (vec![("photo", b"GIF89a\x01\0\x01\0".as_slice())], 415, "a GIF"),
        (vec![("photo", b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice())], 415, "a drawing"),
        (vec![("signature", b"".as_slice())], 415, "nothing"),
        (vec![("photo", &PNG[..50])], 415, "half a picture"),
        (vec![("photo", &bomb[..])], 413, "2,500 megapixels"),
        (vec![("photo", &large[..])], 413, "more than 10 MB"),
        (six, 422, "six photos"),
        (vec![("signature", PNG), ("signature", PNG)], 422, "two signatures"),
        (vec![], 422, "an empty form"),
        (vec![("latitude", b"1".as_slice()), ("longitude", b"2".as_slice())], 422, "a place alone"),
        (vec![("code", b"1".as_slice()), ("latitude", b"1".as_slice())], 422, "half a place"),
        (
            vec![("code", b"1".as_slice()), ("latitude", b"91".as_slice()), ("longitude", b"0".as_slice())],
            422,
            "no place",
        ),
        (vec![("code", b"1".as_slice()), ("taken_at", b"2999-01-01T00:00:00Z".as_slice())], 422, "the future"),
        (vec![("code", b"1".as_slice()), ("admin", b"1".as_slice())], 422, "an unknown part"),
        (vec![("receiver", b"\xff\xfe".as_slice())], 422, "no text"),
    ] {
        let refused = send_proof(&server, &path, &rider(), &parts, None).await;
        let (found, text) = (refused.status().as_u16(), refused.text().await.unwrap());
        assert_eq!(found, status, "{what}: {text}");
    }
    let json = server.post(&path, &rider(), json!({"code": "1"})).await;
    assert_eq!(json.status(), 415);
    let mut cut = server.http.post(format!("{}{path}", server.url)).bearer_auth(rider());
    cut = cut
        .header("Content-Type", "multipart/form-data; boundary=b")
        .body("--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n1");
    assert_eq!(cut.send().await.unwrap().status(), 400);
    assert_eq!(server.get_json(&path, &rider()).await["items"], json!([]));
}
