//! Webhooks over the native REST: what is accepted and refused, and who may see them.

use crate::outgoing::calls::start_delivery;
use crate::support::{TestServer, json_of};
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

    for role in ["manager", "parent", "driver", "client", "rider", "merchant", "cadet", "training_staff"] {
        let (_, token) = server.add_user(json!({"username": format!("a-{role}"), "role": role})).await;
        for path in ["/api/v1/webhooks", "/api/v1/outgoing", &hook, &format!("{hook}/deliveries")] {
            assert_eq!(server.get(path, &token).await.status(), 403, "{role} {path}");
        }
        assert_eq!(server.post("/api/v1/webhooks", &token, json!({"url": HOOK})).await.status(), 403, "{role}");
        assert_eq!(server.post(&retry, &token, json!({})).await.status(), 403, "{role}");
        assert_eq!(server.call(Method::DELETE, &hook, &token, None).await.status(), 403, "{role}");
    }
    assert_eq!(server.get("/api/v1/webhooks", "").await.status(), 401);
    // A delivery of another webhook is not found under this one.
    let second = json_of(server.post("/api/v1/webhooks", &server.admin, json!({"url": HOOK})).await, 201).await;
    let astray = format!("/api/v1/webhooks/{}/deliveries/{}/retry", second["id"], dead["id"]);
    assert_eq!(server.post(&astray, &server.admin, json!({})).await.status(), 404);
}
