//! Access tokens of programs: made once, used everywhere within their scopes, ended at once.

use crate::support::databases::on_both;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const TOKENS: &str = "/api/v1/access-tokens";
const SOCKET: &str = "/ws/bus-tracking/";

/// Makes a token as the first admin. Returns its number and what the program sends.
async fn make(server: &TestServer, token: Value) -> (i64, String) {
    let mut token = token;
    token["name"] = json!("a program");
    let made = json_of(server.post(TOKENS, &server.admin, token).await, 201).await;
    (made["id"].as_i64().unwrap(), made["token"].as_str().unwrap().to_owned())
}

async fn status(server: &TestServer, method: Method, path: &str, token: &str, body: Option<Value>) -> u16 {
    server.call(method, path, token, body).await.status().as_u16()
}

on_both!(
    a_token_is_shown_once_and_listed_without_its_secret,
    a_repeated_request_makes_no_second_token_and_shows_none,
    a_removed_token_ends_its_sockets_and_is_refused,
    a_tokens_last_use_is_noted_once_a_minute,
    a_token_outlives_its_maker_and_locking_that_out_names_it,
);

async fn a_token_is_shown_once_and_listed_without_its_secret(database: crate::support::databases::Database) {
    let server = database.start().await;
    let before = server.clock.clock().now().unix_ms();
    let (id, secret) =
        make(&server, json!({"scopes": ["read", "ingest", "read"], "expires_at": "2099-01-01T00:00:00Z"})).await;
    assert!(secret.starts_with("mp_") && secret.len() >= 3 + 27, "at least 160 bits: {secret}");
    let listed = server.get_json(TOKENS, &server.admin).await;
    let expected = json!([{
        "id": id, "name": "a program", "scopes": ["read", "ingest"], "vehicle_ids": null, "created_by": 1,
        "created_at": listed["items"][0]["created_at"], "expires_at": "2099-01-01T00:00:00.000Z", "last_used_at": null,
    }]);
    assert_eq!(listed["items"], expected);
    assert!(before > 0 && !listed.to_string().contains("mp_"));
}

async fn a_repeated_request_makes_no_second_token_and_shows_none(database: crate::support::databases::Database) {
    let server = database.start().await;
    let send = async || {
        let body = json!({"name": "again", "scopes": ["read"]});
        let request = server.http.post(format!("{}{TOKENS}", server.url)).bearer_auth(&server.admin);
        json_of(request.header("Idempotency-Key", "k1").json(&body).send().await.unwrap(), 201).await
    };
    let (first, again) = (send().await, send().await);
    assert!(first["token"].is_string());
    assert_eq!(again.get("token"), None);
    assert_eq!(first["id"], again["id"]);
    assert_eq!(server.get_json(TOKENS, &server.admin).await["items"].as_array().unwrap().len(), 1);
}

async fn a_removed_token_ends_its_sockets_and_is_refused(database: crate::support::databases::Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    let (removed, secret) = make(&server, json!({"scopes": ["read"]})).await;
    let (_, kept) = make(&server, json!({"scopes": ["read"]})).await;
    let mut watcher = server.watch(SOCKET, &secret).await;
    watcher.settle().await;
    // In the URL, as pages of sockets send it.
    let mut by_url = server.try_watch(&format!("{SOCKET}?token={secret}"), &[]).await.unwrap();
    by_url.settle().await;
    let mut other = server.watch(SOCKET, &kept).await;
    other.settle().await;
    assert_eq!(status(&server, Method::DELETE, &format!("{TOKENS}/{removed}"), &server.admin, None).await, 204);
    assert_eq!(watcher.close_code().await, 1008);
    assert_eq!(by_url.close_code().await, 1008);
    other.settle().await;
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", &secret, None).await, 401);
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", &kept, None).await, 200);
    assert_eq!(status(&server, Method::DELETE, &format!("{TOKENS}/{removed}"), &server.admin, None).await, 404);
}

async fn a_tokens_last_use_is_noted_once_a_minute(database: crate::support::databases::Database) {
    let server = database.start().await;
    let (_, secret) = make(&server, json!({"scopes": ["read"]})).await;
    let last_use = async || server.get_json(TOKENS, &server.admin).await["items"][0]["last_used_at"].clone();
    let used = async || {
        assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", &secret, None).await, 200);
        // The note is written beside the request.
        let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
        loop {
            let last = last_use().await;
            if last.is_string() || tokio::time::Instant::now() > deadline {
                return last;
            }
            tokio::task::yield_now().await;
        }
    };
    let first = used().await;
    assert!(first.is_string(), "the use was never noted");
    server.clock.turn(Duration::from_secs(30));
    assert_eq!(used().await, first, "a use within the minute costs no write");
    server.clock.turn(Duration::from_secs(31));
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", &secret, None).await, 200);
    let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
    while last_use().await == first {
        assert!(tokio::time::Instant::now() < deadline, "the later use was never noted");
        tokio::task::yield_now().await;
    }
}

async fn a_token_outlives_its_maker_and_locking_that_out_names_it(database: crate::support::databases::Database) {
    let server = database.start().await;
    let (ann, login) = server.add_user(json!({"username": "ann", "role": "admin"})).await;
    let made = json_of(server.post(TOKENS, &login, json!({"name": "ann's", "scopes": ["read"]})).await, 201).await;
    let (secret, path) = (made["token"].as_str().unwrap(), format!("/api/v1/users/{ann}"));
    let renamed = server.call(Method::PATCH, &path, &server.admin, Some(json!({"username": "anna"}))).await;
    assert_eq!(json_of(renamed, 200).await.get("access_tokens"), None);
    let locked = server.call(Method::PATCH, &path, &server.admin, Some(json!({"active": false}))).await;
    let locked = json_of(locked, 200).await;
    assert_eq!(locked["access_tokens"][0]["id"], made["id"]);
    assert_eq!(locked["access_tokens"][0].get("token"), None);
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", secret, None).await, 200);
    assert_eq!(status(&server, Method::DELETE, &path, &server.admin, None).await, 204);
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", secret, None).await, 200);
    assert_eq!(server.get_json(TOKENS, &server.admin).await["items"][0]["created_by"], ann);
}

#[tokio::test]
async fn a_token_expires_with_its_sockets() {
    let server = TestServer::start().await;
    let ends = server.clock.clock().now().plus_ms(60_000);
    let (_, secret) = make(&server, json!({"scopes": ["read"], "expires_at": ends.unix_ms()})).await;
    let mut watcher = server.watch(SOCKET, &secret).await;
    watcher.settle().await;
    server.clock.turn(Duration::from_secs(50));
    watcher.settle().await;
    server.clock.turn(Duration::from_secs(10));
    assert_eq!(watcher.close_code().await, 1008);
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", &secret, None).await, 401);
    assert_eq!(server.try_watch(&format!("{SOCKET}?token={secret}"), &[]).await.err().unwrap(), 403);
}

#[tokio::test]
async fn tokens_without_scope_name_or_future_are_refused() {
    let server = TestServer::start().await;
    for refused in [
        json!({"name": "x"}),
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["admin"]}),
        json!({"name": "x", "scopes": ["read", "write"]}),
        json!({"name": "", "scopes": ["read"]}),
        json!({"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}),
        json!({"name": "x", "scopes": ["read"], "expires_at": "soon"}),
        json!({"name": "x", "scopes": ["read"], "vehicle_ids": []}),
        json!({"name": "x", "scopes": ["read"], "vehicle_ids": ["a/b"]}),
    ] {
        assert_eq!(status(&server, Method::POST, TOKENS, &server.admin, Some(refused.clone())).await, 422, "{refused}");
    }
    assert_eq!(server.get_json(TOKENS, &server.admin).await["items"], json!([]));
    for unknown in ["mp_", "mp_nothing", "mp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(status(&server, Method::GET, "/api/v1/vehicles", unknown, None).await, 401, "{unknown}");
    }
}

#[tokio::test]
async fn only_admins_see_make_and_remove_tokens() {
    let server = TestServer::start().await;
    let (id, all) = make(&server, json!({"scopes": ["read", "ingest", "manage"]})).await;
    let (_, manager) = server.add_user(json!({"username": "mia", "role": "manager"})).await;
    let path = format!("{TOKENS}/{id}");
    for token in [&all, &manager] {
        let new = json!({"name": "x", "scopes": ["read"]});
        assert_eq!(status(&server, Method::POST, TOKENS, token, Some(new)).await, 403);
        assert_eq!(status(&server, Method::GET, TOKENS, token, None).await, 403);
        assert_eq!(status(&server, Method::DELETE, &path, token, None).await, 403);
    }
    // Nor does a program make a login that could make tokens.
    let user = |role: &str| json!({"username": role, "role": role, "password": "open sesame"});
    assert_eq!(status(&server, Method::POST, "/api/v1/users", &all, Some(user("driver"))).await, 201);
    assert_eq!(status(&server, Method::POST, "/api/v1/users", &all, Some(user("admin"))).await, 403);
    let promoted = server.call(Method::PATCH, "/api/v1/users/2", &all, Some(json!({"role": "admin"}))).await;
    assert_eq!(promoted.status(), 403);
    let taken_over =
        server.call(Method::PATCH, "/api/v1/users/1", &all, Some(json!({"password": "open sesame"}))).await;
    assert_eq!(taken_over.status(), 403);
}

#[tokio::test]
async fn a_token_for_some_vehicles_reaches_these_alone() {
    let server = TestServer::start().await;
    for bus in ["b1", "b2"] {
        server.add_bus(bus).await;
        server.report(bus, 1.0, 2.0, "2026-01-01T00:00:00Z").await;
    }
    let (_, secret) = make(&server, json!({"scopes": ["read", "ingest", "manage"], "vehicle_ids": ["b1"]})).await;
    let listed = server.get_json("/api/v1/vehicles", &secret).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles/b2", &secret, None).await, 404);
    assert_eq!(status(&server, Method::GET, "/api/v1/vehicles/b2/positions", &secret, None).await, 404);
    let position = |bus: &str| json!({"vehicle_id": bus, "latitude": 3, "longitude": 4});
    assert_eq!(status(&server, Method::POST, "/api/v1/positions", &secret, Some(position("b1"))).await, 201);
    assert_eq!(status(&server, Method::POST, "/api/v1/positions", &secret, Some(position("b2"))).await, 403);
    let label = Some(json!({"label": "x"}));
    assert_eq!(status(&server, Method::PATCH, "/api/v1/vehicles/b1", &secret, label.clone()).await, 200);
    assert_eq!(status(&server, Method::PATCH, "/api/v1/vehicles/b2", &secret, label).await, 403);
    let new = json!({"id": "b3", "kind": "bus", "label": "b3"});
    assert_eq!(status(&server, Method::POST, "/api/v1/vehicles", &secret, Some(new)).await, 403);
    for path in ["users", "devices", "geofences", "webhooks", "parcels", "cadets", "alerts", "dashboard"] {
        assert_eq!(status(&server, Method::GET, &format!("/api/v1/{path}"), &secret, None).await, 403, "{path}");
    }
    let mut watcher = server.watch(SOCKET, &secret).await;
    assert_eq!(watcher.next_bus().await, "b1");
    watcher.settle().await;
    let mut fleet = server.watch("/ws/tracking?company_id=default", &secret).await;
    assert_eq!(fleet.next().await["type"], "connection_established");
    // Its list loses a vehicle that is removed: one made anew under that name is not in it.
    assert_eq!(status(&server, Method::DELETE, "/api/v1/vehicles/b1", &server.admin, None).await, 204);
    assert_eq!(watcher.close_code().await, 1012);
    server.add_bus("b1").await;
    assert_eq!(server.get_json("/api/v1/vehicles", &secret).await["items"], json!([]));
}

#[tokio::test]
async fn a_socket_needs_the_scope_to_read() {
    let server = TestServer::start().await;
    let (_, secret) = make(&server, json!({"scopes": ["ingest", "manage"]})).await;
    let header = format!("Bearer {secret}");
    for path in [SOCKET, "/ws/tracking?company_id=default"] {
        assert_eq!(server.try_watch(path, &[("Authorization", &header)]).await.err().unwrap(), 403, "{path}");
    }
    for path in [format!("/ws/updates/?token={secret}"), format!("/ws/tracking/?parcel_id=1&token={secret}")] {
        let mut refused = server.try_watch(&path, &[]).await.unwrap();
        assert!(refused.close_code().await >= 4000, "{path}");
    }
}
