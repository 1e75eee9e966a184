//! Webhooks over the native REST: what is accepted and refused, and who may see them.

use crate::outgoing::calls::start_delivery;
use crate::support::{TestServer, json_of};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use milepost_test_support::Receiver;
use reqwest::Method;
use serde_json::{Value, json};

const HOOK: &str = "https://shop.example.org/hooks/milepost";

async fn admin_of(server: &TestServer, tenant: &str) -> String {
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": tenant, "name": tenant})).await, 201).await;
    server.add_user(json!({"username": format!("admin-{tenant}"), "role": "admin", "tenant": tenant})).await.1
}

#[tokio::test]
async fn a_webhooks_secret_is_shown_once() {
    let server = TestServer::start().await;
    let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = json!({"url": HOOK, "events": ["parcel.added", "delivery.started", "parcel.added"], "secret": given});
    let added = json_of(server.post("/api/v1/webhooks", &server.admin, body).await, 201).await;
    assert_eq!((&added["secret"], &added["url"]), (&json!(given), &json!(HOOK)));
    assert_eq!(added["events"], json!(["delivery.started", "parcel.added"]));
    let path = format!("/api/v1/webhooks/{}", added["id"]);
    let shown = server.get_json(&path, &server.admin).await;
    assert!(shown["secret"].is_null() && shown["url"] == HOOK && shown["created_at"].is_string());
    let listed = server.get_json("/api/v1/webhooks", &server.admin).await;
    assert!(!listed.to_string().contains("MfKQ9r8") && listed["items"][0]["id"] == added["id"]);

    let generated = json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": HOOK})).await, 201).await;
    assert_eq!(generated["secret"].as_str().unwrap().len(), "whsec_".len() + 44);
    assert_eq!(generated["events"], json!([]));
    let removed = server.call(Method::DELETE, &path, &server.admin, None).await;
    assert_eq!(removed.status(), 204);
    assert_eq!(server.get(&path, &server.admin).await.status(), 404);
    assert_eq!(server.call(Method::DELETE, &path, &server.admin, None).await.status(), 404);
}

#[tokio::test]
async fn a_repeated_request_adds_one_webhook_and_keeps_no_secret() {
    let server = TestServer::start().await;
    let send = || {
        let request = server.http.post(format!("{}/api/v1/webhooks", server.url)).bearer_auth(&server.admin);
        request.header("Idempotency-Key", "k1").json(&json!({"url": HOOK})).send()
    };
    let first = json_of(send().await.unwrap(), 201).await;
    let second = json_of(send().await.unwrap(), 201).await;
    assert_eq!(first["id"], second["id"]);
    assert!(first["secret"].is_string() && second["secret"].is_null());
}

#[tokio::test]
async fn an_invalid_field_is_refused_by_name() {
    let server = TestServer::start().await;
    let check = async |body: Value, field: &str| {
        let refused = json_of(server.post("/api/v1/webhooks", &server.admin, body.clone()).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], field, "{body}: {refused}");
    };
    check(json!({}), "url").await;
    for url in [
        "",
        "shop.example.org",
        "ftp://shop.example.org",
        "https://a:b@shop.example.org",
        "https://shop.example.org/#x",
        "http://localhost:8080",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "http://10.0.0.1/",
        &format!("https://shop.example.org/{}", "x".repeat(2_048)),
    ] {
        check(json!({"url": url}), "url").await;
    }
    check(json!({"url": HOOK, "events": ["delivery.started", "vehicle_added"]}), "events").await;
    check(json!({"url": HOOK, "events": "delivery.started"}), "events").await;
    for secret in ["", "whsec_", "short", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL", "whsec_!"] {
        check(json!({"url": HOOK, "secret": secret}), "secret").await;
    }
    let page = server.get_json("/api/v1/webhooks", &server.admin).await;
    assert_eq!(page["items"], json!([]));
    assert_eq!(server.get("/api/v1/outgoing?target=nobody", &server.admin).await.status(), 422);
}

#[tokio::test]
async fn a_tenant_has_at_most_fifty() {
    let server = TestServer::start().await;
    let other = admin_of(&server, "other").await;
    for _ in 0..50 {
        json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": HOOK})).await, 201).await;
    }
    assert_eq!(server.post("/api/v1/webhooks", &server.admin, json!({"url": HOOK})).await.status(), 409);
    json_of(server.post("/api/v1/webhooks", &other, json!({"url": HOOK})).await, 201).await;
    let first = server.get_json("/api/v1/webhooks?limit=30", &server.admin).await;
    let next = format!("/api/v1/webhooks?limit=30&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(server.get_json(&next, &server.admin).await["items"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn deliveries_come_in_pages_newest_first() {
    let receiver = Receiver::start(|_| 200).await;
    let server = TestServer::start_with(&[("MILEPOST_WEBHOOK_ALLOW", "127.0.0.0/8")]).await;
    let added = json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": receiver.url})).await, 201).await;
    for order in 0..5 {
        start_delivery(&server, &format!("ORD-{order}")).await;
    }
    receiver.until(5).await;
    let path = format!("/api/v1/webhooks/{}/deliveries?limit=3", added["id"]);
    let first = server.get_json(&path, &server.admin).await;
    let rest = server.get_json(&format!("{path}&cursor={}", first["next"].as_str().unwrap()), &server.admin).await;
    assert!(rest["next"].is_null());
    let both = first["items"].as_array().unwrap().iter().chain(rest["items"].as_array().unwrap());
    let ids: Vec<i64> = both.map(|call| call["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "{ids:?}");
}

#[tokio::test]
async fn only_admins_of_the_tenant_see_its_webhooks_and_calls() {
    let receiver = Receiver::start(|_| 410).await;
    let server = TestServer::start_with(&[("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1")]).await;
    let other = admin_of(&server, "other").await;
    let added = json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": receiver.url})).await, 201).await;
    start_delivery(&server, "ORD-1").await;
    let hook = format!("/api/v1/webhooks/{}", added["id"]);
    let dead = crate::outgoing::calls::until_status(&server, &format!("{hook}/deliveries"), "dead").await;
    let retry = format!("{hook}/deliveries/{}/retry", dead["id"]);
    let retry_call = format!("/api/v1/outgoing/{}/retry", dead["id"]);

    for path in [hook.clone(), format!("{hook}/deliveries")] {
        assert_eq!(server.get(&path, &other).await.status(), 404, "{path}");
        assert_eq!(server.get(&format!("{path}?tenant=default"), &other).await.status(), 403, "{path}");
    }
    assert_eq!(server.call(Method::DELETE, &hook, &other, None).await.status(), 404);
    assert_eq!(server.post(&retry, &other, json!({})).await.status(), 404);
    assert_eq!(server.post(&retry_call, &other, json!({})).await.status(), 404);
    for list in ["/api/v1/webhooks", "/api/v1/outgoing", "/api/v1/outgoing?target=orders"] {
        assert_eq!(server.get_json(list, &other).await, json!({"items": [], "next": null}), "{list}");
    }
    let foreign = json!({"url": HOOK, "tenant": "default"});
    assert_eq!(server.post("/api/v1/webhooks", &other, foreign).await.status(), 403);

    let change = |token: String| {
        let (server, hook) = (&server, hook.clone());
        async move {
            let rotate = server.post(&format!("{hook}/rotate-secret"), &token, json!({})).await;
            let test = server.post(&format!("{hook}/test"), &token, json!({})).await;
            let patch = server.call(Method::PATCH, &hook, &token, Some(json!({"active": true}))).await;
            [rotate.status().as_u16(), test.status().as_u16(), patch.status().as_u16()]
        }
    };
    assert_eq!(change(other.clone()).await, [404; 3]);
    for role in ["manager", "parent", "driver", "client", "rider", "merchant", "cadet", "training_staff"] {
        let (_, token) = server.add_user(json!({"username": format!("a-{role}"), "role": role})).await;
        for path in ["/api/v1/webhooks", "/api/v1/outgoing", &hook, &format!("{hook}/deliveries")] {
            assert_eq!(server.get(path, &token).await.status(), 403, "{role} {path}");
        }
        assert_eq!(server.post("/api/v1/webhooks", &token, json!({"url": HOOK})).await.status(), 403, "{role}");
        assert_eq!(server.post(&retry, &token, json!({})).await.status(), 403, "{role}");
        assert_eq!(change(token.clone()).await, [403; 3], "{role}");
        assert_eq!(server.call(Method::DELETE, &hook, &token, None).await.status(), 403, "{role}");
    }
    assert_eq!(server.get("/api/v1/webhooks", "").await.status(), 401);
    // A delivery of another webhook is not found under this one.
    let second = json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": HOOK})).await, 201).await;
    let astray = format!("/api/v1/webhooks/{}/deliveries/{}/retry", second["id"], dead["id"]);
    assert_eq!(server.post(&astray, &server.admin, json!({})).await.status(), 404);
}

/// The signatures that a call should have, in this order.
fn signed(call: &milepost_test_support::Received, secrets: &[&str]) -> String {
    let signed = format!("{}.{}.{}", call.header("webhook-id"), call.header("webhook-timestamp"), call.text());
    let sign = |secret: &&str| {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        format!("v1,{}", STANDARD.encode(ring::hmac::sign(&key, signed.as_bytes())))
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_webhook_is_changed_and_unknown_fields_are_refused() {
    let server = TestServer::start().await;
    let added = json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": HOOK})).await, 201).await;
    assert_eq!(added["active"], true);
    let path = format!("/api/v1/webhooks/{}", added["id"]);
    let patch = async |body: Value| server.call(Method::PATCH, &path, &server.admin, Some(body)).await;
    let moved =
        json!({"url": "https://shop.example.org/new", "events": ["parcel.changed", "parcel.added", "parcel.added"]});
    let changed = json_of(patch(moved).await, 200).await;
    assert_eq!(changed["url"], "https://shop.example.org/new");
    assert_eq!(changed["events"], json!(["parcel.added", "parcel.changed"]));
    assert!(changed["secret"].is_null() && changed["active"] == true);
    let stopped = json_of(patch(json!({"active": false})).await, 200).await;
    assert!(stopped["active"] == false && stopped["disabled_at"].is_string());
    assert_eq!(server.get_json(&path, &server.admin).await, stopped);
    let started = json_of(patch(json!({"active": true, "events": []})).await, 200).await;
    assert!(started["active"] == true && started["disabled_at"].is_null() && started["events"] == json!([]));
    assert_eq!(json_of(patch(json!({})).await, 200).await, started);
    for (body, field) in [
        (json!({"url": "http://10.0.0.1/"}), "url"),
        (json!({"url": null}), "url"),
        (json!({"url": "http://-/"}), "url"),
        (json!({"events": ["vehicle_added"]}), "events"),
        (json!({"events": null}), "events"),
        (json!({"active": "no"}), "active"),
        (json!({"activ": false}), "activ"),
        (json!({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}), "secret"),
        (json!({"tenant": "other"}), "tenant"),
    ] {
        let refused = json_of(patch(body.clone()).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], field, "{body}: {refused}");
    }
    assert_eq!(server.get_json(&path, &server.admin).await, started, "nothing of it was done");
    let unknown = server.call(Method::PATCH, "/api/v1/webhooks/999", &server.admin, Some(json!({}))).await;
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn a_test_is_a_call_like_every_other_one() {
    let receiver = Receiver::start(|_| 204).await;
    let server = TestServer::start_with(&[("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1")]).await;
    let body = json!({"url": receiver.url, "events": ["parcel.added"]});
    let added = json_of(server.post("/api/v1/webhooks", &server.admin, body).await, 201).await;
    let path = format!("/api/v1/webhooks/{}", added["id"]);
    let test = format!("{path}/test");
    let stored = json_of(server.post(&test, &server.admin, json!({})).await, 202).await;
    assert_eq!((&stored["type"], &stored["status"]), (&json!("webhook.test"), &json!("pending")));
    let call = receiver.until(1).await.remove(0);
    assert_eq!(call.header("webhook-id"), stored["message_id"]);
    assert_eq!(call.header("webhook-signature"), signed(&call, &[added["secret"].as_str().unwrap()]));
    let told = call.json();
    assert_eq!((&told["type"], &told["data"]["webhook_id"]), (&json!("webhook.test"), &added["id"]));
    assert!(told["timestamp"].is_string());
    let listed = crate::outgoing::calls::until_status(&server, &format!("{path}/deliveries"), "delivered").await;
    assert_eq!(listed["id"], stored["id"]);
    server.call(Method::PATCH, &path, &server.admin, Some(json!({"active": false}))).await;
    assert_eq!(server.post(&test, &server.admin, json!({})).await.status(), 409);
    assert_eq!(server.post("/api/v1/webhooks/999/test", &server.admin, json!({})).await.status(), 404);
}

#[tokio::test]
async fn a_rotated_secret_and_the_old_one_are_both_good_for_a_while() {
    let receiver = Receiver::start(|_| 204).await;
    let server = TestServer::start_with(&[("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1")]).await;
    let added = json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": receiver.url})).await, 201).await;
    let path = format!("/api/v1/webhooks/{}", added["id"]);
    let rotate = format!("{path}/rotate-secret");
    let old = added["secret"].as_str().unwrap();
    let rotated = json_of(server.post(&rotate, &server.admin, json!({"overlap": 60})).await, 200).await;
    let new = rotated["secret"].as_str().unwrap();
    assert!(new != old && rotated["old_secret_valid_until"].is_string(), "{rotated}");
    let shown = server.get_json(&path, &server.admin).await;
    assert!(shown["secret"].is_null() && shown["old_secret_valid_until"] == rotated["old_secret_valid_until"]);
    let test = async |calls: usize| {
        server.post(&format!("{path}/test"), &server.admin, json!({})).await;
        receiver.until(calls).await.remove(calls - 1)
    };
    let call = test(1).await;
    assert_eq!(call.header("webhook-signature"), signed(&call, &[new, old]));
    server.clock.turn(std::time::Duration::from_secs(61));
    let call = test(2).await;
    assert_eq!(call.header("webhook-signature"), signed(&call, &[new]));
    assert!(server.get_json(&path, &server.admin).await["old_secret_valid_until"].is_null());
    // At once: the old one is good for nothing any more.
    let again = json_of(server.post(&rotate, &server.admin, json!({"overlap": 0})).await, 200).await;
    let call = test(3).await;
    assert_eq!(call.header("webhook-signature"), signed(&call, &[again["secret"].as_str().unwrap()]));
    // A day without a body. A repeated request shows no secret.
    let send = || {
        let request = server.http.post(format!("{}{rotate}", server.url)).bearer_auth(&server.admin);
        request.header("Idempotency-Key", "k1").send()
    };
    let first = json_of(send().await.unwrap(), 200).await;
    let second = json_of(send().await.unwrap(), 200).await;
    assert!(first["secret"].is_string() && second["secret"].is_null());
    assert_eq!(first["old_secret_valid_until"], second["old_secret_valid_until"]);
    for (body, field) in [
        (json!({"overlap": 604_801}), "overlap"),
        (json!({"overlap": -1}), "overlap"),
        (json!({"overlap": "1h"}), "overlap"),
        (json!({"overlaps": 1}), "overlaps"),
    ] {
        let refused = json_of(server.post(&rotate, &server.admin, body.clone()).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], field, "{body}: {refused}");
    }
    assert_eq!(server.post("/api/v1/webhooks/999/rotate-secret", &server.admin, json!({})).await.status(), 404);
}
