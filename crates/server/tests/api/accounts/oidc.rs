//! People log in at an identity provider, which the test plays with real signatures over HTTP.

use crate::support::databases::{Database, on_both};
use crate::support::signing::sign_with_key;
use crate::support::{TestServer, json_of};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

on_both!(
    a_person_is_known_by_issuer_and_subject,
    groups_become_roles_and_are_taken_away_at_the_next_login,
    a_role_that_is_taken_away_is_gone_within_a_quarter_of_an_hour,
    a_verified_address_links_one_account_and_no_other_claim_does,
    the_provider_ends_sessions_with_their_sockets,
    passwords_can_be_closed_but_for_the_first_user,
);

struct Provider {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    issuer: Mutex<String>,
    private_key: Vec<u8>,
    point: Vec<u8>,
    key_id: Mutex<&'static str>,
    /// The claims of the next ID token, over what every ID token has.
    claims: Mutex<Value>,
    userinfo: Mutex<Value>,
    /// Whether logins get a refresh token, and the one that is good now.
    refresh: Mutex<Option<String>>,
    /// The nonce and code challenge of each code.
    codes: Mutex<HashMap<String, (String, String)>>,
}

impl Provider {
    async fn start() -> Self {
        let random = SystemRandom::new();
        let private_key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private_key.as_ref(), &random).unwrap();
        let shared = Arc::new(Shared {
            issuer: Mutex::default(),
            private_key: private_key.as_ref().to_vec(),
            point: pair.public_key().as_ref().to_vec(),
            key_id: Mutex::new("one"),
            claims: Mutex::new(json!({})),
            userinfo: Mutex::new(json!({})),
            refresh: Mutex::default(),
            codes: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        *shared.issuer.lock().unwrap() = url.clone();
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/jwks", get(keys))
            .route("/token", post(exchange))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, shared }
    }

    fn says(&self, claims: Value) {
        *self.shared.claims.lock().unwrap() = claims;
    }

    fn sign(&self, claims: &Value) -> String {
        self.shared.sign(claims)
    }

    /// Gives a code to whoever is sent to this URL, as somebody's login does.
    fn code_for(&self, authorization: &str) -> String {
        let url = reqwest::Url::parse(authorization).unwrap();
        assert!(authorization.starts_with(&format!("{}/authorize?", self.url)), "{authorization}");
        let values: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(values["response_type"], "code");
        assert_eq!(
            (values["code_challenge_method"].as_str(), values["scope"].as_str()),
            ("S256", "openid profile email")
        );
        assert_eq!(values["redirect_uri"], "https://track.example.org/auth/oidc/callback");
        let mut codes = self.shared.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), (values["nonce"].clone(), values["code_challenge"].clone()));
        format!("code={code}&state={}", values["state"])
    }
}

impl Shared {
    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "kid": *self.key_id.lock().unwrap()});
        sign_with_key(&header, claims, &self.private_key)
    }
}

async fn describe(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let url = shared.issuer.lock().unwrap().clone();
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "userinfo_endpoint": format!("{url}/userinfo"),
    }))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let (x, y) = shared.point[1..].split_at(32);
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let kid = *shared.key_id.lock().unwrap();
    Json(json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": kid, "x": encode(x), "y": encode(y)}]}))
}

async fn userinfo(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let claims = shared.userinfo.lock().unwrap().clone();
    let subject = shared.claims.lock().unwrap()["sub"].clone();
    Json(if claims == json!({}) { json!({ "sub": subject }) } else { claims })
}

async fn exchange(
    State(shared): State<Arc<Shared>>,
    headers: axum::http::HeaderMap,
    body: String,
) -> axum::response::Response {
    let values: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let basic = base64::engine::general_purpose::STANDARD.encode("milepost:s%2Fcret");
    assert_eq!(headers["authorization"], format!("Basic {basic}"));
    let refused = || (axum::http::StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    let now = crate::support::signing::now_ms() / 1_000;
    let mut claims: Map<String, Value> = serde_json::from_value(json!({
        "iss": *shared.issuer.lock().unwrap(), "aud": "milepost", "iat": now, "exp": now + 7 * 24 * 3_600,
    }))
    .unwrap();
    claims.extend(shared.claims.lock().unwrap().as_object().unwrap().clone());
    if values["grant_type"] == "refresh_token" {
        let mut good = shared.refresh.lock().unwrap();
        if good.as_ref() != Some(&values["refresh_token"]) {
            return refused();
        }
        let next = format!("{}x", values["refresh_token"]);
        *good = Some(next.clone());
        let id_token = shared.sign(&Value::Object(claims));
        return Json(json!({"id_token": id_token, "access_token": "x", "refresh_token": next})).into_response();
    }
    let Some((nonce, challenge)) = shared.codes.lock().unwrap().remove(&values["code"]) else { return refused() };
    if URL_SAFE_NO_PAD.encode(Sha256::digest(values["code_verifier"].as_bytes())) != challenge {
        return refused();
    }
    claims.entry("nonce").or_insert(nonce.into());
    let mut answer = json!({
        "id_token": shared.sign(&Value::Object(claims)), "access_token": "x", "token_type": "Bearer",
    });
    if let Some(token) = &*shared.refresh.lock().unwrap() {
        answer["refresh_token"] = json!(token);
    }
    Json(answer).into_response()
}

/// A browser that follows no redirects by itself.
struct Browser(Client);

impl Browser {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(Client::builder().no_proxy().redirect(Policy::none()).build().unwrap())
    }

    async fn get(&self, server: &TestServer, path: &str, cookie: &str) -> Response {
        self.0.get(format!("{}{path}", server.url)).header("Cookie", cookie).send().await.unwrap()
    }

    /// Begins a login. Returns the provider's URL and the cookie.
    async fn begin(&self, server: &TestServer) -> (String, String) {
        let begun = self.get(server, "/auth/oidc/start?return_to=/live", "").await;
        assert_eq!(begun.status(), 302);
        (begun.headers()["location"].to_str().unwrap().to_owned(), cookie_of(&begun, "milepost_login"))
    }

    /// Logs in. Returns the session's cookie, or the refusal.
    async fn log_in(&self, server: &TestServer, provider: &Provider) -> Result<String, (u16, String)> {
        let (url, cookie) = self.begin(server).await;
        let answer = provider.code_for(&url);
        let ended = self.get(server, &format!("/auth/oidc/callback?{answer}"), &cookie).await;
        if ended.status() == 302 {
            assert_eq!(ended.headers()["location"], "/live");
            return Ok(cookie_of(&ended, "milepost_session"));
        }
        let status = ended.status().as_u16();
        Err((status, json_of(ended, status).await["detail"].as_str().unwrap().to_owned()))
    }

    async fn me(&self, server: &TestServer, cookie: &str) -> Value {
        json_of(self.get(server, "/auth/me", cookie).await, 200).await
    }
}

fn cookie_of(response: &Response, name: &str) -> String {
    let cookies = response.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let found = cookies.map(|cookie| cookie.split(';').next().unwrap()).find(|cookie| cookie.starts_with(name));
    found.unwrap_or_else(|| panic!("no cookie {name}")).to_owned()
}

async fn start(database: Database, provider: &Provider, more: &[(&'static str, &str)]) -> TestServer {
    let settings = [
        ("OIDC_ISSUER", provider.url.as_str()),
        ("OIDC_CLIENT_ID", "milepost"),
        ("OIDC_CLIENT_SECRET", "s/cret"),
        ("PUBLIC_URL", "https://track.example.org"),
    ];
    database.start_with(&[&settings, more].concat()).await
}

async fn a_person_is_known_by_issuer_and_subject(database: Database) {
    let (provider, browser) = (Provider::start().await, Browser::new());
    let server = start(database, &provider, &[]).await;
    let providers = server.get_json("/auth/providers", "").await;
    assert_eq!(providers[0]["start_url"], "https://track.example.org/auth/oidc/start");
    server.add_user(json!({"username": "ann", "role": "admin", "email": "ann@example.org"})).await;
    // Neither a name nor an address opens somebody else's account.
    provider.says(json!({
        "sub": "u-1", "preferred_username": "ann", "email": "ann@example.org", "email_verified": true, "groups": ["admin"],
    }));
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    let me = browser.me(&server, &cookie).await;
    assert_eq!((&me["username"], &me["role"], &me["tenant"]), (&json!("ann-2"), &json!("parent"), &json!("default")));
    provider.says(json!({"sub": "u-1", "preferred_username": "renamed"}));
    let again = browser.log_in(&server, &provider).await.unwrap();
    assert_eq!(browser.me(&server, &again).await["id"], me["id"], "the same person under another name");
    // A role that an admin gives here stays.
    let path = format!("/api/v1/users/{}", me["id"]);
    let given = server.call(reqwest::Method::PATCH, &path, &server.admin, Some(json!({"role": "manager"}))).await;
    assert_eq!(given.status(), 200);
    let again = browser.log_in(&server, &provider).await.unwrap();
    assert_eq!(browser.me(&server, &again).await["role"], "manager");
    let out = server.call(reqwest::Method::PATCH, &path, &server.admin, Some(json!({"active": false}))).await;
    assert_eq!(out.status(), 200);
    assert_eq!(browser.log_in(&server, &provider).await.unwrap_err().0, 403);
}

async fn groups_become_roles_and_are_taken_away_at_the_next_login(database: Database) {
    let (provider, browser) = (Provider::start().await, Browser::new());
    let roles = [("OIDC_ROLES", "fleet-admins=admin,drivers=driver"), ("OIDC_TENANT_CLAIM", "org")];
    let server = start(database, &provider, &roles).await;
    provider.says(json!({"sub": "u-1", "org": "acme", "groups": ["drivers", "fleet-admins"]}));
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    let me = browser.me(&server, &cookie).await;
    assert_eq!((&me["role"], &me["tenant"]), (&json!("admin"), &json!("acme")));
    let mut watcher = server.try_watch("/ws/bus-tracking/", &[("Cookie", &cookie)]).await.unwrap();
    watcher.settle().await;
    provider.says(json!({"sub": "u-1", "org": "acme", "groups": "drivers"}));
    let _other = browser.log_in(&server, &provider).await.unwrap();
    assert_eq!(watcher.close_code().await, 1012, "its rights have changed");
    assert_eq!(browser.me(&server, &cookie).await["role"], "driver", "every session follows");
    for (claims, named) in [
        (json!({"sub": "u-1", "org": "acme", "groups": ["Drivers"]}), "groups"),
        (json!({"sub": "u-1", "org": "acme"}), "groups"),
        (json!({"sub": "u-1", "groups": ["drivers"]}), "org"),
        (json!({"sub": "u-1", "org": "bolt", "groups": ["drivers"]}), "another tenant"),
    ] {
        provider.says(claims.clone());
        let (status, detail) = browser.log_in(&server, &provider).await.unwrap_err();
        assert_eq!(status, 403, "{claims}: {detail}");
        assert!(detail.contains(named), "{claims}: {detail}");
    }
    // What the ID token lacks may be in the userinfo, of the same user alone.
    provider.says(json!({"sub": "u-1", "org": "acme"}));
    *provider.shared.userinfo.lock().unwrap() = json!({"sub": "u-1", "groups": ["drivers"]});
    assert!(browser.log_in(&server, &provider).await.is_ok());
    *provider.shared.userinfo.lock().unwrap() = json!({"sub": "u-2", "groups": ["fleet-admins"]});
    assert_eq!(browser.log_in(&server, &provider).await.unwrap_err().0, 502);
}

async fn a_role_that_is_taken_away_is_gone_within_a_quarter_of_an_hour(database: Database) {
    let (provider, browser) = (Provider::start().await, Browser::new());
    *provider.shared.refresh.lock().unwrap() = Some("r".to_owned());
    let settings = [
        ("OIDC_ROLES", "fleet-admins=admin,drivers=driver"),
        ("OIDC_TENANT_CLAIM", "org"),
        // The clock is turned on for hours, and sockets are to stay.
        ("WS_PING_PERIOD", "23h"),
        ("WS_PONG_WAIT", "24h"),
    ];
    let server = start(database, &provider, &settings).await;
    provider.says(json!({"sub": "u-1", "org": "default", "groups": ["fleet-admins"]}));
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    let mut socket = server.try_watch("/ws/bus-tracking/", &[("Cookie", &cookie)]).await.unwrap();
    socket.settle().await;
    let role = async |cookie: &str| {
        let me = browser.get(&server, "/auth/me", cookie).await;
        if me.status() == 200 { me.json::<Value>().await.unwrap()["role"].clone() } else { Value::Null }
    };
    let checked = async || {
        let before = provider.shared.refresh.lock().unwrap().clone();
        turn_until(&server, "it is not asked", async || *provider.shared.refresh.lock().unwrap() != before).await;
    };
    let until = async |expected: Value, cookie: &str| {
        turn_until(&server, "the role stays", async || role(cookie).await == expected).await;
    };
    // Nothing changes while the provider says the same, or answers with what is of another user.
    checked().await;
    *provider.shared.userinfo.lock().unwrap() = json!({"sub": "u-2", "groups": []});
    checked().await;
    *provider.shared.userinfo.lock().unwrap() = json!({});
    checked().await;
    assert_eq!(role(&cookie).await, "admin");
    socket.settle().await;

    provider.says(json!({"sub": "u-2", "org": "default", "groups": []}));
    checked().await;
    assert_eq!(role(&cookie).await, "admin");
    provider.says(json!({"sub": "u-1", "org": "default", "groups": ["drivers"]}));
    until(json!("driver"), &cookie).await;
    assert_eq!(socket.close_code().await, 1012, "its rights have changed");
    provider.says(json!({"sub": "u-1", "org": "default", "groups": []}));
    until(Value::Null, &cookie).await;

    provider.says(json!({"sub": "u-1", "org": "default", "groups": ["drivers"]}));
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    provider.says(json!({"sub": "u-1", "org": "other", "groups": ["drivers"]}));
    until(Value::Null, &cookie).await;

    provider.says(json!({"sub": "u-1", "org": "default", "groups": ["drivers"]}));
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    *provider.shared.refresh.lock().unwrap() = Some("ended there".to_owned());
    until(Value::Null, &cookie).await;

    // Without a refresh token the userinfo tells it.
    *provider.shared.refresh.lock().unwrap() = None;
    provider.says(json!({"sub": "u-1", "org": "default"}));
    *provider.shared.userinfo.lock().unwrap() = json!({"sub": "u-1", "groups": ["fleet-admins"]});
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    *provider.shared.userinfo.lock().unwrap() = json!({"sub": "u-1", "groups": ["drivers"]});
    until(json!("driver"), &cookie).await;
    *provider.shared.userinfo.lock().unwrap() = json!({"sub": "u-1"});
    until(Value::Null, &cookie).await;
}

/// Turns the server's clock on until something is so.
async fn turn_until(server: &TestServer, otherwise: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "{otherwise}");
        server.clock.turn(std::time::Duration::from_secs(15));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn a_verified_address_links_one_account_and_no_other_claim_does(database: Database) {
    let (provider, browser) = (Provider::start().await, Browser::new());
    let server = start(database, &provider, &[("OIDC_LINK_EMAIL", "verified")]).await;
    let (ann, _) = server.add_user(json!({"username": "ann", "role": "admin", "email": "ann@example.org"})).await;
    for (number, verified) in [json!(false), json!("true"), json!(1), Value::Null].into_iter().enumerate() {
        provider.says(json!({"sub": format!("x-{number}"), "email": "ann@example.org", "email_verified": verified}));
        let cookie = browser.log_in(&server, &provider).await.unwrap();
        assert_ne!(browser.me(&server, &cookie).await["id"], ann, "{verified}");
    }
    provider.says(json!({"sub": "u-1", "email": "ANN@example.org", "email_verified": true}));
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    assert_eq!(browser.me(&server, &cookie).await["id"], ann);
    // Another subject with that address gets an account of its own.
    provider.says(json!({"sub": "u-2", "email": "ann@example.org", "email_verified": true}));
    let cookie = browser.log_in(&server, &provider).await.unwrap();
    assert_ne!(browser.me(&server, &cookie).await["id"], ann);
}

async fn the_provider_ends_sessions_with_their_sockets(database: Database) {
    let (provider, browser) = (Provider::start().await, Browser::new());
    let server = start(database, &provider, &[("OIDC_ROLES", "m=manager")]).await;
    let mut sessions = Vec::new();
    for (sub, sid) in [("u-1", "s-1"), ("u-1", "s-2"), ("u-2", "s-3")] {
        provider.says(json!({"sub": sub, "sid": sid, "groups": ["m"]}));
        let cookie = browser.log_in(&server, &provider).await.unwrap();
        let mut watcher = server.try_watch("/ws/bus-tracking/", &[("Cookie", &cookie)]).await.unwrap();
        watcher.settle().await;
        sessions.push((cookie, watcher));
    }
    let now = server.clock.clock().now().unix_ms() / 1_000;
    let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let token = |more: Value| {
        let mut claims = json!({"iss": provider.url, "aud": "milepost", "iat": now, "jti": "1", "events": event});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let send = async |token: String| {
        let request = server.http.post(format!("{}/auth/oidc/backchannel-logout", server.url));
        let body = format!("logout_token={token}");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(body);
        request.send().await.unwrap().status().as_u16()
    };
    let other = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let forged = sign_with_key(&json!({"alg": "ES256", "kid": "one"}), &token(json!({"sub": "u-1"})), other.as_ref());
    for bad in [
        forged,
        provider.sign(&token(json!({"sub": "u-1", "nonce": "n"}))),
        provider.sign(&token(json!({"sub": "u-1", "events": {}}))),
        provider.sign(&token(json!({"sub": "u-1", "aud": "other"}))),
        provider.sign(&token(json!({"sub": "u-1", "iss": "https://other.example"}))),
        provider.sign(&token(json!({"sub": "u-1", "iat": now - 3_600}))),
        provider.sign(&token(json!({}))),
        "x".to_owned(),
    ] {
        assert_eq!(send(bad).await, 400);
    }
    assert_eq!(send(provider.sign(&token(json!({"sid": "s-1"})))).await, 200);
    assert_eq!(sessions[0].1.close_code().await, 1008);
    sessions[1].1.settle().await;
    assert_eq!(send(provider.sign(&token(json!({"sub": "u-1"})))).await, 200);
    assert_eq!(sessions[1].1.close_code().await, 1008);
    sessions[2].1.settle().await;
    assert_eq!(send(provider.sign(&token(json!({"sub": "nobody"})))).await, 200);
    assert_eq!(browser.get(&server, "/auth/me", &sessions[1].0).await.status(), 401);
    assert_eq!(browser.get(&server, "/auth/me", &sessions[2].0).await.status(), 200);
}

async fn passwords_can_be_closed_but_for_the_first_user(database: Database) {
    let (provider, browser) = (Provider::start().await, Browser::new());
    let server = start(database, &provider, &[("OIDC_ONLY", "1")]).await;
    let ann = json!({"username": "ann", "role": "manager", "password": "open sesame"});
    json_of(server.post("/api/v1/users", &server.admin, ann).await, 201).await;
    for (name, password, status) in
        [("ann", "open sesame", 403), ("ann", "x", 403), ("nobody", "x", 403), ("admin", "x", 401)]
    {
        let login = json!({"username": name, "password": password});
        for path in ["/auth/login", "/api/token"] {
            assert_eq!(server.post(path, "", login.clone()).await.status(), status, "{name} {path}");
        }
    }
    server.log_in("admin", &server.password).await;
    provider.says(json!({"sub": "u-1"}));
    assert!(browser.log_in(&server, &provider).await.is_ok());
}

#[tokio::test]
async fn an_answer_is_good_once_in_the_browser_that_asked() {
    let (provider, browser) = (Provider::start().await, Browser::new());
    let server = start(Database::Sqlite, &provider, &[]).await;
    provider.says(json!({"sub": "u-1"}));
    for wrong in ["//evil.example", "https://evil.example", "/\\evil.example", "live"] {
        let refused = browser.get(&server, &format!("/auth/oidc/start?return_to={wrong}"), "").await;
        assert_eq!(refused.status(), 400, "{wrong}");
    }
    let end = async |answer: &str, cookie: &str| {
        browser.get(&server, &format!("/auth/oidc/callback?{answer}"), cookie).await.status().as_u16()
    };
    let (url, cookie) = browser.begin(&server).await;
    let answer = provider.code_for(&url);
    assert_eq!(end(&answer, "").await, 400, "another browser");
    let (_, others) = browser.begin(&server).await;
    assert_eq!(end(&answer, &others).await, 400, "another login");
    assert_eq!(end(&answer, &format!("{cookie}x")).await, 400, "a changed cookie");
    assert_eq!(end(&answer, &cookie).await, 302);
    assert_eq!(end(&answer, &cookie).await, 400, "the same code again");
    // A code of one login in another one: the verifier and the nonce are other ones.
    let (first, second) = (browser.begin(&server).await, browser.begin(&server).await);
    let (stolen, own) = (provider.code_for(&first.0), provider.code_for(&second.0));
    let state = own.split_once("&state=").unwrap().1;
    let code = stolen.split('&').next().unwrap();
    assert_eq!(end(&format!("{code}&state={state}"), &second.1).await, 400);
    for (claims, what) in [
        (json!({"sub": "u-1", "nonce": "other"}), "nonce"),
        (json!({"sub": "u-1", "aud": "other"}), "audience"),
        (json!({"sub": "u-1", "iss": "https://other.example"}), "issuer"),
        (json!({"sub": "u-1", "exp": 1}), "expired"),
        (json!({"sub": ""}), "subject"),
    ] {
        provider.says(claims);
        assert_eq!(browser.log_in(&server, &provider).await.unwrap_err().0, 400, "{what}");
    }
    let (_, cookie) = browser.begin(&server).await;
    let (url, _) = browser.begin(&server).await;
    let _ = url;
    assert_eq!(end("error=access_denied&state=x", &cookie).await, 400, "a state of nobody");
    let (url, cookie) = browser.begin(&server).await;
    let state =
        reqwest::Url::parse(&url).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert_eq!(end(&format!("error=access_denied&state={state}"), &cookie).await, 403);
    // The provider signs with a new key from now on.
    provider.says(json!({"sub": "u-1"}));
    *provider.shared.key_id.lock().unwrap() = "two";
    server.clock.turn(std::time::Duration::from_secs(31));
    assert!(browser.log_in(&server, &provider).await.is_ok());
}

#[tokio::test]
async fn a_provider_that_is_away_keeps_nobody_from_starting() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let settings =
        [("OIDC_ISSUER", url.as_str()), ("OIDC_CLIENT_ID", "milepost"), ("PUBLIC_URL", "https://track.example.org")];
    let server = TestServer::start_with(&settings).await;
    let browser = Browser::new();
    assert_eq!(browser.get(&server, "/auth/oidc/start", "").await.status(), 503);
    server.log_in("admin", &server.password).await;
    let without = TestServer::start().await;
    assert_eq!(browser.get(&without, "/auth/oidc/start", "").await.status(), 404);
    assert_eq!(without.get_json("/auth/providers", "").await, json!([]));
}
