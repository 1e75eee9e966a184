//! Section 2 of the contract: which credential counts, and when it stops to count.

use crate::support::signing::sign_with_secret;
use crate::support::{SECRET, TestServer, fresh_postgres, http_client, json_of};
use reqwest::Method;
use serde_json::{Value, json};

fn signed(claims: &Value, secret: &str) -> String {
    sign_with_secret(claims, secret.as_bytes())
}

/// The year 2100.
const FAR: i64 = 4_102_444_800;

#[tokio::test]
async fn tokens_and_refreshed_tokens_open_the_api() {
    let server = TestServer::start().await;
    let body = json!({ "username": "admin", "password": server.password });
    let pair = json_of(server.post("/api/token", "", body).await, 200).await;
    let (access, refresh) = (pair["access"].as_str().unwrap(), pair["refresh"].as_str().unwrap());
    assert_eq!(server.get("/auth/me", access).await.status(), 200);
    assert_eq!(server.get("/auth/me", refresh).await.status(), 401);
    let again = json_of(server.post("/api/token/refresh", "", json!({ "refresh": refresh })).await, 200).await;
    assert_eq!(server.get("/auth/me", again["access"].as_str().unwrap()).await.status(), 200);
    assert_eq!(server.post("/api/token/refresh", "", json!({ "refresh": access })).await.status(), 401);
}

#[tokio::test]
async fn a_new_password_ends_sessions_and_tokens_of_the_old_one() {
    let server = TestServer::start().await;
    let (id, access) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let login = json!({"username": "ann", "password": "open sesame"});
    let pair = json_of(server.post("/api/token", "", login).await, 200).await;
    let mut watcher = server.watch("/ws/bus-tracking/", &access).await;
    watcher.settle().await;
    let patch = json!({"password": "close sesame"});
    server.call(Method::PATCH, &format!("/api/v1/users/{id}"), &server.admin, Some(patch)).await;
    assert_eq!(watcher.close_code().await, 1008);
    let refresh = json!({"refresh": pair["refresh"]});
    assert_eq!(server.post("/api/token/refresh", "", refresh).await.status(), 401);
    let login = json!({"username": "ann", "password": "close sesame"});
    let pair = json_of(server.post("/api/token", "", login).await, 200).await;
    let refresh = json!({"refresh": pair["refresh"]});
    assert_eq!(server.post("/api/token/refresh", "", refresh).await.status(), 200);
}

#[tokio::test]
async fn a_wrong_password_says_so_and_names_no_user() {
    let server = TestServer::start().await;
    let wrong = json_of(server.post("/api/token", "", json!({"username": "admin", "password": "x"})).await, 401).await;
    let nobody =
        json_of(server.post("/api/token", "", json!({"username": "nobody", "password": "x"})).await, 401).await;
    assert_eq!(wrong["detail"], nobody["detail"]);
    assert!(wrong["detail"].is_string());
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down() {
    let server = TestServer::start().await;
    let guess = json!({ "username": "admin", "password": "guess" });
    let mut refused = None;
    for _ in 0..20 {
        let response = server.post("/api/token", "", guess.clone()).await;
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("the twentieth guess at the latest");
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
}

#[tokio::test]
async fn the_session_cookie_opens_the_api_until_logout() {
    let server = TestServer::start().await;
    let login = json!({ "username": "admin", "password": server.password });
    let response = server.post("/auth/login", "", login).await;
    assert_eq!(response.status(), 204);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("milepost_session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let call = |method: Method, path: &str, origin: Option<&str>| {
        let mut request = server.http.request(method, format!("{}{path}", server.url)).header("Cookie", &cookie);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        request.send()
    };
    assert_eq!(call(Method::GET, "/auth/me", None).await.unwrap().status(), 200);
    // A foreign page may not act with the visitor's cookie, nor open a socket with it.
    let post = call(Method::POST, "/api/v1/tenants", Some("https://evil.example")).await.unwrap();
    assert_eq!(post.status(), 403);
    let read = call(Method::GET, "/auth/me", Some("https://evil.example")).await.unwrap();
    assert_eq!(read.status(), 403);
    let socket =
        server.try_watch("/ws/bus-tracking/", &[("Cookie", &cookie), ("Origin", "https://evil.example")]).await;
    assert_eq!(socket.err().unwrap(), 403);
    let own = server.try_watch("/ws/bus-tracking/", &[("Cookie", &cookie), ("Origin", &server.url)]).await;
    assert!(own.is_ok());
    assert_eq!(call(Method::POST, "/auth/logout", None).await.unwrap().status(), 204);
    assert_eq!(call(Method::GET, "/auth/me", None).await.unwrap().status(), 401);
}

#[tokio::test]
async fn signed_claims_count_unless_the_user_is_stored() {
    let server = TestServer::start().await;
    let stranger = signed(&json!({"sub": "7001", "role": "manager", "company_id": "acme", "exp": FAR}), SECRET);
    let me = server.get_json("/auth/me", &stranger).await;
    assert_eq!(
        (me["role"].as_str(), me["tenant"].as_str(), me["id"].as_i64()),
        (Some("manager"), Some("acme"), Some(7001))
    );
    // User 1 is the superadmin, whatever a token says about its role.
    let claims_parent = signed(&json!({"user_id": 1, "role": "parent", "exp": FAR}), SECRET);
    assert_eq!(server.get_json("/auth/me", &claims_parent).await["role"], "superadmin");
}

#[tokio::test]
async fn forged_expired_and_unsigned_tokens_are_refused() {
    let server = TestServer::start().await;
    let check = async |token: String| assert_eq!(server.get("/auth/me", &token).await.status(), 401, "{token}");
    check(signed(&json!({"sub": "1", "role": "admin", "exp": FAR}), "another secret, also longer than 32 bytes")).await;
    check(signed(&json!({"sub": "1", "role": "admin", "exp": 1_000_000_000}), SECRET)).await;
    check(signed(&json!({"sub": "1", "role": "admin"}), SECRET)).await;
    check(signed(&json!({"sub": "9", "role": "emperor", "exp": FAR}), SECRET)).await;
    check(signed(&json!({"sub": "9", "exp": FAR}), SECRET)).await;
    // {"alg":"none"}
    check("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwicm9sZSI6ImFkbWluIiwiZXhwIjo0MTAyNDQ0ODAwfQ.".to_owned()).await;
    check("x".repeat(10_000)).await;
}

async fn control_characters_in_a_name_are_a_bad_credential(settings: &[(&'static str, &str)]) {
    let server = TestServer::start_with(settings).await;
    for subject in ["a\u{0}b", "\u{0}", "a\nb", "\u{7f}", "a\u{85}"] {
        for claim in ["sub", "user_id"] {
            let token = signed(&json!({claim: subject, "role": "admin", "exp": FAR}), SECRET);
            let add = server
                .http
                .post(format!("{}/api/v1/vehicles", server.url))
                .header("Idempotency-Key", "k1")
                .json(&json!({"kind": "bus", "label": "b1"}));
            assert_eq!(add.bearer_auth(&token).send().await.unwrap().status(), 401, "{subject:?}");
            assert_eq!(server.get("/tracking/rider/7", &token).await.status(), 401, "{subject:?}");
        }
        let login = json!({"username": subject, "password": subject});
        assert_eq!(server.post("/api/token", "", login.clone()).await.status(), 401, "{subject:?}");
        assert_eq!(server.post("/auth/login", "", login).await.status(), 401, "{subject:?}");
    }
    let token = signed(&json!({"sub": "Zoë / 7", "role": "admin", "exp": FAR}), SECRET);
    assert_eq!(server.get("/api/v1/vehicles", &token).await.status(), 200);
}

#[tokio::test]
async fn control_characters_in_a_name_are_a_bad_credential_on_sqlite() {
    control_characters_in_a_name_are_a_bad_credential(&[]).await;
}

#[tokio::test]
async fn control_characters_in_a_name_are_a_bad_credential_on_postgres() {
    let Some(database) = fresh_postgres().await else { return };
    control_characters_in_a_name_are_a_bad_credential(&[("DATABASE_URL", &database)]).await;
}

#[tokio::test]
async fn a_removed_users_token_is_refused() {
    let server = TestServer::start().await;
    let (id, token) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    assert_eq!(server.get("/auth/me", &token).await.status(), 200);
    assert_eq!(server.call(Method::DELETE, &format!("/api/v1/users/{id}"), &server.admin, None).await.status(), 204);
    assert_eq!(server.get("/auth/me", &token).await.status(), 401);
}

#[tokio::test]
async fn unapproved_and_inactive_users_are_refused() {
    let server = TestServer::start().await;
    for flag in ["approved", "active"] {
        let mut user = json!({"username": flag, "password": "open sesame", "role": "admin"});
        user[flag] = json!(false);
        json_of(server.post("/api/v1/users", &server.admin, user).await, 201).await;
        let login = server.post("/api/token", "", json!({"username": flag, "password": "open sesame"})).await;
        assert_eq!(login.status(), 401, "{flag}");
    }
}

#[tokio::test]
async fn a_device_key_opens_its_own_kiosk_only() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    server.add_device("k2", "b1").await;
    let ping = json!({"latitude": 1, "longitude": 2, "timestamp": "2025-01-15T10:30:45Z"});
    assert_eq!(server.ping("k1", &key, ping.clone()).await.status(), 201);
    let other = json_of(server.ping("k2", &key, ping.clone()).await, 403).await;
    assert_eq!(other["detail"], "Not authorized for this kiosk");
    assert_eq!(server.ping("k1", "mpd_wrong", ping.clone()).await.status(), 401);
    assert_eq!(server.call(Method::DELETE, "/api/v1/devices/k1", &server.admin, None).await.status(), 204);
    assert_eq!(server.ping("k1", &key, ping).await.status(), 401);
}

#[tokio::test]
async fn a_header_that_a_proxy_asked_for_hides_no_credential() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    let url = |path: &str| format!("{}{path}", server.url);
    for other in ["Basic dXNlcjpwdw==", "Negotiate YII", "Digest username=\"x\""] {
        let ping = http_client().post(url("/api/v1/kiosks/k1/location/")).header("Authorization", other);
        let ping = ping.header("X-Device-Key", &key).json(&json!({"latitude": 1, "longitude": 2}));
        assert_eq!(ping.send().await.unwrap().status(), 201, "{other}");
        let path = format!("/ws/updates/?token={}", server.admin);
        let mut watcher = server.try_watch(&path, &[("Authorization", other)]).await.unwrap();
        assert_eq!(watcher.next().await["type"], "connection_established", "{other}");
        let alone = http_client().get(url("/auth/me")).header("Authorization", other).send().await.unwrap();
        assert_eq!(alone.status(), 401, "{other}");
    }
    let empty = http_client().get(url("/auth/me")).header("Authorization", "Bearer").header("X-Device-Key", &key);
    assert_eq!(empty.send().await.unwrap().status(), 401, "our own scheme without a token is a mistake");
}
