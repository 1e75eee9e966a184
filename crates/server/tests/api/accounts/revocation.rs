//! A socket closes when the right that opened it ends, also when another node ended it.

use crate::support::{TestServer, Watcher, config_in, fresh_postgres, json_of};
use milepost::assembly::Assembly;
use milepost::serve::open_store;
use milepost::{CoreTasks, LogStats};
use milepost_access::hash_secret;
use milepost_domain::UserId;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

const SOCKET: &str = "/ws/bus-tracking/";

/// A server, and a second process on its database that answers requests too.
struct TwoNodes {
    here: TestServer,
    elsewhere: SocketAddr,
    _folder: tempfile::TempDir,
}

impl TwoNodes {
    async fn on(database: &str) -> Self {
        let here = TestServer::start_with(&[("DATABASE_URL", database)]).await;
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path(), &[("DATABASE_URL", database)]);
        // Assembled without the start-up checks, which refuse a second server on one SQLite file.
        let other = Assembly::new(
            &config,
            open_store(&config).await.unwrap(),
            None,
            here.clock.clock(),
            LogStats::default(),
            CoreTasks::default(),
        )
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = listener.local_addr().unwrap();
        let router = other.router(&config);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { here, elsewhere, _folder: folder }
    }

    /// Calls the other node as superadmin.
    async fn elsewhere(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let client = Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}{path}", self.elsewhere);
        let mut request = client.request(method, url).bearer_auth(&self.here.admin);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response
    }
}

/// Runs a test on SQLite and, where there is a server, on PostgreSQL.
async fn on_both(story: impl AsyncFn(TwoNodes)) {
    let folder = tempfile::tempdir().unwrap();
    story(TwoNodes::on(&format!("sqlite://{}", folder.path().join("shared.db").display())).await).await;
    if let Some(url) = fresh_postgres().await {
        story(TwoNodes::on(&url).await).await;
    }
}

/// Within a second of the server's clock the socket is closed.
async fn ends_soon_with(server: &TestServer, watcher: &mut Watcher, code: u16, what: &str) {
    server.clock.turn(Duration::from_secs(1));
    assert_eq!(watcher.close_code().await, code, "{what}");
}

/// Logs in as a browser does, and returns its cookie.
async fn session(url: &str, username: &str, password: &str) -> String {
    let client = Client::builder().no_proxy().build().unwrap();
    let body = json!({ "username": username, "password": password });
    let response = client.post(format!("{url}/auth/login")).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 204);
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn log_out(url: &str, cookie: &str) {
    let client = Client::builder().no_proxy().build().unwrap();
    let response = client.post(format!("{url}/auth/logout")).header("Cookie", cookie).send().await.unwrap();
    assert_eq!(response.status(), 204);
}

#[tokio::test]
async fn a_user_that_another_node_changes_loses_its_sockets_here() {
    on_both(async |nodes: TwoNodes| {
        let cases = [
            (json!({"role": "driver"}), 1012),
            (json!({"vehicle_ids": ["b2"]}), 1012),
            (json!({"cadet_id": 5}), 1012),
            (json!({"active": false}), 1008),
            (json!({"password": "close sesame"}), 1008),
            (Value::Null, 1008),
        ];
        for (number, (change, code)) in cases.into_iter().enumerate() {
            let user = json!({"username": format!("u{number}"), "role": "parent", "vehicle_ids": ["b1"]});
            let (id, token) = nodes.here.add_user(user).await;
            let mut watcher = nodes.here.watch(SOCKET, &token).await;
            watcher.settle().await;
            let path = format!("/api/v1/users/{id}");
            match &change {
                Value::Null => nodes.elsewhere(Method::DELETE, &path, None).await,
                change => nodes.elsewhere(Method::PATCH, &path, Some(change.clone())).await,
            };
            ends_soon_with(&nodes.here, &mut watcher, code, &change.to_string()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_that_leaves_the_rights_alone_leaves_the_socket_open() {
    on_both(async |nodes: TwoNodes| {
        let (id, token) = nodes.here.add_user(json!({"username": "ann", "role": "manager"})).await;
        let mut watcher = nodes.here.watch(SOCKET, &token).await;
        watcher.settle().await;
        nodes.elsewhere(Method::PATCH, &format!("/api/v1/users/{id}"), Some(json!({"username": "anna"}))).await;
        nodes.here.event_feed_caught_up().await;
        watcher.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_superadmin_that_watches_another_tenant_is_revoked_too() {
    on_both(async |nodes: TwoNodes| {
        nodes.here.post("/api/v1/tenants", &nodes.here.admin, json!({"id": "acme", "name": "Acme"})).await;
        let (id, token) = nodes.here.add_user(json!({"username": "root2", "role": "superadmin"})).await;
        let mut watcher = nodes.here.watch(&format!("{SOCKET}?tenant=acme"), &token).await;
        watcher.settle().await;
        nodes.elsewhere(Method::PATCH, &format!("/api/v1/users/{id}"), Some(json!({"active": false}))).await;
        ends_soon_with(&nodes.here, &mut watcher, 1008, "a superadmin that watches another tenant").await;
    })
    .await;
}

#[tokio::test]
async fn a_device_removed_on_another_node_loses_its_sockets_here() {
    on_both(async |nodes: TwoNodes| {
        for bus in ["b1", "b2"] {
            nodes.here.add_bus(bus).await;
        }
        let open = async |device: &str, bus: &str| {
            let key = nodes.here.add_device(device, bus).await;
            let mut watcher = nodes.here.try_watch(SOCKET, &[("X-Device-Key", &key)]).await.unwrap();
            watcher.settle().await;
            watcher
        };
        let mut removed = open("k1", "b1").await;
        let mut vehicle_removed = open("k2", "b2").await;
        let mut kept = open("k3", "b1").await;
        nodes.elsewhere(Method::DELETE, "/api/v1/devices/k1", None).await;
        ends_soon_with(&nodes.here, &mut removed, 1008, "a removed device").await;
        nodes.elsewhere(Method::DELETE, "/api/v1/vehicles/b2", None).await;
        ends_soon_with(&nodes.here, &mut vehicle_removed, 1008, "a device whose vehicle was removed").await;
        kept.settle().await;
    })
    .await;
}

#[tokio::test]
async fn who_was_removed_on_another_node_is_refused_here_within_a_second() {
    on_both(async |nodes: TwoNodes| {
        nodes.here.add_bus("b1").await;
        let key = nodes.here.add_device("k1", "b1").await;
        let (id, token) = nodes.here.add_user(json!({"username": "ann", "role": "manager"})).await;
        let (by_key, by_token) = (("X-Device-Key", key.clone()), ("Authorization", format!("Bearer {token}")));
        let status = async |(header, value): &(&str, String)| {
            let me = nodes.here.http.get(format!("{}/auth/me", nodes.here.url)).header(*header, value);
            me.send().await.unwrap().status()
        };
        // Long after they were read they are believed, or read again: both give the same answer.
        for _ in 0..3 {
            assert!(status(&by_key).await != 401 && status(&by_token).await == 200);
            nodes.here.clock.turn(Duration::from_secs(60));
        }
        nodes.elsewhere(Method::DELETE, "/api/v1/devices/k1", None).await;
        nodes.elsewhere(Method::DELETE, &format!("/api/v1/users/{id}"), None).await;
        nodes.here.clock.turn(Duration::from_secs(1));
        assert_eq!(
            (status(&by_key).await, status(&by_token).await),
            (401.try_into().unwrap(), 401.try_into().unwrap())
        );
    })
    .await;
}

#[tokio::test]
async fn a_removed_vehicle_takes_its_devices_sockets_along() {
    let server = TestServer::start().await;
    server.add_bus("b1").await;
    let key = server.add_device("k1", "b1").await;
    let mut watcher = server.try_watch(SOCKET, &[("X-Device-Key", &key)]).await.unwrap();
    watcher.settle().await;
    assert_eq!(server.call(Method::DELETE, "/api/v1/vehicles/b1", &server.admin, None).await.status(), 204);
    ends_soon_with(&server, &mut watcher, 1008, "a device whose vehicle was removed").await;
}

#[tokio::test]
async fn a_driver_assigned_on_another_node_gets_its_bus_by_connecting_again() {
    on_both(async |nodes: TwoNodes| {
        nodes.here.add_bus("b1").await;
        let (id, token) = nodes.here.add_user(json!({"username": "dan", "role": "driver"})).await;
        let mut watcher = nodes.here.watch(SOCKET, &token).await;
        watcher.settle().await;
        nodes.elsewhere(Method::PATCH, "/api/v1/vehicles/b1", Some(json!({ "driver_id": id }))).await;
        ends_soon_with(&nodes.here, &mut watcher, 1012, "a new driver").await;
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_the_access_tokens_of_the_old_one_and_no_other() {
    let server = TestServer::start().await;
    let (id, old) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    assert_eq!(server.get("/auth/me", &old).await.status(), 200);
    let patch = json!({"password": "close sesame"});
    let path = format!("/api/v1/users/{id}");
    json_of(server.call(Method::PATCH, &path, &server.admin, Some(patch.clone())).await, 200).await;
    // The new token is most likely issued within the same second as the old one.
    let new = server.log_in("ann", "close sesame").await;
    assert_eq!(server.get("/auth/me", &old).await.status(), 401);
    assert_eq!(server.try_watch(SOCKET, &[("Authorization", &format!("Bearer {old}"))]).await.err().unwrap(), 403);
    assert_eq!(server.get("/auth/me", &new).await.status(), 200);
    // Setting the same password again counts as a change, which ends other sessions.
    json_of(server.call(Method::PATCH, &path, &server.admin, Some(patch)).await, 200).await;
    assert_eq!(server.get("/auth/me", &new).await.status(), 401);
    // A change of the user's name does not end sessions.
    let new = server.log_in("ann", "close sesame").await;
    json_of(server.call(Method::PATCH, &path, &server.admin, Some(json!({"username": "anna"}))).await, 200).await;
    assert_eq!(server.get("/auth/me", &new).await.status(), 200);
}

#[tokio::test]
async fn logging_out_ends_the_sockets_of_that_session_alone() {
    on_both(async |nodes: TwoNodes| {
        let (here, password) = (&nodes.here, nodes.here.password.clone());
        let away = format!("http://{}", nodes.elsewhere);
        let open = async || {
            let cookie = session(&here.url, "admin", &password).await;
            let mut watcher = here.try_watch(SOCKET, &[("Cookie", &cookie)]).await.unwrap();
            watcher.settle().await;
            (cookie, watcher)
        };
        let (first, mut by_first) = open().await;
        let (second, mut by_second) = open().await;
        let (_third, mut by_third) = open().await;
        let mut by_token = here.watch(SOCKET, &here.admin).await;
        log_out(&here.url, &first).await;
        ends_soon_with(here, &mut by_first, 1008, "logged out here").await;
        log_out(&away, &second).await;
        ends_soon_with(here, &mut by_second, 1008, "logged out on another node").await;
        by_third.settle().await;
        by_token.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_socket_ends_with_the_session_that_opened_it() {
    let server = TestServer::start().await;
    let (id, secret) = (UserId::new(1).unwrap(), "mps_a session that ends soon");
    let clock = server.clock.clock();
    let ends = clock.now().plus_ms(60_000);
    let session = milepost_store::Session {
        token_hash: hash_secret(secret),
        user: id,
        kind: milepost_store::SessionKind::Browser,
        address: None,
        created_at: server.clock.clock().now(),
        last_seen_at: server.clock.clock().now(),
        confirmed_at: None,
        expires_at: ends,
        provenance: None,
    };
    server.running.assembly.store.add_session(&session).await.unwrap();
    let cookie = format!("milepost_session={secret}");
    let mut watcher = server.try_watch(SOCKET, &[("Cookie", &cookie)]).await.unwrap();
    watcher.settle().await;
    server.clock.turn(Duration::from_secs(50));
    watcher.settle().await;
    server.clock.turn(Duration::from_secs(10));
    let close = watcher.closed().await.expect("a close frame");
    assert_eq!((u16::from(close.code), close.reason.as_str()), (1008, "token expired"));
    assert!(clock.now() >= ends);
    let me = server.http.get(format!("{}/auth/me", server.url)).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(me.status(), 401);
}

#[tokio::test]
async fn a_token_signed_by_the_operator_stays_valid_after_a_new_password() {
    let server = TestServer::start().await;
    let (id, _) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    for issued in [json!({}), json!({"iat": 1_700_000_000})] {
        let mut claims = json!({"sub": id.to_string(), "role": "parent", "exp": 4_102_444_800_i64});
        claims.as_object_mut().unwrap().extend(issued.as_object().unwrap().clone());
        let token = crate::support::signing::sign(&claims);
        let patch = json!({"password": "close sesame"});
        server.call(Method::PATCH, &format!("/api/v1/users/{id}"), &server.admin, Some(patch)).await;
        assert_eq!(server.get_json("/auth/me", &token).await["role"], "manager", "{claims}");
    }
}
