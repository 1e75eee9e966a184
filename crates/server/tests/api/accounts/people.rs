//! A person's data: exported whole, and erased so that nothing of it is left.

use crate::delivery::proofs::{PNG, send_proof};
use crate::support::databases::{Database, on_both};
use crate::support::signing::{operator_token, token_for};
use crate::support::{PATIENCE, TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Read as _;
use std::time::Duration;

on_both!(
    all_that_is_known_of_a_person_is_exported,
    an_erased_person_is_found_nowhere,
    an_erasure_waits_and_can_be_taken_back,
    only_admins_export_and_erase,
);

/// A name that is in no other text.
const NAME: &str = "zebedee.quux";
const EMAIL: &str = "zebedee@quux.example";
const PASSWORD: &str = "open sesame";

/// A person with a van, a phone, a delivery, a parcel, messages and alerts, and the admin who knows it.
struct Story {
    id: i64,
    token: String,
    admin: String,
}

async fn tell(server: &TestServer) -> Story {
    let (_, admin) = server.add_user(json!({"username": "boss", "role": "admin"})).await;
    let person = json!({"username": NAME, "role": "driver", "email": EMAIL});
    let (id, token) = server.add_user(person).await;
    for (vehicle, kind, label) in [("van", "van", "van 1"), ("phone", "person", NAME)] {
        let body = json!({"id": vehicle, "kind": kind, "label": label, "driver_id": id});
        json_of(server.post("/api/v1/vehicles", &admin, body).await, 201).await;
        for (minute, latitude) in [("00", 1.0), ("01", 1.01), ("02", 1.02)] {
            let at = format!("2026-01-02T03:{minute}:00Z");
            let body = json!({"vehicle_id": vehicle, "latitude": latitude, "longitude": 2, "timestamp": at});
            json_of(server.post("/api/v1/positions", &token, body).await, 201).await;
        }
    }
    let device = json!({"id": "d1", "vehicle_id": "phone", "name": NAME});
    json_of(server.post("/api/v1/devices", &admin, device).await, 201).await;
    let order = json!({"order_id": "o1", "rider_id": id.to_string(), "dropoff_lat": 1, "dropoff_lng": 1});
    let started = json_of(server.post("/tracking/start", &admin, order).await, 200).await;
    let link = started["tracking_id"].as_str().unwrap().to_owned();
    let moved = server.post(&format!("/tracking/update/{link}"), &token, json!({"lat": 1.5, "lng": 1.5})).await;
    assert_eq!(moved.status(), 200);
    let proof: [(&str, &[u8]); 2] = [("photo", PNG), ("note", b"left by zebedee.quux")];
    json_of(send_proof(server, &format!("/tracking/{link}/proof"), &token, &proof, None).await, 201).await;
    let place = |lng: f64| json!({"lat": 0, "lng": lng, "address": "somewhere"});
    let parcel = json!({"client_id": 999, "driver_id": id, "pickup": place(0.0), "destination": place(1.0)});
    json_of(server.post("/api/v1/parcels", &admin, parcel).await, 201).await;
    let message = json!({"user_ids": [id, 1], "message": format!("hello {NAME}, welcome")});
    json_of(server.post("/api/v1/notifications", &admin, message).await, 201).await;
    let alert = json!({"type": "driver_event", "title": "late", "message": format!("Zebedee.Quux was late in the van"),
        "vehicle_id": "van", "driver_id": id});
    json_of(server.post("/api/v1/alerts", &admin, alert).await, 201).await;
    let renamed = json!({"language": "id"});
    json_of(server.call(Method::PATCH, &format!("/api/v1/users/{id}"), &admin, Some(renamed)).await, 200).await;
    server.log_in(NAME, PASSWORD).await;
    Story { id, token, admin }
}

/// Waits until a job has ended.
pub async fn ended(server: &TestServer, admin: &str, job: &str) -> Value {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let state = server.get_json(&format!("/api/v1/jobs/{job}"), admin).await;
        if ["done", "failed"].contains(&state["status"].as_str().unwrap()) {
            return state;
        }
        assert!(tokio::time::Instant::now() < deadline, "{state}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn all_that_is_known_of_a_person_is_exported(database: Database) {
    let server = database.start().await;
    let Story { id, admin, .. } = tell(&server).await;
    let path = format!("/api/v1/users/{id}/export");
    let asked = async || {
        let request = server.http.post(format!("{}{path}", server.url)).bearer_auth(&admin);
        json_of(request.header("Idempotency-Key", "k1").send().await.unwrap(), 202).await
    };
    let added = asked().await;
    assert_eq!(asked().await, added, "asked again it is the same job");
    let job = added["job"].as_str().unwrap();
    let state = ended(&server, &admin, job).await;
    assert_eq!((&state["status"], &state["progress"]), (&json!("done"), &json!(100)), "{state}");
    let answer = server.get(state["result_url"].as_str().unwrap(), &admin).await;
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let mut files = std::collections::BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    let rows = |name: &str| -> Vec<Value> { serde_json::from_slice(&files[&format!("{name}.json")]).unwrap() };
    let account = &rows("account")[0];
    assert_eq!((&account["username"], &account["email"]), (&json!(NAME), &json!(EMAIL)));
    assert_eq!(rows("deliveries")[0]["order_id"], "o1");
    assert_eq!(rows("delivery_locations")[0]["latitude"], 1.5);
    assert_eq!(rows("proofs")[0]["note"], "left by zebedee.quux");
    // The picture by reference: its sum, its name in this file, and where it is read with a credential.
    let picture = &rows("proof_files")[0];
    let bytes = &files[picture["file"].as_str().unwrap()];
    let sum = ring::digest::digest(&ring::digest::SHA256, bytes);
    let sum: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&picture["kind"], &picture["sha256"]), (&json!("photo"), &json!(sum)));
    let read = server.get(picture["url"].as_str().unwrap(), &admin).await;
    assert_eq!(read.bytes().await.unwrap(), bytes.as_slice());
    assert_eq!(server.get(picture["url"].as_str().unwrap(), "").await.status(), 401);
    assert!(picture.get("file_key").is_none());
    assert!(rows("notices_received")[0]["message"].as_str().unwrap().contains("hello"));
    assert_eq!(rows("alerts")[0]["title"], "late");
    assert_eq!(rows("parcels")[0]["pickup_address"], "somewhere");
    assert!(rows("audit").iter().any(|row| row["action"] == "user.update"));
    assert!(rows("sessions")[0]["created_at"].is_string());
    let tracks: Vec<&String> = files.keys().filter(|name| name.starts_with("tracks/")).collect();
    assert_eq!(tracks.len(), 3, "{tracks:?}");
    for track in &tracks {
        let text = std::str::from_utf8(&files[*track]).unwrap();
        assert!(text.contains("<trkpt") && text.ends_with("</gpx>\n"), "{track}: {text}");
    }
    let picture = files.keys().find(|name| name.starts_with("proofs/")).unwrap();
    assert_eq!(&files[picture][..2], [0xff, 0xd8]);
    // It goes with the person, and with its time.
    let stored = || std::fs::read_dir(server.folder().join("proofs/jobs")).map_or(0, Iterator::count);
    assert_eq!(stored(), 1);
}

/// The files of the database that hold a text, however its letters are written.
fn files_with(server: &TestServer, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(server.folder()).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with("milepost.db") {
            let bytes = std::fs::read(&path).unwrap();
            if bytes.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle.as_bytes())) {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// The fleet's figures, when the positions of both vehicles are folded.
async fn folded_figures(server: &TestServer, admin: &str) -> Value {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut figures = server.get_json("/api/v1/dashboard", admin).await;
        figures["timestamp"].take();
        if figures["total_trips"] == 2 {
            return figures;
        }
        assert!(tokio::time::Instant::now() < deadline, "{figures}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn an_erased_person_is_found_nowhere(database: Database) {
    let server = database.start_with(&[("ERASURE_DELAY", "0")]).await;
    let Story { id, token, admin } = tell(&server).await;
    let figures = folded_figures(&server, &admin).await;
    let mut open = server.watch("/ws/tracking?company_id=default", &token).await;
    assert_eq!(open.next().await["type"], "connection_established");
    if database == Database::Sqlite {
        assert!(!files_with(&server, "quux").is_empty(), "the search finds a name");
    }
    let path = format!("/api/v1/users/{id}/erasure");
    let erased = json_of(server.post(&path, &admin, json!({"password": PASSWORD})).await, 202).await;
    assert!(erased["due_at"].is_string());
    assert!([1008, 4001].contains(&open.close_code().await), "sockets end");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let is_there = async || server.get(&format!("/api/v1/users/{id}"), &admin).await.status() != 404;
    // The file is written anew when all else is done. What PostgreSQL's tables hold is tested with the store.
    while is_there().await || !files_with(&server, "quux").is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "the erasure does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Its token is none, its number nobody's, and what it drove is there.
    assert_eq!(server.get("/api/v1/trips", &token).await.status(), 401);
    let forged = token_for(&id.to_string(), "driver", "default", 60);
    assert_eq!(server.get("/api/v1/trips", &forged).await.status(), 401, "an erased number is no login");
    let (next, _) = server.add_user(json!({"username": "next", "role": "driver"})).await;
    assert!(next > id);
    let van = server.get_json("/api/v1/vehicles/van", &admin).await;
    assert_eq!(van["driver_id"], Value::Null);
    let range = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z";
    let track = server.get_json(&format!("/api/v1/vehicles/van/positions?{range}"), &admin).await;
    assert_eq!(track["items"].as_array().unwrap().len(), 3, "what a vehicle drove stays");
    assert_eq!(server.get("/api/v1/vehicles/phone", &admin).await.status(), 404);
    let vehicles = server.get_json("/api/v1/vehicles", &admin).await;
    let left = vehicles["items"].as_array().unwrap().iter().find(|vehicle| vehicle["kind"] == "person").unwrap();
    let left = left["id"].as_str().unwrap();
    let track = server.get_json(&format!("/api/v1/vehicles/{left}/positions?{range}"), &admin).await;
    assert_eq!(track["items"], json!([]), "the track of its own phone is gone");
    assert_eq!(folded_figures(&server, &admin).await, figures, "the fleet's counts and distances stay");
    let alerts = server.get_json("/api/v1/alerts", &admin).await;
    let alert = &alerts["items"].as_array().unwrap().iter().find(|alert| alert["title"] == "late").unwrap();
    assert_eq!((&alert["message"], &alert["driver_id"]), (&json!("… was late in the van"), &Value::Null));
    let audit = server.get_json("/api/v1/audit?limit=100", &admin).await;
    assert!(audit["items"].as_array().unwrap().iter().any(|row| row["action"] == "user.erase"));
    for path in ["audit?limit=100", "users", "alerts", "vehicles", "devices", "notifications", "outgoing", "parcels"] {
        let text = server.get(&format!("/api/v1/{path}"), &admin).await.text().await.unwrap();
        assert!(!text.to_lowercase().contains("quux"), "{path}: {text}");
    }
    let home = milepost_domain::TenantId::default_tenant();
    let verdict = server.running.assembly.store.verify_audit(&home).await.unwrap();
    assert_eq!(verdict.bad, None, "the chain holds");
}

async fn an_erasure_waits_and_can_be_taken_back(database: Database) {
    let server = database.start().await;
    let (_, admin) = server.add_user(json!({"username": "boss", "role": "admin"})).await;
    let (id, token) = server.add_user(json!({"username": "ann", "role": "driver"})).await;
    let path = format!("/api/v1/users/{id}/erasure");
    let erase = async |body: Value| server.post(&path, &admin, body).await;
    let withdraw = async || server.call(Method::DELETE, &path, &admin, None).await.status();
    // The login was just now, and later it was not.
    let first = json_of(erase(json!({})).await, 202).await;
    assert_eq!(json_of(erase(json!({})).await, 202).await, first, "asked again it is due at the same time");
    assert_eq!((withdraw().await.as_u16(), withdraw().await.as_u16()), (204, 404));
    server.clock.turn(Duration::from_secs(301));
    assert_eq!(erase(json!({})).await.status(), 403);
    assert_eq!(erase(json!({"password": "wrong"})).await.status(), 403);
    assert_eq!(erase(json!({"password": PASSWORD})).await.status(), 202);
    assert_eq!(server.get("/auth/me", &token).await.status(), 200, "nothing has changed yet");
    server.clock.turn(Duration::from_secs(7 * 24 * 60 * 60));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while server.get(&format!("/api/v1/users/{id}"), &operator_token()).await.status() != 404 {
        assert!(tokio::time::Instant::now() < deadline, "it is due and not done");
        server.clock.turn(Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn only_admins_export_and_erase(database: Database) {
    let server = database.start().await;
    let (boss, admin) = server.add_user(json!({"username": "boss", "role": "admin"})).await;
    let (id, _) = server.add_user(json!({"username": "ann", "role": "driver"})).await;
    let (_, manager) = server.add_user(json!({"username": "mia", "role": "manager"})).await;
    let paths = [format!("/api/v1/users/{id}/export"), format!("/api/v1/users/{id}/erasure")];
    let added = json_of(server.post(&paths[0], &admin, json!({})).await, 202).await;
    let job = format!("/api/v1/jobs/{}", added["job"].as_str().unwrap());
    ended(&server, &admin, added["job"].as_str().unwrap()).await;
    let tokens = json!({"name": "all", "scopes": ["read", "ingest", "manage"]});
    let program = json_of(server.post("/api/v1/access-tokens", &admin, tokens).await, 201).await;
    let program = program["token"].as_str().unwrap();
    let stranger = token_for("stranger", "admin", "other", 60);
    for path in &paths {
        let asked = async |token: &str| server.post(path, token, json!({})).await.status().as_u16();
        assert_eq!((asked(&manager).await, asked(program).await), (403, 403), "{path}");
        assert_eq!(asked(&stranger).await, 404, "{path}");
    }
    for path in [job.clone(), format!("{job}/result")] {
        for (token, status) in [(manager.as_str(), 404), (program, 403), (&stranger, 404), (&admin, 200)] {
            assert_eq!(server.get(&path, token).await.status().as_u16(), status, "{path}");
        }
    }
    assert_eq!(server.post(&format!("/api/v1/users/{boss}/erasure"), &admin, json!({})).await.status(), 409);
    // A signature alone is no login that could be fresh.
    let signed = token_for("9", "admin", "default", 60);
    assert_eq!(server.post(&paths[1], &signed, json!({})).await.status(), 403);
    assert_eq!(server.get("/api/v1/jobs/unknown", &admin).await.status(), 404);
}
