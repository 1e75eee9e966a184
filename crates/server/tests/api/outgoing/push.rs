//! Web Push: a push arrives, only its browser can read it, and it survives failures and the death of the server.

use crate::native::kill_nine;
use crate::outgoing::push_browser::{Browser, vapid_claims};
use crate::support::{PATIENCE, TestServer, fresh_postgres, http_client, json_of};
use milepost_test_support::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const ALLOW: (&str, &str) = ("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1");
const SUBSCRIPTIONS: &str = "/api/v1/push/subscriptions";

pub async fn subscribe(server: &TestServer, token: &str, browser: &Browser, endpoint: &str) -> i64 {
    let added = json_of(server.post(SUBSCRIPTIONS, token, browser.subscription(endpoint)).await, 201).await;
    assert_eq!(added["endpoint"], endpoint);
    added["id"].as_i64().unwrap()
}

async fn notify(server: &TestServer, users: &[i64], message: &str) {
    let body = json!({"user_ids": users, "message": message, "type": "admin_message"});
    let answer = server.post("/api/v1/notifications", &server.admin, body).await;
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
}

async fn listed(server: &TestServer, token: &str) -> Vec<i64> {
    let page = server.get_json(SUBSCRIPTIONS, token).await;
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

/// Repeats the check until it succeeds.
pub async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it holds in time");
}

async fn pushes_reach_only_their_browser(settings: &[(&'static str, &str)]) {
    let service = Receiver::start(|_| 201).await;
    let mut all = vec![ALLOW, ("VAPID_SUBJECT", "mailto:ops@example.org")];
    all.extend_from_slice(settings);
    let server = TestServer::start_with(&all).await;
    let (ann, ann_token) = server.add_user(json!({"username": "ann", "role": "cadet", "cadet_id": 1})).await;
    let (bob, bob_token) = server.add_user(json!({"username": "bob", "role": "parent"})).await;
    let (phone, laptop) = (Browser::new(1), Browser::new(2));
    subscribe(&server, &ann_token, &phone, &format!("{}/p/phone?x=1", service.url)).await;
    subscribe(&server, &bob_token, &laptop, &format!("{}/p/laptop", service.url)).await;

    notify(&server, &[ann], "Fall in at «six» 🎖").await;
    let call = service.until(1).await.remove(0);
    assert_eq!(call.path, "/p/phone?x=1");
    assert_eq!((call.header("content-encoding"), call.header("urgency")), ("aes128gcm", "normal"));
    let ttl_s: i64 = call.header("ttl").parse().unwrap();
    assert!((86_000..=86_400).contains(&ttl_s), "{ttl_s}");
    let public_key = server.get_json("/api/v1/push/key", &ann_token).await["public_key"].as_str().unwrap().to_owned();
    let claims = vapid_claims(&call, &public_key, &service.url);
    assert_eq!(claims["sub"], "mailto:ops@example.org");
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(claims["exp"].as_u64().is_some_and(|exp| exp > now_s && exp < now_s + 86_400));

    assert_eq!(laptop.read(&call.body), None);
    let push = phone.read(&call.body).unwrap();
    let stored = server.get_json("/api/v1/notifications", &ann_token).await["items"][0].clone();
    for field in ["id", "message", "type", "is_read", "created_at"] {
        assert_eq!(push[field], stored[field], "{field}");
    }
    assert_eq!((push.as_object().unwrap().len(), &push["message"]), (5, &json!("Fall in at «six» 🎖")));

    let body = json!({"user_ids": [bob], "subject": "secret", "body": "for the page alone"});
    let answer = server.post("/api/v1/messages", &server.admin, body).await;
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    let call = service.until(2).await.remove(1);
    let push = laptop.read(&call.body).unwrap();
    assert_eq!((push.as_object().unwrap().len(), &push["type"]), (2, &json!("message")));
    let outgoing = server.get_json("/api/v1/outgoing", &server.admin).await;
    assert_eq!(outgoing["items"][0]["target"], "push");
    assert!(!outgoing.to_string().contains("/p/"), "whom it went to is its user's own");
}

#[tokio::test]
async fn pushes_reach_only_their_browser_on_sqlite() {
    pushes_reach_only_their_browser(&[]).await;
}

#[tokio::test]
async fn pushes_reach_only_their_browser_on_postgres() {
    let Some(database) = fresh_postgres().await else { return };
    pushes_reach_only_their_browser(&[("DATABASE_URL", &database)]).await;
}

#[tokio::test]
async fn a_text_that_is_too_long_for_a_push_is_cut() {
    let service = Receiver::start(|_| 201).await;
    let server = TestServer::start_with(&[ALLOW]).await;
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "parent"})).await;
    let browser = Browser::new(1);
    subscribe(&server, &token, &browser, &format!("{}/p", service.url)).await;
    let long = "🎖\"\n".repeat(666);
    notify(&server, &[ann], &long).await;
    let push = browser.read(&service.until(1).await[0].body).unwrap();
    let text = push["message"].as_str().unwrap();
    let kept = text.strip_suffix('…').unwrap();
    assert!(long.starts_with(kept) && push.to_string().len() <= 3_000 && push.to_string().len() > 2_980, "{push}");
}

#[tokio::test]
async fn a_failed_push_is_retried_until_it_succeeds() {
    let service = Receiver::start(|before| if before < 2 { 500 } else { 201 }).await;
    let server = TestServer::start_with(&[ALLOW]).await;
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "parent"})).await;
    let browser = Browser::new(1);
    subscribe(&server, &token, &browser, &format!("{}/p", service.url)).await;
    notify(&server, &[ann], "again").await;
    let calls = service.turn_until(&server.clock, 3).await;
    let bodies: Vec<_> = calls.iter().map(|call| browser.read(&call.body).unwrap()).collect();
    assert!(bodies.iter().all(|body| body == &bodies[0]));
    assert!(calls[0].body != calls[1].body, "every try is encrypted anew");
    until(async || server.get_json("/api/v1/outgoing", &server.admin).await["items"][0]["status"] == "delivered").await;
    assert_eq!(listed(&server, &token).await.len(), 1);
}

#[tokio::test]
async fn gone_removes_the_subscription_and_nothing_else() {
    for status in [404, 410] {
        let service = Receiver::start(move |before| if before == 0 { status } else { 201 }).await;
        let server = TestServer::start_with(&[ALLOW]).await;
        let (ann, token) = server.add_user(json!({"username": "ann", "role": "parent"})).await;
        subscribe(&server, &token, &Browser::new(1), &format!("{}/gone", service.url)).await;
        notify(&server, &[ann], "one").await;
        until(async || listed(&server, &token).await.is_empty()).await;
        assert_eq!(server.get_json("/api/v1/outgoing", &server.admin).await["items"], json!([]));
        let stays = subscribe(&server, &token, &Browser::new(2), &format!("{}/stays", service.url)).await;
        notify(&server, &[ann], "two").await;
        assert_eq!(service.until(2).await[1].path, "/stays");
        assert_eq!(listed(&server, &token).await, [stays]);
    }
}

#[tokio::test]
async fn a_push_outlives_the_server_that_stored_it() {
    // The receiver accepts the call and never answers: the server is killed during the attempt.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (folder, http) = (tempfile::tempdir().unwrap(), http_client());
    let claims = json!({"sub": "7", "role": "admin", "exp": 4_102_444_800_i64});
    let token = crate::support::signing::sign(&claims);
    let post = |url: String, body: Value| http.post(url).bearer_auth(&token).json(&body).send();

    let (server, url) = kill_nine::start_with(folder.path(), &[ALLOW]);
    let browser = Browser::new(1);
    let subscription = browser.subscription(&format!("http://{address}/p"));
    json_of(post(format!("{url}{SUBSCRIPTIONS}"), subscription).await.unwrap(), 201).await;
    let body = json!({"user_ids": [7], "message": "survives", "type": "x"});
    assert_eq!(post(format!("{url}/api/v1/notifications"), body).await.unwrap().status(), 201);
    let (_half_made_call, _) = tokio::task::spawn_blocking(move || silent.accept()).await.unwrap().unwrap();
    drop(server);

    let service = Receiver::at(&address, |_| 201).await;
    let (_server, url) = kill_nine::start_with(folder.path(), &[ALLOW]);
    let call = service.until(1).await.remove(0);
    assert_eq!(browser.read(&call.body).unwrap()["message"], "survives");
    // The push is signed with the key that the browser subscribed with.
    let key = http.get(format!("{url}/api/v1/push/key")).bearer_auth(&token).send().await.unwrap();
    vapid_claims(&call, json_of(key, 200).await["public_key"].as_str().unwrap(), &service.url);
}

#[tokio::test]
async fn the_key_comes_from_the_setting_or_the_data_folder() {
    let server = TestServer::start().await;
    let key =
        async |server: &TestServer| server.get_json("/api/v1/push/key", &server.admin).await["public_key"].clone();
    let first = key(&server).await;
    let file = server.folder().join("vapid-key");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let names = std::fs::read_dir(server.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().ends_with(".new")), "nothing unfinished is left");
    let server = server.restart(&[]).await;
    assert_eq!(key(&server).await, first);
    let server = server.restart(&[("VAPID_PRIVATE_KEY", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")]).await;
    let published = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    assert_eq!(key(&server).await, published);
    // A damaged key is not replaced, because all browsers would stop to get pushes. Everything else works.
    std::fs::write(&file, "damaged").unwrap();
    let server = server.restart(&[]).await;
    assert_eq!(server.get("/api/v1/push/key", &server.admin).await.status(), 404);
    let subscription = Browser::new(1).subscription("https://push.example.org/p");
    assert_eq!(server.post(SUBSCRIPTIONS, &server.admin, subscription).await.status(), 404);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "damaged");
}

#[tokio::test]
async fn a_locked_out_user_gets_no_more_pushes() {
    let service = Receiver::start(|_| 201).await;
    let server = TestServer::start_with(&[ALLOW]).await;
    let mut users = Vec::new();
    for (number, change) in
        [json!({"active": false}), json!({"approved": false}), json!({"password": "a new one"})].into_iter().enumerate()
    {
        let (id, token) = server.add_user(json!({"username": format!("u{number}"), "role": "parent"})).await;
        subscribe(&server, &token, &Browser::new(1), &format!("{}/{number}", service.url)).await;
        let path = format!("/api/v1/users/{id}");
        json_of(server.call(Method::PATCH, &path, &server.admin, Some(change)).await, 200).await;
        users.push(id);
    }
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "parent"})).await;
    let browser = Browser::new(9);
    subscribe(&server, &token, &browser, &format!("{}/ann", service.url)).await;
    users.push(ann);
    notify(&server, &users, "who hears this?").await;
    assert_eq!(service.until(1).await[0].path, "/ann");
    let outgoing = server.get_json("/api/v1/outgoing", &server.admin).await;
    assert_eq!(outgoing["items"].as_array().unwrap().len(), 1);
}
