//! `Idempotency-Key` on every POST: the transaction that does the work stores the answer.

use crate::delivery::session::start_body;
use crate::outgoing::calls::until_status;
use crate::outgoing::push_browser::Browser;
use crate::support::{PATIENCE, TestServer, config_in, json_of};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use milepost_clock::Clock;
use milepost_domain::TenantId;
use milepost_http::{HttpContext, OriginPolicy, replay_idempotent};
use milepost_service::{Idempotency, IdempotencyKey};
use milepost_test_support::Receiver;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tower::ServiceExt;

/// Recording positions again changes nothing: the same vehicle and instant is a duplicate.
const IDEMPOTENT_BY_ITSELF: [&str; 2] = ["/api/v1/positions", "/api/v1/users/{id}/erasure"];
/// Forms, a job whose answer is compared, and what needs a mail server: their own tests repeat them with a key (`delivery::proofs`,
/// `fleet::reports`, `outgoing::report_mail`, `outgoing::report_schedules`, `accounts::people`).
const IN_THEIR_OWN_TESTS: [&str; 6] = [
    "/api/v1/deliveries/{id}/proofs",
    "/api/v1/jobs/{id}/mail",
    "/api/v1/report-schedules",
    "/api/v1/reports",
    "/api/v1/users/{id}/export",
    "/tracking/{tracking_id}/proof",
];

/// The server's routes, called in this task, so that the stored answer can be read before anything else is stored.
struct Posts<'s> {
    server: &'s TestServer,
    router: Router,
    /// The tried paths, with `{}` in place of numbers.
    tried: BTreeSet<String>,
}

impl Posts<'_> {
    /// Posts to `path` with `numbers` for its `{…}`. Returns the answer, which must be stored with the work, except `secret`.
    async fn try_post(&mut self, path: &str, numbers: &[&Value], body: Value, secret: Option<&str>) -> Value {
        let shape = shape_of(path);
        let mut parts = shape.split("{}");
        let mut full = parts.next().unwrap().to_owned();
        for (part, number) in parts.zip(numbers) {
            full.push_str(number.as_str().map_or_else(|| number.to_string(), str::to_owned).as_str());
            full.push_str(part);
        }
        let store = &self.server.running.assembly.store;
        let key = IdempotencyKey { tenant: TenantId::default_tenant(), caller: "test".to_owned(), key: shape.clone() };
        let begin = || store.begin_idempotent(&key, &[0; 32], Clock::system().now());
        let Idempotency::New(claim) = begin().await.unwrap() else { panic!("{path} is tried twice") };
        let mut request = request(&full, &self.server.admin, None, &body);
        request.extensions_mut().insert(claim.clone());
        let response = self.router.clone().oneshot(request).await;
        let (status, mut shown) = json_in(response.unwrap()).await;
        assert!(status.is_success(), "{full} is answered {status}: {shown}");
        assert!(claim.is_kept(), "{path}: a process that dies after the work leaves no answer: see http::RequestClaim");
        let Idempotency::Done(kept) = begin().await.unwrap() else { panic!("{path}: no answer is kept") };
        if let Some(secret) = secret {
            assert!(shown.as_object_mut().unwrap().remove(secret).is_some(), "{path} shows its {secret}");
        }
        let kept_body: Value = serde_json::from_slice(&kept.body).unwrap();
        assert_eq!((kept.status, &kept_body), (status.as_u16(), &shown), "{path}");
        assert!(self.tried.insert(shape));
        shown
    }
}

/// A path with `{}` in place of each parameter.
fn shape_of(path: &str) -> String {
    let mut shape = String::new();
    for part in path.split_inclusive(['{', '}']) {
        if part.ends_with('{') || !part.ends_with('}') {
            shape.push_str(part);
        } else {
            shape.push('}');
        }
    }
    shape
}

fn request(path: &str, token: &str, key: Option<&str>, body: &Value) -> Request<Body> {
    let mut request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

async fn json_in(response: Response<Body>) -> (StatusCode, Value) {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn every_post_stores_its_answer_with_its_work() {
    let receiver = Receiver::start(|_| 410).await;
    let server = TestServer::start_with(&[("MILEPOST_WEBHOOK_ALLOW", "127.0.0.0/8")]).await;
    let router = server.running.assembly.router(&config_in(server.folder(), &[]));
    let mut posts = Posts { server: &server, router, tried: BTreeSet::new() };

    posts.try_post("/api/v1/tenants", &[], json!({"id": "acme", "name": "Acme"}), None).await;
    let ann = posts.try_post("/api/v1/users", &[], json!({"username": "ann", "role": "parent"}), None).await;
    posts.try_post("/api/v1/users/{id}/invitation", &[&ann["id"]], json!({}), Some("url")).await;
    posts.try_post("/api/v1/vehicles", &[], json!({"id": "b1", "kind": "bus", "label": "x"}), None).await;
    posts.try_post("/api/v1/devices", &[], json!({"vehicle_id": "b1"}), Some("key")).await;
    json_of(server.post("/api/v1/devices", &server.admin, json!({"id": "t1", "vehicle_id": "b1"})).await, 201).await;
    posts.try_post("/api/v1/devices/{id}/commands", &[&json!("t1")], json!({"kind": "locate"}), None).await;
    let unknown = server.http.get(format!("{}/devices/osmand?id=van-7&lat=1&lon=2", server.url)).send().await.unwrap();
    assert_eq!(unknown.status(), 403);
    let unknown = server.get_json("/api/v1/devices/unknown", &server.admin).await["items"][0]["id"].clone();
    posts.try_post("/api/v1/devices/unknown/{id}/adopt", &[&unknown], json!({"vehicle_id": "b1"}), Some("key")).await;
    let place = json!({"lat": 1, "lng": 2});
    let parcel = json!({"client_id": 70, "pickup": place, "destination": place});
    posts.try_post("/api/v1/parcels", &[], parcel, None).await;

    let circle = json!({"name": "Depot", "geometry": {"type": "Point", "coordinates": [88.3, 22.5]}, "radius_m": 200});
    posts.try_post("/api/v1/geofences", &[], circle, None).await;
    posts.try_post("/api/v1/roaming-fences", &[], json!({"name": "Bunching", "radius_m": 150}), None).await;
    let alert = json!({"type": "system_error", "title": "Stands still", "message": "On the bridge"});
    let alert = posts.try_post("/api/v1/alerts", &[], alert, None).await;
    posts.try_post("/api/v1/alerts/{id}/read", &[&alert["id"]], json!({}), None).await;
    let trip = posts.try_post("/api/v1/trips", &[], json!({"vehicle_id": "b1"}), None).await;
    posts.try_post("/api/v1/trips/{id}/complete", &[&trip["id"]], json!({}), None).await;
    let trip = server.post("/api/v1/trips", &server.admin, json!({"vehicle_id": "b1"})).await;
    let trip = json_of(trip, 201).await;
    posts.try_post("/api/v1/trips/{id}/cancel", &[&trip["id"]], json!({}), None).await;

    let cadet = posts.try_post("/api/v1/cadets", &[], json!({"name": "Ana"}), None).await;
    let grade = json!({"type": "merit", "points": 3, "reason": "x"});
    posts.try_post("/api/v1/cadets/{id}/grades", &[&cadet["id"]], grade, None).await;
    let event = json!({"event_type": "x", "payload": {"n": 1}});
    posts.try_post("/api/v1/sync-events", &[], event, None).await;
    for (list, content) in [("notifications", "message"), ("messages", "text")] {
        let body = json!({"user_ids": [1], content: "x"});
        let sent = posts.try_post(&format!("/api/v1/{list}"), &[], body, None).await;
        posts.try_post(&format!("/api/v1/{list}/{{id}}/read"), &[&sent["items"][0]["id"]], json!({}), None).await;
    }
    let token = json!({"name": "x", "scopes": ["read"]});
    posts.try_post("/api/v1/access-tokens", &[], token, Some("token")).await;
    let expires_at = Clock::system().now().unix_ms() / 1000 + 3600;
    let share = json!({"name": "x", "vehicle_ids": ["b1"], "expires_at": expires_at});
    posts.try_post("/api/v1/shares", &[], share, Some("token")).await;
    let browser = Browser::new(1).subscription("https://push.example.org/p/1");
    posts.try_post("/api/v1/push/subscriptions", &[], browser, None).await;

    let webhook = posts.try_post("/api/v1/webhooks", &[], json!({"url": receiver.url}), Some("secret")).await;
    let rotate = "/api/v1/webhooks/{id}/rotate-secret";
    posts.try_post(rotate, &[&webhook["id"]], json!({"overlap": 60}), Some("secret")).await;
    posts.try_post("/api/v1/webhooks/{id}/test", &[&webhook["id"]], json!({}), None).await;
    let session = posts.try_post("/tracking/start", &[], start_body(), None).await;
    let calls = format!("/api/v1/webhooks/{}/deliveries", webhook["id"]);
    let dead = until_status(&server, &calls, "dead").await;
    let of_webhook = "/api/v1/webhooks/{id}/deliveries/{delivery_id}/retry";
    posts.try_post(of_webhook, &[&webhook["id"], &dead["id"]], json!({}), None).await;
    until_status(&server, &calls, "dead").await;
    posts.try_post("/api/v1/outgoing/{id}/retry", &[&dead["id"]], json!({}), None).await;
    let moved = json!({"lat": 5.6, "lng": -0.18, "status": "PICKED_UP"});
    let moved = posts.try_post("/tracking/update/{tracking_id}", &[&session["tracking_id"]], moved, None).await;
    assert!(moved["eta_seconds"].is_number(), "{moved}");

    // The list of POSTs comes from the document, so that new ones must be tried too.
    let document = server.get_json("/api/v1/openapi.json", &server.admin).await;
    let paths = document["paths"].as_object().unwrap().iter();
    let takes_key = |post: &Value| post["parameters"].to_string().contains("\"Idempotency-Key\"");
    let listed = paths.filter(|(path, verbs)| takes_key(&verbs["post"]) && !IDEMPOTENT_BY_ITSELF.contains(&&***path));
    let listed = listed.filter(|(path, _)| !IN_THEIR_OWN_TESTS.contains(&&***path));
    let untried: Vec<_> = listed.map(|(path, _)| path).filter(|path| !posts.tried.contains(&shape_of(path))).collect();
    assert!(untried.is_empty(), "nobody looks whether these keep their answer: {untried:?}");
}

#[tokio::test]
async fn a_refusal_is_stored_and_a_failure_is_not() {
    let server = TestServer::start().await;
    let post = async |key: &str, body: Value| {
        let request = server.http.post(format!("{}/api/v1/vehicles", server.url)).bearer_auth(&server.admin);
        let response = request.header("Idempotency-Key", key).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.headers().contains_key("idempotency-replayed"))
    };
    let bus = json!({"id": "b1", "kind": "bus", "label": "x"});
    assert_eq!(post("one", bus.clone()).await, (201, false));
    assert_eq!(post("two", bus.clone()).await, (409, false));
    let gone = server.call(reqwest::Method::DELETE, "/api/v1/vehicles/b1", &server.admin, None).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(post("two", bus.clone()).await, (409, true));
    assert_eq!(post("one", bus.clone()).await, (201, true));
    assert_eq!(post("three", bus).await, (201, false));
}

#[tokio::test]
async fn work_continues_when_its_client_disconnects() {
    let server = TestServer::start().await;
    let assembly = &server.running.assembly;
    let context = Arc::new(HttpContext {
        access: Arc::clone(&assembly.access),
        use_cases: Arc::clone(&assembly.use_cases),
        clock: assembly.clock.clone(),
        origins: OriginPolicy::new(&[]).unwrap(),
        public_url: String::new(),
        provider: None,
        tenant_hosts: milepost_http::TenantHosts::default(),
    });
    let (begun, go_on, times) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let handler = {
        let (begun, go_on, times) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&times));
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            times.fetch_add(1, Ordering::Relaxed).to_string()
        }
    };
    let router = Router::new().route("/slow", post(handler)).layer(from_fn_with_state(context, replay_idempotent));
    let send = || router.clone().oneshot(request("/slow", &server.admin, Some("k"), &json!({})));

    let first = tokio::spawn(send());
    begun.notified().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(send().await.unwrap().status(), 409);
    go_on.notify_one();
    let answered = tokio::time::timeout(PATIENCE, async {
        loop {
            let response = send().await.unwrap();
            if response.status() == 200 {
                return response;
            }
            assert_eq!(response.status(), 409);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let answered = answered.await.expect("the claim of a client that is gone is answered");
    assert_eq!(answered.headers()["idempotency-replayed"], "true");
    assert_eq!(json_in(answered).await.1, json!(0));
    assert_eq!(times.load(Ordering::Relaxed), 1);
}
