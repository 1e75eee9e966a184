//! Web Push of alerts: only the users that an alert is for get it, while it is recent, and until one of them has read it.

use crate::fleet::history_support::{self as history, Ride, fix, home, report};
use crate::native::kill_nine;
use crate::outgoing::push::{ALLOW, subscribe, until};
use crate::outgoing::push_browser::Browser;
use crate::support::{TestServer, fresh_postgres, http_client, json_of};
use milepost_domain::{AlertKind, CrossingTriggers, GeofenceDescription, GeofenceShape, GeometryText, Label, RadiusM};
use milepost_store::{Once, Store};
use milepost_test_support::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ALERTS: &str = "/api/v1/alerts";

fn store_of(server: &TestServer) -> Arc<dyn Store> {
    Arc::clone(&server.running.assembly.store)
}

fn now_ms() -> i64 {
    milepost_clock::Clock::system().now().unix_ms()
}

async fn raise(server: &TestServer, alert: Value) -> Value {
    json_of(server.post(ALERTS, &server.admin, alert).await, 201).await
}

/// The statuses of all calls to browsers of the default tenant. An alert and its calls are stored in one transaction.
async fn outgoing(server: &TestServer) -> Vec<String> {
    let page = server.get_json("/api/v1/outgoing?limit=1000", &server.admin).await;
    let items = page["items"].as_array().unwrap().iter();
    items
        .inspect(|item| assert_eq!(item["target"], "push"))
        .map(|item| item["status"].as_str().unwrap().to_owned())
        .collect()
}

/// A user with a browser whose endpoint has the user's name.
async fn add_reader(server: &TestServer, service: &Receiver, number: u8, user: Value) -> (i64, String, Browser) {
    let name = user["username"].as_str().unwrap().to_owned();
    let (id, token) = server.add_user(user).await;
    let browser = Browser::new(number);
    subscribe(server, &token, &browser, &format!("{}/{name}", service.url)).await;
    (id, token, browser)
}

async fn add_manager(server: &TestServer, service: &Receiver) -> (String, Browser) {
    let (_, token, browser) = add_reader(server, service, 1, json!({"username": "manager", "role": "manager"})).await;
    (token, browser)
}

async fn alerts_reach_those_they_are_for(settings: &[(&'static str, &str)]) {
    let service = Receiver::start(|_| 201).await;
    let server = TestServer::start_with(&[&[ALLOW], settings].concat()).await;
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "acme", "name": "Acme"})).await, 201).await;
    let mut readers = Vec::new();
    for (number, (name, role, tenant)) in (1..).zip([
        ("manager", "manager", "default"),
        ("admin2", "admin", "default"),
        ("driver", "driver", "default"),
        ("parent", "parent", "default"),
        ("staff", "training_staff", "default"),
        ("theirs", "admin", "acme"),
    ]) {
        let user = json!({"username": name, "role": role, "tenant": tenant});
        readers.push(add_reader(&server, &service, number, user).await);
    }
    server.add_bus("b1").await;
    let expires = json!("2999-01-01T00:00:00.000Z");
    let body = json!({
        "type": "fuel_theft", "title": "Fuel «gone»", "message": "20 l\nwhile parked", "vehicle_id": "b1",
        "driver_id": readers[2].0, "data": {"litres": 20}, "expires_at": expires,
    });
    let raised = raise(&server, body).await;
    assert_eq!(outgoing(&server).await.len(), 2);
    let calls = service.until(2).await;
    assert_eq!(calls.iter().map(|call| call.path.as_str()).collect::<BTreeSet<_>>(), ["/admin2", "/manager"].into());
    let call = calls.iter().find(|call| call.path == "/manager").unwrap();
    let ttl_s: i64 = call.header("ttl").parse().unwrap();
    assert!((86_000..=86_400).contains(&ttl_s), "a day at most: {ttl_s}");
    assert_eq!(call.header("urgency"), "high");
    assert_eq!(readers[1].2.read(&call.body), None);
    let push = readers[0].2.read(&call.body).unwrap();
    let expected = json!({
        "type": "alert", "id": raised["id"], "alert_type": "fuel_theft", "company_id": "default", "severity": "critical",
        "title": "Fuel «gone»", "message": "20 l\nwhile parked", "vehicle_id": "b1", "driver_id": readers[2].0.to_string(),
        "timestamp": raised["timestamp"], "expires_at": expires,
    });
    assert_eq!(push, expected);

    // An alert for one user is not pushed to admins, not even to the one who raised it.
    let soon = milepost_clock::Clock::system().now().plus_ms(3_600_000).unix_ms();
    let soon = jiff::Timestamp::from_millisecond(soon).unwrap().to_string();
    let body = json!({
        "type": "payment_received", "title": "Paid", "message": "x", "user_id": readers[2].0, "expires_at": soon,
        "subject": "invoice 7",
    });
    raise(&server, body.clone()).await;
    assert_eq!(server.post(ALERTS, &server.admin, body).await.status(), 409);
    assert_eq!(outgoing(&server).await.len(), 3);
    let call = service.until(3).await.remove(2);
    assert_eq!((call.path.as_str(), call.header("urgency")), ("/driver", "normal"));
    let ttl_s: i64 = call.header("ttl").parse().unwrap();
    assert!((3_500..=3_600).contains(&ttl_s), "until it expires: {ttl_s}");
    assert_eq!(readers[2].2.read(&call.body).unwrap()["title"], "Paid");

    let theirs = json!({"type": "system_error", "title": "x", "message": "y", "tenant": "acme"});
    raise(&server, theirs).await;
    assert_eq!(service.until(4).await[3].path, "/theirs");
    // An alert about an event of long ago is not pushed.
    let late = jiff::Timestamp::from_millisecond(now_ms() - 16 * 60_000).unwrap().to_string();
    raise(&server, json!({"type": "system_error", "title": "x", "message": "y", "timestamp": late})).await;
    assert_eq!(outgoing(&server).await.len(), 3);
}

#[tokio::test]
async fn alerts_reach_only_their_users_on_sqlite() {
    alerts_reach_those_they_are_for(&[]).await;
}

#[tokio::test]
async fn alerts_reach_only_their_users_on_postgres() {
    let Some(database) = fresh_postgres().await else { return };
    alerts_reach_those_they_are_for(&[("DATABASE_URL", &database)]).await;
}

#[tokio::test]
async fn alerts_about_now_are_pushed_and_alerts_about_yesterday_are_not() {
    let service = Receiver::start(|_| 201).await;
    let server = TestServer::start_with(&[ALLOW]).await;
    let (_, browser) = add_manager(&server, &service).await;
    let store = store_of(&server);
    server.add_bus("late").await;
    report(&server.http, &server.url, &server.admin, "late", &Ride::two_trips(history::morning_ms())).await;
    history::turn_until(&server.clock, &vec![AlertKind::SpeedViolation], async || history::alerts(&*store).await).await;
    assert_eq!(outgoing(&server).await, [""; 0]);

    server.add_bus("live").await;
    let driven = Ride::new(now_ms() - 250_000).stand(60).go(6_000.0, 120.0).positions;
    report(&server.http, &server.url, &server.admin, "live", &driven).await;
    let call = service.until(1).await.remove(0);
    let push = browser.read(&call.body).unwrap();
    assert_eq!((&push["alert_type"], &push["vehicle_id"]), (&json!("speed_violation"), &json!("live")));
    assert_eq!((call.header("urgency"), &push["severity"]), ("high", &json!("high")));
    until(async || outgoing(&server).await == ["delivered"]).await;
}

/// A push service that answers errors until the test switches it on.
async fn failing_service() -> (Receiver, Arc<AtomicBool>) {
    let is_up = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&is_up);
    let service = Receiver::start(move |_| if answers.load(Ordering::SeqCst) { 201 } else { 500 }).await;
    (service, is_up)
}

#[tokio::test]
async fn read_deleted_and_withdrawn_alerts_are_not_pushed_any_more() {
    let (service, is_up) = failing_service().await;
    let server = TestServer::start_with(&[ALLOW]).await;
    let (token, browser) = add_manager(&server, &service).await;
    let by_hand = || json!({"type": "system_error", "title": "x", "message": "y"});
    let pending = async |count: usize| until(async || outgoing(&server).await == vec!["pending"; count]).await;
    for verb in ["read", "deleted"] {
        let path = format!("{ALERTS}/{}", raise(&server, by_hand()).await["id"].as_str().unwrap());
        pending(1).await;
        let answer = match verb {
            "read" => server.call(Method::POST, &format!("{path}/read"), &token, None).await,
            _ => server.call(Method::DELETE, &path, &token, None).await,
        };
        assert!(answer.status().is_success(), "{verb}: {}", answer.status());
        assert_eq!(outgoing(&server).await, [""; 0], "{verb}");
    }

    let store = store_of(&server);
    let now = milepost_clock::Clock::system().now();
    let centre = format!(r#"{{"type":"Point","coordinates":[{},0]}}"#, 0.5 + 2_000.0 / 111_194.9);
    let yard = GeofenceDescription {
        name: Label::new("yard").unwrap(),
        geometry: GeometryText::of_parsed(centre).unwrap(),
        shape: GeofenceShape::Circle(RadiusM::new(60.0).unwrap()),
        on: CrossingTriggers::default(),
        dwell: None,
        speed_limit: None,
        vehicles: None,
        schedule: None,
    };
    store.add_geofence(&home(), &yard, now, &Once::unclaimed()).await.unwrap().unwrap();
    server.add_bus("b1").await;
    let start_ms = now.unix_ms() - 600_000;
    let bring = async |positions: &[Value]| report(&server.http, &server.url, &server.admin, "b1", positions).await;
    // One fix a minute, on a straight line through the yard.
    let straight: Vec<Value> = (0..6)
        .map(|minute| fix(f64::from(minute) * 1_000.0 + 500.0, 0.0, 60.0, start_ms + i64::from(minute) * 60_000))
        .collect();
    bring(&straight).await;
    let crossings = async || {
        let kinds = history::alerts(&*store).await;
        kinds.into_iter().filter(|kind| *kind == AlertKind::GeofenceViolation).count()
    };
    history::turn_until(&server.clock, &2, &crossings).await;
    assert_eq!(outgoing(&server).await, ["pending"; 2]);
    // Late positions show that the vehicle drove around the yard.
    let round: Vec<Value> = [(1_700.0, 75_000), (2_000.0, 90_000), (2_300.0, 105_000)]
        .map(|(east_m, ms)| fix(east_m, 300.0, 60.0, start_ms + ms))
        .to_vec();
    bring(&round).await;
    history::turn_until(&server.clock, &0, &crossings).await;
    assert_eq!(outgoing(&server).await, [""; 0]);

    is_up.store(true, Ordering::SeqCst);
    let failed = service.calls().len();
    let raised = raise(&server, by_hand()).await;
    until(async || outgoing(&server).await == ["delivered"]).await;
    let pushed: BTreeSet<String> = service.calls()[failed..]
        .iter()
        .map(|call| browser.read(&call.body).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(pushed.contains(raised["id"].as_str().unwrap()), "{pushed:?}");
    // At most the attempts that were running have come since.
    assert!(service.calls().len() <= failed + 3, "{}", service.calls().len() - failed);
}

#[tokio::test]
async fn an_acknowledged_alert_is_pushed_although_the_server_was_killed() {
    // The receiver accepts the call and never answers: the server is killed during the attempt.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (folder, http) = (tempfile::tempdir().unwrap(), http_client());
    let claims = json!({"sub": "ops", "role": "superadmin", "exp": 4_102_444_800_i64});
    let ops = crate::support::signing::sign(&claims);
    let post = async |url: String, token: &str, body: Value, status: u16| {
        json_of(http.post(url).bearer_auth(token).json(&body).send().await.unwrap(), status).await
    };
    let (server, url) = kill_nine::start_with(folder.path(), &[ALLOW]);
    let user = json!({"username": "ann", "role": "manager", "password": "open sesame"});
    let ann = post(format!("{url}/api/v1/users"), &ops, user, 201).await["id"].clone();
    let login = json!({"username": "ann", "password": "open sesame"});
    let token = post(format!("{url}/api/token"), "", login, 200).await["access"].as_str().unwrap().to_owned();
    let browser = Browser::new(1);
    let subscription = browser.subscription(&format!("http://{address}/p"));
    post(format!("{url}/api/v1/push/subscriptions"), &token, subscription, 201).await;
    let alert = |title: &str| json!({"type": "system_error", "title": title, "message": "y"});
    let mut for_ann = alert("for her alone");
    for_ann["user_id"] = ann;
    post(format!("{url}{ALERTS}"), &ops, alert("for the company"), 201).await;
    let (_half_made_call, _) = tokio::task::spawn_blocking(move || silent.accept()).await.unwrap().unwrap();
    post(format!("{url}{ALERTS}"), &ops, for_ann, 201).await;
    drop(server);

    let service = Receiver::at(&address, |_| 201).await;
    let (_server, _) = kill_nine::start_with(folder.path(), &[ALLOW]);
    let titles = async || {
        let title = |body: &[u8]| browser.read(body).unwrap()["title"].as_str().unwrap().to_owned();
        service.calls().iter().map(|call| title(&call.body)).collect::<BTreeSet<_>>()
    };
    let expected = ["for her alone", "for the company"].map(str::to_owned);
    history::until(&BTreeSet::from(expected), titles).await;
}
