//! Push subscriptions over the native REST: what is accepted and refused, and that each user sees only its own.

use crate::outgoing::push_browser::Browser;
use crate::support::{TestServer, json_of};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

const SUBSCRIPTIONS: &str = "/api/v1/push/subscriptions";
const ENDPOINT: &str = "https://push.example.org/p/JzLQ3raZJfFBR0aqvOMsLrt54w4";

#[tokio::test]
async fn a_browser_is_added_refreshed_listed_and_removed() {
    let server = TestServer::start().await;
    let (_, token) = server.add_user(json!({"username": "ann", "role": "parent"})).await;
    let body = Browser::new(1).subscription(ENDPOINT);
    let added = json_of(server.post(SUBSCRIPTIONS, &token, body.clone()).await, 201).await;
    assert!(added["created_at"].is_string() && added["endpoint"] == ENDPOINT);
    let again = json_of(server.post(SUBSCRIPTIONS, &token, body).await, 200).await;
    assert_eq!(again, added);
    let page = server.get_json(SUBSCRIPTIONS, &token).await;
    assert_eq!(page, json!({"items": [added], "next": null}));
    let path = format!("{SUBSCRIPTIONS}/{}", added["id"]);
    assert_eq!(server.call(Method::DELETE, &path, &token, None).await.status(), 204);
    assert_eq!(server.call(Method::DELETE, &path, &token, None).await.status(), 404);
    assert_eq!(server.get_json(SUBSCRIPTIONS, &token).await["items"], json!([]));
}

#[tokio::test]
async fn users_see_and_remove_only_their_own_browsers() {
    let server = TestServer::start().await;
    let (_, ann) = server.add_user(json!({"username": "ann", "role": "parent"})).await;
    let body = Browser::new(1).subscription(ENDPOINT);
    let anns = json_of(server.post(SUBSCRIPTIONS, &ann, body.clone()).await, 201).await;
    let path = format!("{SUBSCRIPTIONS}/{}", anns["id"]);
    for role in
        ["superadmin", "admin", "manager", "parent", "driver", "client", "rider", "merchant", "cadet", "training_staff"]
    {
        let (_, other) = server.add_user(json!({"username": format!("a-{role}"), "role": role})).await;
        assert_eq!(server.get_json(SUBSCRIPTIONS, &other).await["items"], json!([]), "{role}");
        assert_eq!(server.call(Method::DELETE, &path, &other, None).await.status(), 404, "{role}");
        assert_eq!(server.get("/api/v1/push/key", &other).await.status(), 200, "{role}");
    }
    assert_eq!(server.get_json(SUBSCRIPTIONS, &ann).await["items"][0], anns);
    // After another user has logged in, the browser gets nothing for the first one.
    let (_, bob) = server.add_user(json!({"username": "bob", "role": "parent"})).await;
    let bobs = json_of(server.post(SUBSCRIPTIONS, &bob, body).await, 201).await;
    assert_ne!(bobs["id"], anns["id"]);
    assert_eq!(server.get_json(SUBSCRIPTIONS, &ann).await["items"], json!([]));

    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    let as_device = server.http.get(format!("{}/api/v1/push/key", server.url)).header("X-Device-Key", key).send();
    assert_eq!(as_device.await.unwrap().status(), 403);
    for path in [SUBSCRIPTIONS, "/api/v1/push/key"] {
        assert_eq!(server.get(path, "").await.status(), 401);
    }
    assert_eq!(server.post(SUBSCRIPTIONS, "", json!({})).await.status(), 401);
    for id in ["0", "-1", "x", "99999999999999999999"] {
        let path = format!("{SUBSCRIPTIONS}/{id}");
        assert_eq!(server.call(Method::DELETE, &path, &ann, None).await.status(), 404, "{id}");
    }
}

#[tokio::test]
async fn the_eleventh_browser_replaces_the_one_refreshed_longest_ago() {
    let server = TestServer::start().await;
    let browser = Browser::new(1);
    let subscribe = async |number: usize| {
        let body = browser.subscription(&format!("{ENDPOINT}/{number}"));
        let answer = server.post(SUBSCRIPTIONS, &server.admin, body).await;
        assert!(answer.status().is_success(), "{number}: {}", answer.text().await.unwrap());
    };
    for number in 0..10 {
        subscribe(number).await;
    }
    subscribe(0).await;
    subscribe(10).await;
    let page = server.get_json(SUBSCRIPTIONS, &server.admin).await;
    let kept: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|item| item["endpoint"].as_str().unwrap()).collect();
    let expected: Vec<String> = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10].iter().map(|n| format!("{ENDPOINT}/{n}")).collect();
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn an_invalid_field_is_refused_by_name() {
    let server = TestServer::start_with(&[("MILEPOST_WEBHOOK_ALLOW", "push.internal")]).await;
    let good = Browser::new(1).subscription(ENDPOINT);
    let check = async |body: Value, field: &str| {
        let refused = json_of(server.post(SUBSCRIPTIONS, &server.admin, body.clone()).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], field, "{body}: {refused}");
    };
    check(json!({}), "endpoint").await;
    check(json!({"endpoint": ENDPOINT}), "keys").await;
    check(json!({"endpoint": ENDPOINT, "keys": {}}), "keys.p256dh").await;
    for endpoint in [
        "",
        "push.example.org",
        "http://push.example.org/p",
        "ftp://push.example.org",
        "https://a:b@push.example.org/p",
        "https://push.example.org/p#x",
        "https://localhost/p",
        "https://127.0.0.1/p",
        "https://[::1]/p",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://10.0.0.1/",
        &format!("{ENDPOINT}{}", "x".repeat(2_048)),
    ] {
        check(Browser::new(1).subscription(endpoint), "endpoint").await;
    }
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body["keys"][field] = value;
        body
    };
    let point = good["keys"]["p256dh"].as_str().unwrap();
    let beside = format!("{}{}", &point[..86], if point.ends_with('A') { "E" } else { "A" });
    for wrong in ["", "x", "not base64!", &point[..80], &"A".repeat(87), &beside, &point.repeat(500)] {
        check(with("p256dh", json!(wrong)), "keys.p256dh").await;
    }
    check(with("p256dh", json!(7)), "keys.p256dh").await;
    for wrong in ["", "AAAA", "not base64!", &"A".repeat(43)] {
        check(with("auth", json!(wrong)), "keys.auth").await;
    }
    let page = server.get_json(SUBSCRIPTIONS, &server.admin).await;
    assert_eq!(page["items"], json!([]));
    // Browsers add no padding, but it is accepted. A host that is allowed by name may be used without TLS.
    let padded = with("auth", json!(format!("{}==", good["keys"]["auth"].as_str().unwrap())));
    json_of(server.post(SUBSCRIPTIONS, &server.admin, padded).await, 201).await;
    // Plain base64, with its padding and its other two characters, is accepted as well.
    let bytes = |field: &str| URL_SAFE_NO_PAD.decode(good["keys"][field].as_str().unwrap()).unwrap();
    let mut plain = Browser::new(1).subscription(&format!("{ENDPOINT}/plain"));
    plain["keys"] = json!({"p256dh": STANDARD.encode(bytes("p256dh")), "auth": STANDARD.encode([251; 16])});
    assert!(plain["keys"]["auth"].as_str().unwrap().contains(['+', '/']), "{plain}");
    json_of(server.post(SUBSCRIPTIONS, &server.admin, plain).await, 201).await;
    let internal = Browser::new(1).subscription("http://push.internal:8080/p");
    json_of(server.post(SUBSCRIPTIONS, &server.admin, internal).await, 201).await;
}
