//! Section 4.3 of the contract over HTTP: who may start, update and see a delivery, and every refusal.

use crate::delivery::session::{start, start_body};
use crate::support::signing::token_for;
use crate::support::{TestServer, fresh_postgres, json_of};
use milepost_domain::{Target, TenantId, TrackingId};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

fn rider() -> String {
    token_for("r1", "rider", "default", 600)
}

/// Runs a test on SQLite and, where there is a server, on PostgreSQL.
async fn on_both(settings: &[(&'static str, &str)], story: impl AsyncFn(TestServer)) {
    story(TestServer::start_with(settings).await).await;
    if let Some(url) = fresh_postgres().await {
        let settings: Vec<_> = settings.iter().copied().chain([("DATABASE_URL", url.as_str())]).collect();
        story(TestServer::start_with(&settings).await).await;
    }
}

async fn update(server: &TestServer, token: &str, id: &str, body: Value) -> reqwest::Response {
    server.post(&format!("/tracking/update/{id}"), token, body).await
}

async fn status_of(server: &TestServer, id: &str) -> Value {
    server.get_json(&format!("/tracking/{id}"), "").await["status"].clone()
}

#[tokio::test]
async fn only_riders_admins_and_superadmins_start_deliveries() {
    let server = TestServer::start().await;
    for role in ["rider", "admin", "superadmin"] {
        let answer = server.post("/tracking/start/", &token_for("x", role, "default", 60), start_body()).await;
        assert_eq!(answer.status(), 200, "{role}");
    }
    for role in ["manager", "parent", "driver", "client", "merchant", "cadet", "training_staff"] {
        let answer = server.post("/tracking/start", &token_for("x", role, "default", 60), start_body()).await;
        assert_eq!(answer.status(), 403, "{role}");
    }
    assert_eq!(server.post("/tracking/start", "", start_body()).await.status(), 401);
    assert_eq!(server.post("/tracking/start", "nonsense", start_body()).await.status(), 401);
    let expired = server.post("/tracking/start", &token_for("x", "rider", "default", -60), start_body()).await;
    assert_eq!(expired.status(), 401);
    let abroad = server.post("/tracking/start?tenant=other", &rider(), start_body()).await;
    assert_eq!(abroad.status(), 403);
}

#[tokio::test]
async fn a_link_has_80_random_bits_and_more() {
    let server = TestServer::start().await;
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let id = start(&server, &rider()).await;
        let random = id.strip_prefix("TRK-").unwrap();
        assert!(random.len() >= 16 && random.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
        assert!(seen.insert(id));
    }
}

#[tokio::test]
async fn an_invalid_value_is_422_and_names_its_field() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let wrong = [json!(90.1), json!(-91), json!("5.6"), json!(null), json!(true), json!([]), json!(1e300)];
    for value in wrong {
        let mut body = start_body();
        body["dropoff_lat"] = value.clone();
        let problem = json_of(server.post("/tracking/start", &rider(), body).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], "dropoff_lat", "{value}");
        assert!(problem["errors"][0]["message"].is_string() && problem["detail"].is_string(), "{problem}");
        let problem = json_of(update(&server, &rider(), &id, json!({"lat": value, "lng": 0})).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], "lat", "{value}");
    }
    for (field, value) in [
        ("dropoff_lng", json!(180.5)),
        ("order_id", json!("")),
        ("rider_id", json!(7)),
        ("phone", json!("")),
        ("order_id", json!(".")),
        ("order_id", json!("..")),
        ("phone", json!("911")),
        ("phone", json!("+1900PREMIUM")),
        ("phone", json!("tel:+14155552671")),
        ("phone", json!("0501234567")),
    ] {
        let mut body = start_body();
        body[field] = value;
        let problem = json_of(server.post("/tracking/start", &rider(), body).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field);
    }
    for (body, field) in [
        (json!({"lat": 1, "lng": 181}), "lng"),
        (json!({"lat": 1}), "lng"),
        (json!({"lng": 1, "status": "DELIVERED"}), "lat"),
        (json!({}), "lat"),
        (json!({"lat": 1, "lng": 1, "status": "FLYING"}), "status"),
        (json!({"lat": 1, "lng": 1, "status": "delivered"}), "status"),
    ] {
        let problem = json_of(update(&server, &rider(), &id, body.clone()).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    // Python's json module writes these values.
    for (body, status) in [
        ("{\"lat\": NaN, \"lng\": 0}", 422),
        ("{\"lat\": Infinity, \"lng\": 0}", 422),
        ("{\"lat\": 1e999, \"lng\": 0}", 422),
        ("{\"lat\": 1", 400),
        ("", 400),
    ] {
        let request = server.http.post(format!("{}/tracking/update/{id}", server.url)).bearer_auth(rider());
        assert_eq!(request.body(body).send().await.unwrap().status(), status, "{body}");
    }
    assert_eq!(status_of(&server, &id).await, "ASSIGNED");
}

#[tokio::test]
async fn only_the_rider_or_a_superadmin_updates() {
    let server = TestServer::start().await;
    let starter = token_for("dispatcher", "admin", "default", 600);
    let id = start(&server, &starter).await;
    let body = || json!({"lat": 5.6, "lng": -0.18});
    for (who, status) in [
        (starter.clone(), 200),
        (rider(), 200),
        (server.admin.clone(), 200),
        (token_for("r1", "superadmin", "elsewhere", 60), 200),
        (token_for("r2", "rider", "default", 60), 403),
        (token_for("other", "admin", "default", 60), 403),
        (token_for("m", "merchant", "default", 60), 403),
        // Users with these names on another platform are different people.
        (token_for("r1", "rider", "elsewhere", 60), 403),
        (token_for("dispatcher", "admin", "elsewhere", 60), 403),
        (String::new(), 401),
    ] {
        assert_eq!(update(&server, &who, &id, body()).await.status(), status);
    }
    assert_eq!(update(&server, &rider(), "TRK-UNKNOWN", body()).await.status(), 404);
    assert_eq!(update(&server, &rider(), "%2e%2e", body()).await.status(), 404);
}

#[tokio::test]
async fn a_status_goes_forward_only() {
    const ALL: [&str; 4] = ["ASSIGNED", "PICKED_UP", "IN_TRANSIT", "DELIVERED"];
    on_both(&[], async |server: TestServer| {
        for (from, first) in ALL.iter().enumerate() {
            for (to, second) in ALL.iter().enumerate() {
                let id = start(&server, &rider()).await;
                assert_eq!(update(&server, &rider(), &id, json!({"status": first})).await.status(), 200);
                let answer = update(&server, &rider(), &id, json!({"lat": 1, "lng": 1, "status": second})).await;
                let expected = if from == 3 || to < from { 409 } else { 200 };
                assert_eq!(answer.status(), expected, "{first} to {second}");
                assert_eq!(status_of(&server, &id).await, if expected == 200 { *second } else { *first });
            }
        }
        let id = start(&server, &rider()).await;
        assert_eq!(update(&server, &rider(), &id, json!({"status": "DELIVERED"})).await.status(), 200);
        let place = json!({"lat": 1, "lng": 1});
        assert_eq!(update(&server, &rider(), &id, place.clone()).await.status(), 409, "nothing after DELIVERED");
        assert_eq!(update(&server, &server.admin, &id, place).await.status(), 409);
    })
    .await;
}

#[tokio::test]
async fn updates_at_the_same_moment_all_count_once() {
    on_both(&[], async |server: TestServer| {
        let id = start(&server, &rider()).await;
        let updates = (0..20).map(|n| update(&server, &server.admin, &id, json!({"lat": f64::from(n), "lng": 1})));
        let updates: Vec<_> = updates.map(Box::pin).collect();
        for answer in futures_util::future::join_all(updates).await {
            assert_eq!(answer.status(), 200);
        }
        let store = &server.running.assembly.store;
        let id = TrackingId::new(&id).unwrap();
        assert_eq!(store.get_delivery(&id).await.unwrap().unwrap().version, 21);
        assert_eq!(store.delivery_fixes(&id, None, 100).await.unwrap().len(), 20);
    })
    .await;
}

#[tokio::test]
async fn the_public_link_names_no_rider() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    for token in ["", &rider()] {
        let answer = server.get(&format!("/tracking/{id}"), token).await;
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let text = answer.text().await.unwrap();
        assert!(!text.contains("rider") && !text.contains("\"r1\"") && text.contains("dropoff"), "{text}");
    }
    for unknown in ["TRK-0000000000000000000000000", "x", "%20", "a%2Fb", "start%00"] {
        let answer = server.get(&format!("/tracking/{unknown}"), "").await;
        assert_eq!(answer.status(), 404, "{unknown}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn an_expired_session_is_gone() {
    on_both(&[("TRACKING_TTL_SECONDS", "60")], async |server: TestServer| {
        let id = start(&server, &rider()).await;
        let path = format!("/tracking/{id}");
        assert_eq!(server.get(&path, "").await.status(), 200);
        server.clock.turn(Duration::from_secs(60));
        assert_eq!(server.get(&path, "").await.status(), 410);
        assert_eq!(update(&server, &rider(), &id, json!({"lat": 1, "lng": 1})).await.status(), 410);
        let stranger = token_for("r2", "rider", "default", 600);
        assert_eq!(update(&server, &stranger, &id, json!({"lat": 1, "lng": 1})).await.status(), 403);
        assert_eq!(server.get("/tracking/rider/r1", &rider()).await.status(), 404);
        let stats = server.get_json("/stats/tracking", &server.admin).await;
        assert_eq!(stats["total_active_sessions"], 0);
    })
    .await;
}

#[tokio::test]
async fn after_the_delivery_a_link_works_for_an_hour_but_not_past_its_expiry() {
    let server = TestServer::start().await;
    for (setting, lives_s) in [("86400", 3_600), ("600", 600)] {
        let server = TestServer::start_with(&[("TRACKING_TTL_SECONDS", setting)]).await;
        let id = start(&server, &rider()).await;
        let answer = json_of(update(&server, &rider(), &id, json!({"status": "DELIVERED"})).await, 200).await;
        let left_s = answer["expires_at"].as_i64().unwrap() - answer["updated_at"].as_i64().unwrap();
        assert!((lives_s - 5..=lives_s + 1).contains(&left_s), "{left_s}");
    }
    drop(server);
}

#[tokio::test]
async fn the_documented_formula_holds_everywhere_on_earth() {
    let server = TestServer::start().await;
    // The expected value: haversine with R = 6371 km, 30 km/h, whole seconds, at least 60.
    let reference = |from: (f64, f64), to: (f64, f64)| {
        let (d_lat, d_lng) = ((to.0 - from.0).to_radians(), (to.1 - from.1).to_radians());
        let a = (d_lat / 2.0).sin().powi(2)
            + from.0.to_radians().cos() * to.0.to_radians().cos() * (d_lng / 2.0).sin().powi(2);
        let km = 6371.0 * 2.0 * a.sqrt().atan2((1.0 - a).sqrt());
        (km / (30.0 / 3600.0)).max(60.0)
    };
    let cases = [
        ((0.0, 0.0), (0.0, 0.0)),
        ((0.0, 0.5), (0.0, 1.5)),
        ((5.625, -0.1869), (5.6037, -0.1869)),
        ((90.0, 0.0), (89.9, 120.0)),
        ((90.0, 10.0), (90.0, -170.0)),
        ((-90.0, 0.0), (-89.5, 45.0)),
        ((10.0, 179.99), (10.0, -179.99)),
        ((0.0, 180.0), (0.0, -180.0)),
        ((0.0, 0.5), (0.0, 180.0)),
    ];
    for (from, to) in cases {
        let body = json!({"order_id": "o", "rider_id": "r1", "dropoff_lat": to.0, "dropoff_lng": to.1});
        let session = json_of(server.post("/tracking/start", &rider(), body).await, 200).await;
        assert_eq!(session["eta_seconds"], Value::Null);
        let id = session["tracking_id"].as_str().unwrap();
        let answer = json_of(update(&server, &rider(), id, json!({"lat": from.0, "lng": from.1})).await, 200).await;
        let (eta, expected) = (answer["eta_seconds"].as_i64().unwrap(), reference(from, to));
        assert!((eta as f64 - expected).abs() <= 1.0, "{from:?} to {to:?}: {eta}, not {expected}");
        assert_eq!(
            (&answer["current_location"]["lat"], &answer["current_location"]["lng"]),
            (&json!(from.0), &json!(from.1))
        );
    }
}

#[tokio::test]
async fn the_better_estimate_has_fields_of_its_own() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    let path = format!("/tracking/{id}");
    assert_eq!(server.get_json(&path, "").await["eta"], Value::Null);
    update(&server, &rider(), &id, json!({"lat": 5.65, "lng": -0.1869})).await;
    let eta = server.get_json(&path, "").await["eta"].clone();
    let number = |name: &str| eta[name].as_u64().unwrap_or_else(|| panic!("{eta}"));
    assert!(number("low") <= number("seconds") && number("seconds") <= number("high"), "{eta}");
    assert_eq!((&eta["basis"], &eta["stale"]), (&json!("default"), &json!(false)));
    update(&server, &rider(), &id, json!({"status": "DELIVERED"})).await;
    assert_eq!(server.get_json(&path, "").await["eta"], Value::Null);
}

#[tokio::test]
async fn a_riders_delivery_is_for_the_rider_and_its_platform() {
    on_both(&[], async |server: TestServer| {
        let path = "/tracking/rider/r1";
        assert_eq!(server.get(path, &rider()).await.status(), 404);
        let id = start(&server, &rider()).await;
        for role in ["admin", "manager", "merchant", "superadmin"] {
            let session = server.get_json(path, &token_for("x", role, "default", 60)).await;
            assert_eq!((&session["tracking_id"], &session["rider_id"]), (&json!(id), &json!("r1")), "{role}");
        }
        assert_eq!(server.get_json(path, &rider()).await["tracking_id"], json!(id));
        assert_eq!(server.get(path, "").await.status(), 401);
        for role in ["client", "driver", "parent", "rider"] {
            assert_eq!(server.get(path, &token_for("x", role, "default", 60)).await.status(), 403, "{role}");
        }
        // The rider of the same name on another platform has no delivery, and the admin there sees none.
        for role in ["rider", "admin"] {
            assert_eq!(server.get(path, &token_for("r1", role, "elsewhere", 60)).await.status(), 404, "{role}");
        }
        assert_eq!(
            server.get("/tracking/rider/r1?tenant=default", &token_for("a", "admin", "elsewhere", 60)).await.status(),
            403
        );
        let named = "/tracking/rider/r1?tenant=default";
        assert_eq!(
            server.get_json(named, &token_for("s", "superadmin", "elsewhere", 60)).await["tracking_id"],
            json!(id)
        );
        // Of several deliveries the newest is answered; one under way wins over a delivered one.
        let second = start(&server, &rider()).await;
        assert_eq!(server.get_json(path, &rider()).await["tracking_id"], json!(second));
        update(&server, &rider(), &second, json!({"status": "DELIVERED"})).await;
        assert_eq!(server.get_json(path, &rider()).await["tracking_id"], json!(id));
    })
    .await;
}

#[tokio::test]
async fn an_admin_gets_the_statistics_of_its_own_tenant() {
    on_both(&[], async |server: TestServer| {
        for status in ["ASSIGNED", "PICKED_UP", "IN_TRANSIT", "IN_TRANSIT", "DELIVERED"] {
            let id = start(&server, &rider()).await;
            assert_eq!(update(&server, &rider(), &id, json!({"status": status})).await.status(), 200);
        }
        start(&server, &token_for("r1", "rider", "elsewhere", 60)).await;
        let figures = |role: &'static str, tenant: &'static str| {
            let server = &server;
            async move { server.get_json("/stats/tracking", &token_for("x", role, tenant, 60)).await }
        };
        let own = figures("admin", "default").await;
        assert_eq!(own["status_distribution"], json!({"ASSIGNED": 1, "PICKED_UP": 1, "IN_TRANSIT": 2, "DELIVERED": 1}));
        assert_eq!(own["total_active_sessions"], 5);
        assert_eq!(own["sessions_by_recency"], json!({"last_5_min": 5, "last_hour": 0, "older": 0}));
        assert_eq!(figures("admin", "elsewhere").await["total_active_sessions"], 1);
        assert_eq!(figures("superadmin", "default").await["total_active_sessions"], 6);
        let named = "/stats/tracking?tenant=elsewhere";
        assert_eq!(server.get_json(named, &server.admin).await["total_active_sessions"], 1);
        assert_eq!(server.get(named, &token_for("x", "admin", "default", 60)).await.status(), 403);
        for role in ["rider", "merchant", "manager", "client"] {
            assert_eq!(
                server.get("/stats/tracking", &token_for("x", role, "default", 60)).await.status(),
                403,
                "{role}"
            );
        }
        assert_eq!(server.get("/stats/tracking", "").await.status(), 401);
    })
    .await;
}

#[tokio::test]
async fn the_same_start_sent_again_with_its_key_is_one_session() {
    let server = TestServer::start().await;
    let mut ids = HashSet::new();
    for _ in 0..2 {
        let request = server.http.request(Method::POST, format!("{}/tracking/start", server.url));
        let request = request.bearer_auth(rider()).header("Idempotency-Key", "k1").json(&start_body());
        ids.insert(json_of(request.send().await.unwrap(), 200).await["tracking_id"].to_string());
    }
    assert_eq!(ids.len(), 1);
}

/// No server listens at these addresses: the calls stay in the outbox, where the test reads them.
const NOWHERE: [(&str, &str); 3] = [
    ("ORDER_SERVICE_URL", "http://127.0.0.1:9/base"),
    ("NOTIFICATION_SERVICE_URL", "http://127.0.0.1:9"),
    ("PUBLIC_URL", "https://track.example.org/"),
];

#[tokio::test]
async fn outgoing_calls_are_stored_with_their_cause() {
    on_both(&NOWHERE, async |server: TestServer| {
        let mut body = start_body();
        (body["order_id"], body["phone"]) = (json!("a/b c"), json!("+233501234567"));
        let session = json_of(server.post("/tracking/start", &rider(), body).await, 200).await;
        let id = session["tracking_id"].as_str().unwrap();
        for status in ["PICKED_UP", "PICKED_UP", "IN_TRANSIT", "DELIVERED", "DELIVERED"] {
            update(&server, &rider(), id, json!({"lat": 1, "lng": 1, "status": status})).await;
        }
        let store = &server.running.assembly.store;
        let tenant = TenantId::default_tenant();
        let sms = store.list_calls(&tenant, Some(Target::Notifications), None, 100).await.unwrap();
        let messages: Vec<Value> = sms.iter().rev().map(|call| serde_json::from_str(&call.body).unwrap()).collect();
        let words = ["has a rider", "was picked up", "is on its way", "was delivered"];
        assert_eq!(messages.len(), words.len(), "once for each status: {messages:?}");
        for (message, words) in messages.iter().zip(words) {
            assert_eq!(message["phone"], "+233501234567");
            let text = message["message"].as_str().unwrap();
            assert!(
                text.contains(words)
                    && text.starts_with("Your order ")
                    && text.ends_with(&format!(" https://track.example.org/track/{id}")),
                "{text}"
            );
        }
        let orders = store.list_calls(&tenant, Some(Target::Orders), None, 100).await.unwrap();
        assert_eq!(orders.len(), 1);
        let call: Value = serde_json::from_str(&orders[0].body).unwrap();
        let delivery = store.get_delivery(&TrackingId::new(id).unwrap()).await.unwrap().unwrap();
        let delivered_at = delivery.updated_at.unix_ms() / 1000;
        let expected = json!({
            "status": "DELIVERED", "delivered_at": delivered_at, "tenant": "default", "tracking_id": id,
        });
        assert_eq!(call, expected);
        let keys: HashSet<_> = sms.iter().chain(&orders).map(|call| &call.key).collect();
        assert_eq!(keys.len(), 5, "each call has a name of its own");
    })
    .await;
}

#[tokio::test]
async fn no_call_is_stored_for_a_service_that_is_not_configured() {
    let server = TestServer::start().await;
    let mut body = start_body();
    body["phone"] = json!("+233501234567");
    let session = json_of(server.post("/tracking/start", &rider(), body).await, 200).await;
    update(&server, &rider(), session["tracking_id"].as_str().unwrap(), json!({"status": "DELIVERED"})).await;
    let calls = server.running.assembly.store.list_calls(&TenantId::default_tenant(), None, None, 10).await;
    assert!(calls.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_outlives_the_server() {
    let server = TestServer::start().await;
    let id = start(&server, &rider()).await;
    update(&server, &rider(), &id, json!({"lat": 5.65, "lng": -0.18, "status": "IN_TRANSIT"})).await;
    let server = server.restart(&[]).await;
    let session = server.get_json(&format!("/tracking/{id}"), "").await;
    assert_eq!((&session["status"], &session["current_location"]["lat"]), (&json!("IN_TRANSIT"), &json!(5.65)));
    let answer = json_of(update(&server, &rider(), &id, json!({"lat": 5.64, "lng": -0.18})).await, 200).await;
    assert_eq!(answer["eta"]["stale"], false);
}

#[tokio::test]
async fn a_rider_starts_for_itself_and_staff_for_anybody() {
    let server = TestServer::start().await;
    let start_as = async |token: &str, rider: &str| {
        let mut body = start_body();
        body["rider_id"] = json!(rider);
        server.post("/tracking/start", token, body).await.status().as_u16()
    };
    let first = server.add_user(json!({"username": "first", "role": "rider"})).await;
    let second = server.add_user(json!({"username": "second", "role": "rider"})).await;
    let admin = token_for("dispatcher", "admin", "default", 60);
    let (first_id, second_id) = (first.0.to_string(), second.0.to_string());
    assert_eq!(start_as(&first.1, &second_id).await, 403, "another rider's number");
    assert_eq!(start_as(&first.1, "999999").await, 403, "a number that nobody has is answered alike");
    assert_eq!(start_as(&first.1, &first_id).await, 200);
    assert_eq!(start_as(&admin, &first_id).await, 200);
    assert_eq!(start_as(&server.admin, &second_id).await, 200);
    // A name of the platform's, as its apps send it: nobody else's while a session of it is on.
    assert_eq!(start_as(&first.1, "RIDER-789").await, 200);
    assert_eq!(start_as(&first.1, "RIDER-789").await, 200);
    assert_eq!(start_as(&second.1, "RIDER-789").await, 403);
    assert_eq!(start_as(&token_for("RIDER-789", "rider", "default", 60), "RIDER-789").await, 200);
    assert_eq!(start_as(&first.1, "RIDER-789").await, 403, "it is that rider's own");
    assert_eq!(start_as(&token_for("r2", "rider", "default", 60), "r1").await, 200);
    assert_eq!(start_as(&token_for("r3", "rider", "default", 60), "r1").await, 403);
    assert_eq!(start_as(&token_for("r3", "rider", "elsewhere", 60), "r1").await, 200, "another platform's r1");
}

#[tokio::test]
async fn who_started_a_session_may_look_its_rider_up() {
    let server = TestServer::start().await;
    let mut body = start_body();
    body["rider_id"] = json!("RIDER-789");
    let starter = token_for("5", "rider", "default", 60);
    let session = json_of(server.post("/tracking/start", &starter, body).await, 200).await;
    let found = server.get_json("/tracking/rider/RIDER-789", &starter).await;
    assert_eq!(found["tracking_id"], session["tracking_id"]);
    for other in [token_for("6", "rider", "default", 60), token_for("5", "rider", "elsewhere", 60)] {
        assert_eq!(server.get("/tracking/rider/RIDER-789", &other).await.status(), 403);
    }
    assert_eq!(server.get("/tracking/rider/RIDER-790", &starter).await.status(), 403);
}

#[tokio::test]
async fn texts_are_limited_by_number_and_rider_and_a_step_is_never_refused_for_them() {
    let server = TestServer::start_with(&NOWHERE).await;
    let start_with = async |token: &str, phone: &str| {
        let mut body = start_body();
        body["phone"] = json!(phone);
        server.post("/tracking/start", token, body).await
    };
    let mut ids = Vec::new();
    for _ in 0..20 {
        let session = json_of(start_with(&rider(), "+233501234567").await, 200).await;
        ids.push(session["tracking_id"].as_str().unwrap().to_owned());
    }
    let refused = start_with(&rider(), "+233501234567").await;
    assert_eq!(refused.status(), 429);
    let wait_s: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=180).contains(&wait_s), "{wait_s}");
    assert_eq!(start(&server, &rider()).await.len(), 30, "without a phone there is no text");
    assert_eq!(update(&server, &rider(), &ids[0], json!({"status": "PICKED_UP"})).await.status(), 200);
    let store = &server.running.assembly.store;
    let texts = async |tenant: &str| {
        let tenant = TenantId::new(tenant).unwrap();
        store.list_calls(&tenant, Some(Target::Notifications), None, 1_000).await.unwrap().len()
    };
    assert_eq!(texts("default").await, 20, "the step went on, its text did not");
    // Its staff may send more to a number, another tenant has a count of its own, and a count recovers.
    assert_eq!(start_with(&server.admin, "+233501234567").await.status(), 200);
    assert_eq!(start_with(&token_for("r1", "rider", "elsewhere", 60), "+233501234567").await.status(), 200);
    server.clock.turn(Duration::from_secs(400));
    assert_eq!(start_with(&rider(), "+233501234567").await.status(), 200);
    // One rider, many numbers.
    let mut started = 0;
    for number in 0..250 {
        started += usize::from(start_with(&rider(), &format!("+2335000{number:05}")).await.status() == 200);
    }
    assert!((150..=200).contains(&started), "{started}");
}

#[tokio::test]
async fn deliveries_are_listed_for_those_who_may_see_them() {
    on_both(&[], async |server| {
        let admin = token_for("x", "admin", "default", 600);
        let mut body = start_body();
        body["rider_id"] = json!("r2");
        let other = json_of(server.post("/tracking/start", &admin, body).await, 200).await;
        let other = other["tracking_id"].as_str().unwrap().to_owned();
        let own = start(&server, &rider()).await;
        update(&server, &rider(), &own, json!({"lat": 5.61, "lng": -0.18, "status": "PICKED_UP"})).await;
        let ids = async |path: &str, token: &str| -> Vec<String> {
            let page = server.get_json(path, token).await;
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["tracking_id"].as_str().unwrap().to_owned())
                .collect()
        };
        let sorted = |mut ids: Vec<String>| {
            ids.sort();
            ids
        };
        let both = sorted(vec![own.clone(), other.clone()]);
        for role in ["admin", "manager", "superadmin"] {
            assert_eq!(sorted(ids("/api/v1/deliveries", &token_for("x", role, "default", 60)).await), both, "{role}");
        }
        assert_eq!(ids("/api/v1/deliveries", &rider()).await.concat(), own);
        assert_eq!(ids("/api/v1/deliveries?rider_id=r2", &rider()).await, [""; 0]);
        assert_eq!(ids("/api/v1/deliveries?rider_id=r2", &admin).await.concat(), other);
        assert_eq!(
            ids("/api/v1/deliveries", &token_for("m", "merchant", "default", 60)).await,
            [""; 0],
            "it started none"
        );
        assert_eq!(ids("/api/v1/deliveries?status=PICKED_UP", &admin).await.concat(), own);
        let first = server.get_json("/api/v1/deliveries?limit=1", &admin).await;
        let rest = format!("/api/v1/deliveries?limit=5&cursor={}", first["next"].as_str().unwrap());
        let found = [first["items"][0]["tracking_id"].as_str().unwrap().to_owned(), ids(&rest, &admin).await.concat()];
        assert_eq!(sorted(found.to_vec()), both);
        let shown = server.get_json("/api/v1/deliveries?status=PICKED_UP", &admin).await["items"][0].clone();
        assert_eq!((&shown["position"]["latitude"], &shown["rider_id"]), (&json!(5.61), &json!("r1")));
        assert!(shown["eta_low_s"].as_u64() <= shown["eta_s"].as_u64() && shown["eta_s"].is_u64());
        for role in ["parent", "driver", "client", "cadet", "training_staff"] {
            let answer = server.get("/api/v1/deliveries", &token_for("x", role, "default", 60)).await;
            assert_eq!(answer.status(), 403, "{role}");
        }
        let abroad = server.get("/api/v1/deliveries?tenant=other", &admin).await;
        assert_eq!(abroad.status(), 403);
        assert_eq!(server.get("/api/v1/deliveries?status=LOST", &admin).await.status(), 422);
        assert_eq!(server.get("/api/v1/deliveries?cursor=abc", &admin).await.status(), 400);
        let key = server.get("/api/v1/deliveries", "").await;
        assert_eq!(key.status(), 401);
    })
    .await;
}
