//! Whole runs against a small server that answers as the documented API does.
#![allow(clippy::unwrap_used)]

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, post};
use axum::{Json, Router};
use milepost_simulate::{
    Credential, Motion, ProgressMode, Replay, SimulateError, SimulateOptions, Times, Via, simulate,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

#[derive(Default)]
struct Seen {
    vehicles: Vec<String>,
    devices: u32,
    removed: u32,
    /// By device key, in the order of arrival.
    fixes: HashMap<String, Vec<Value>>,
    calls: u32,
    /// Every n-th call with fixes is answered 503; 0 never.
    fail_every: u32,
}

type Server = Arc<Mutex<Seen>>;

async fn start_server(seen: Server) -> String {
    let app = Router::new()
        .route("/api/token", post(async |Json(login): Json<Value>| match login["password"].as_str() {
            Some("right") => (StatusCode::OK, Json(json!({"access": "jwt", "refresh": "r"}))),
            _ => (StatusCode::UNAUTHORIZED, Json(json!({"detail": "no such login"}))),
        }))
        .route("/api/v1/vehicles", post(async |State(seen): State<Server>, Json(body): Json<Value>| {
            let (mut seen, id) = (seen.lock().unwrap(), body["id"].as_str().unwrap().to_owned());
            // The first one exists already.
            let status = if seen.vehicles.is_empty() { StatusCode::CONFLICT } else { StatusCode::CREATED };
            seen.vehicles.push(id);
            status
        }))
        .route("/api/v1/devices", post(async |State(seen): State<Server>, Json(body): Json<Value>| {
            let mut seen = seen.lock().unwrap();
            seen.devices += 1;
            let vehicle_id = body["vehicle_id"].as_str().unwrap();
            (StatusCode::CREATED, Json(json!({"id": format!("d{}", seen.devices), "vehicle_id": vehicle_id, "key": format!("key of {vehicle_id}")})))
        }))
        .route("/api/v1/devices/{id}", delete(async |State(seen): State<Server>, Path(_): Path<String>| {
            seen.lock().unwrap().removed += 1;
            StatusCode::NO_CONTENT
        }))
        .route("/api/v1/kiosks/{id}/location/", post(async |State(seen): State<Server>, headers: HeaderMap, Json(fix): Json<Value>| {
            take(&seen, &headers, vec![fix])
        }))
        .route("/api/v1/positions", post(async |State(seen): State<Server>, headers: HeaderMap, Json(fixes): Json<Vec<Value>>| {
            take(&seen, &headers, fixes)
        }))
        .with_state(seen);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn take(seen: &Server, headers: &HeaderMap, fixes: Vec<Value>) -> (StatusCode, Json<Value>) {
    let mut seen = seen.lock().unwrap();
    seen.calls += 1;
    if seen.fail_every > 0 && seen.calls.is_multiple_of(seen.fail_every) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"detail": "busy"})));
    }
    let key = headers["X-Device-Key"].to_str().unwrap().to_owned();
    let count = fixes.len();
    seen.fixes.entry(key).or_default().extend(fixes);
    (StatusCode::CREATED, Json(json!({"accepted": count, "duplicates": 0, "rejected": []})))
}

fn options(url: String) -> SimulateOptions {
    SimulateOptions {
        url,
        credential: Credential::Password { username: "admin".into(), password: "right".into() },
        progress: ProgressMode::Off,
        ..SimulateOptions::default()
    }
}

fn assert_in_order(seen: &Seen) {
    for (key, fixes) in &seen.fixes {
        let times: Vec<_> = fixes.iter().map(|fix| fix["timestamp"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a < b), "{key}: {times:?}");
    }
}

#[tokio::test]
async fn vehicles_are_made_drive_and_leave_no_device_behind() {
    let seen = Server::default();
    let url = start_server(seen.clone()).await;
    let motion = Motion::Drive { routes: None, rate_hz: 50.0 };
    let run = SimulateOptions { vehicles: 3, duration: Some(Duration::from_millis(400)), motion, ..options(url) };

    let summary = simulate(run, pending()).await.unwrap();

    let seen = seen.lock().unwrap();
    assert_eq!(seen.fixes.len(), 3);
    assert_eq!((seen.vehicles.len(), seen.devices, seen.removed), (3, 3, 3));
    assert_eq!((summary.sent, summary.accepted, summary.dropped), (60, 60, 0));
    assert_in_order(&seen);
    let fix = &seen.fixes["key of sim-01"][0];
    for field in ["latitude", "longitude", "accuracy", "speed", "heading"] {
        assert!(fix[field].is_number(), "{field}: {fix}");
    }
}

#[tokio::test]
async fn a_busy_server_changes_neither_order_nor_number() {
    let seen = Server::default();
    seen.lock().unwrap().fail_every = 4;
    let url = start_server(seen.clone()).await;
    for via in [Via::Kiosk, Via::Positions] {
        seen.lock().unwrap().fixes.clear();
        let motion = Motion::Drive { routes: None, rate_hz: 20.0 };
        let run = SimulateOptions {
            vehicles: 2,
            duration: Some(Duration::from_millis(200)),
            motion,
            via,
            ..options(url.clone())
        };

        let summary = simulate(run, pending()).await.unwrap();

        assert_eq!((summary.accepted, summary.dropped), (8, 0), "{via:?} {summary}");
        let seen = seen.lock().unwrap();
        assert_eq!(seen.fixes.values().map(Vec::len).sum::<usize>(), 8);
        assert_in_order(&seen);
    }
}

#[tokio::test]
async fn a_recording_is_replayed_in_order_of_time_over_all_vehicles() {
    let seen = Server::default();
    let url = start_server(seen.clone()).await;
    let file = std::env::temp_dir().join(format!("milepost-replay-{}.csv", std::process::id()));
    std::fs::write(&file, "vehicle_id,timestamp,lat,lon\na,1700000030,1,2\nb b,1700000010,1,2\na,1700000000,1,2\nb b,nonsense,1,2\na,1700000060,1,2\n").unwrap();
    let replay = Replay { speed_factor: 600.0, times: Times::Recorded, ..Replay::of(vec![file.clone()]) };
    let run = SimulateOptions { motion: Motion::Replay(replay), prefix: String::new(), ..options(url) };

    let summary = simulate(run, pending()).await.unwrap();
    std::fs::remove_file(file).unwrap();

    assert_eq!((summary.vehicles, summary.accepted, summary.unread_rows), (2, 4, 1));
    let seen = seen.lock().unwrap();
    assert_in_order(&seen);
    assert_eq!(seen.fixes["key of a"].len(), 3);
    assert_eq!(seen.fixes["key of b b"][0]["timestamp"], "2023-11-14T22:13:30.000Z");
}

#[tokio::test]
async fn a_cancelled_run_sums_up() {
    let url = start_server(Server::default()).await;
    let summary = simulate(options(url), tokio::time::sleep(Duration::from_millis(200))).await.unwrap();
    assert!(summary.elapsed < Duration::from_secs(2), "{summary}");
    assert_eq!(summary.vehicles, 10);
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_server_are_reported() {
    let url = start_server(Server::default()).await;
    let credential = Credential::Password { username: "admin".into(), password: "wrong".into() };
    let error = simulate(SimulateOptions { credential, ..options(url) }, pending()).await.unwrap_err();
    assert!(
        matches!(&error, SimulateError::Refused { status: 401, detail, .. } if detail == "no such login"),
        "{error}"
    );

    let error = simulate(options("http://127.0.0.1:1".into()), pending()).await.unwrap_err();
    assert!(matches!(error, SimulateError::Unreachable { .. }), "{error}");
}

/// A server by TLS, with a certificate that nobody signed but itself.
async fn start_self_signed_server() -> String {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_reported() {
    let error = simulate(options(start_self_signed_server().await), pending()).await.unwrap_err();
    assert!(matches!(&error, SimulateError::Tls { reason, .. } if reason.contains("certificate")), "{error:?}");

    let plain = start_server(Server::default()).await.replace("http://", "https://");
    let error = simulate(options(plain), pending()).await.unwrap_err();
    assert!(matches!(&error, SimulateError::Tls { .. }), "{error:?}");
}
