//! Calls to other programs: signed, retried with the same key, and kept when the server dies.

use crate::native::kill_nine;
use crate::support::signing::operator_token;
use crate::support::{PATIENCE, TestServer, http_client, json_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use milepost_test_support::Receiver;
use serde_json::{Value, json};
use std::time::Duration;

const ALLOW: (&str, &str) = ("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1");

async fn add_webhook(server: &TestServer, body: Value) -> Value {
    json_of(server.post("/api/v1/webhooks", &server.admin, body).await, 201).await
}

/// Starts a delivery as superadmin, and returns its tracking id.
pub async fn start_delivery(server: &TestServer, order: &str) -> String {
    let body =
        json!({"order_id": order, "rider_id": "r1", "dropoff_lat": 5.6, "dropoff_lng": -0.1, "phone": "+233501234567"});
    let session = json_of(server.post("/tracking/start", &server.admin, body).await, 200).await;
    session["tracking_id"].as_str().unwrap().to_owned()
}

async fn advance(server: &TestServer, tracking_id: &str, status: &str) {
    let path = format!("/tracking/update/{tracking_id}");
    json_of(server.post(&path, &server.admin, json!({"status": status, "lat": 5.6, "lng": -0.1})).await, 200).await;
}

/// The first item of the list, once it has this status.
pub async fn until_status(server: &TestServer, path: &str, status: &str) -> Value {
    let listed = tokio::time::timeout(PATIENCE, async {
        loop {
            let page = server.get_json(path, &server.admin).await;
            if page["items"][0]["status"] == status {
                return page["items"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    listed.await.unwrap_or_else(|_| panic!("{path} has no {status}"))
}

#[tokio::test]
async fn a_webhook_is_called_once_and_can_verify_it() {
    let receiver = Receiver::start(|_| 200).await;
    let server = TestServer::start_with(&[ALLOW]).await;
    let url = format!("{}/hook?x=1", receiver.url);
    let added = add_webhook(&server, json!({"url": url, "events": ["delivery.started"]})).await;
    let tracking_id = start_delivery(&server, "ORD-1").await;
    let call = receiver.until(1).await.remove(0);
    assert_eq!((call.path.as_str(), call.header("content-type")), ("/hook?x=1", "application/json"));
    let body = call.json();
    assert_eq!(body["type"], "delivery.started");
    assert_eq!(body["data"]["tracking_id"], tracking_id);
    let (id, at_s) = (call.header("webhook-id"), call.header("webhook-timestamp"));
    assert!(!id.contains('.') && at_s.parse::<u64>().unwrap() > 1_700_000_000);

    let secret = STANDARD.decode(added["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap()).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
    let signed = format!("{id}.{at_s}.{}", call.text());
    let expected = format!("v1,{}", STANDARD.encode(ring::hmac::sign(&key, signed.as_bytes())));
    assert_eq!(call.header("webhook-signature"), expected);

    let path = format!("/api/v1/webhooks/{}/deliveries", added["id"]);
    let delivered = until_status(&server, &path, "delivered").await;
    assert_eq!(delivered["type"], "delivery.started");
    assert_eq!((&delivered["attempts"], &delivered["last_status"]), (&json!(1), &json!(200)));
    assert_eq!(delivered["message_id"], id);
    assert!(delivered["delivered_at"].is_string() && delivered["next_attempt_at"].is_null());
    // The webhook did not select this kind of event and gets no call.
    advance(&server, &tracking_id, "DELIVERED").await;
    server.running.assembly.outbox.stop().await;
    assert_eq!(receiver.calls().len(), 1);
}

#[tokio::test]
async fn the_order_service_gets_one_call_with_one_key_though_it_fails_three_times() {
    let receiver = Receiver::start(|before| if before < 3 { 500 } else { 200 }).await;
    let base = format!("{}/shop/", receiver.url);
    let server = TestServer::start_with(&[("ORDER_SERVICE_URL", &base)]).await;
    let tracking_id = start_delivery(&server, "ORD 7/a").await;
    advance(&server, &tracking_id, "DELIVERED").await;
    let calls = receiver.turn_until(&server.clock, 4).await;
    for call in &calls {
        assert_eq!(call.path, "/shop/orders/ORD%207%2Fa/status");
        let body = call.json();
        assert_eq!(
            (&body["status"], &body["tenant"], &body["tracking_id"]),
            (&json!("DELIVERED"), &json!("default"), &json!(tracking_id))
        );
        assert_eq!(call.header("milepost-tenant"), "default");
        assert_eq!(call.header("idempotency-key"), calls[0].header("idempotency-key"));
    }
    let listed = until_status(&server, "/api/v1/outgoing?target=orders", "delivered").await;
    assert_eq!((&listed["attempts"], &listed["target"], &listed["type"]), (&json!(4), &json!("orders"), &Value::Null));
    assert_eq!(receiver.calls().len(), 4);
    // Without a notification service no call to it is stored.
    let page = server.get_json("/api/v1/outgoing", &server.admin).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let metrics = server.get("/metrics", "").await.text().await.unwrap();
    assert!(
        metrics.contains("milepost_outgoing_attempts_total 4") && metrics.contains("milepost_outgoing_dead_total 0")
    );
}

#[tokio::test]
async fn a_private_address_is_not_called_by_default() {
    let receiver = Receiver::start(|_| 200).await;
    let server = TestServer::start_with(&[ALLOW]).await;
    add_webhook(&server, json!({"url": receiver.url})).await;
    // The webhook was allowed when it was added, but each call checks its address again.
    let server = server.restart(&[]).await;
    start_delivery(&server, "ORD-1").await;
    let failed = tokio::time::timeout(PATIENCE, async {
        loop {
            let page = server.get_json("/api/v1/outgoing", &server.admin).await;
            if page["items"][0]["last_error"].is_string() {
                return page["items"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let failed = failed.await.unwrap();
    assert!(failed["last_error"].as_str().unwrap().contains("MILEPOST_WEBHOOK_ALLOW"), "{failed}");
    assert_eq!((&failed["status"], &failed["last_status"]), (&json!("pending"), &Value::Null));
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn gone_disables_the_webhook_until_a_dead_call_is_retried_by_hand() {
    let receiver = Receiver::start(|before| if before == 0 { 410 } else { 204 }).await;
    let server = TestServer::start_with(&[ALLOW]).await;
    let added = add_webhook(&server, json!({"url": receiver.url})).await;
    start_delivery(&server, "ORD-1").await;
    let path = format!("/api/v1/webhooks/{}/deliveries", added["id"]);
    let dead = until_status(&server, &path, "dead").await;
    assert_eq!((&dead["last_status"], &dead["last_error"]), (&json!(410), &json!("answered 410")));
    assert!(dead["dead_at"].is_string());
    let hook = format!("/api/v1/webhooks/{}", added["id"]);
    let disabled = server.get_json(&hook, &server.admin).await;
    assert!(disabled["disabled_at"].is_string(), "{disabled}");
    assert_eq!(server.get_json("/api/v1/webhooks", &server.admin).await["items"], json!([disabled]));
    // No call is stored while the webhook is disabled.
    start_delivery(&server, "ORD-2").await;
    assert_eq!(server.get_json(&path, &server.admin).await["items"].as_array().unwrap().len(), 1);
    let retry = format!("{path}/{}/retry", dead["id"]);
    let retried = json_of(server.post(&retry, &server.admin, json!({})).await, 200).await;
    assert_ne!(retried["status"], "dead");
    until_status(&server, &path, "delivered").await;
    assert_eq!(server.post(&retry, &server.admin, json!({})).await.status(), 409);
    let calls = receiver.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].header("webhook-id"), calls[1].header("webhook-id"));
    let mut enabled = disabled;
    enabled.as_object_mut().unwrap().remove("disabled_at");
    assert_eq!(std::mem::replace(&mut enabled["active"], json!(true)), json!(false));
    assert_eq!(server.get_json(&hook, &server.admin).await, enabled);
    start_delivery(&server, "ORD-3").await;
    assert_eq!(receiver.until(3).await[2].json()["data"]["order_id"], "ORD-3");
}

#[tokio::test]
async fn a_call_outlives_the_server_that_stored_it() {
    // The receiver accepts the call and never answers: the server is killed during the attempt.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (folder, http) = (tempfile::tempdir().unwrap(), http_client());
    let base = format!("http://{address}");
    let settings = [("ORDER_SERVICE_URL", base.as_str())];
    let call = |method: reqwest::Method, url: String, body: Value| {
        http.request(method, url).bearer_auth(operator_token()).json(&body).send()
    };
    let (server, url) = kill_nine::start_with(folder.path(), &settings);
    let order = json!({"order_id": "ORD-1", "rider_id": "r1", "dropoff_lat": 5.6, "dropoff_lng": -0.1});
    let session = call(reqwest::Method::POST, format!("{url}/tracking/start"), order).await.unwrap();
    let tracking_id = json_of(session, 200).await["tracking_id"].as_str().unwrap().to_owned();
    let delivered = call(
        reqwest::Method::POST,
        format!("{url}/tracking/update/{tracking_id}"),
        json!({"status": "DELIVERED", "lat": 5.6, "lng": -0.1}),
    );
    json_of(delivered.await.unwrap(), 200).await;
    let (_half_made_call, _) = tokio::task::spawn_blocking(move || silent.accept()).await.unwrap().unwrap();
    drop(server);

    let receiver = Receiver::at(&address, |_| 200).await;
    let (_server, url) = kill_nine::start_with(folder.path(), &settings);
    let call_received = receiver.until(1).await.remove(0);
    assert_eq!(
        (call_received.path.as_str(), &call_received.json()["status"]),
        ("/orders/ORD-1/status", &json!("DELIVERED"))
    );
    let page = call(reqwest::Method::GET, format!("{url}/api/v1/outgoing"), json!({})).await.unwrap();
    assert_eq!(json_of(page, 200).await["items"].as_array().unwrap().len(), 1);
}
