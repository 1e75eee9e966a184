//! A user sees its logins and ends one of them, with everything that was opened with it.

use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{TestServer, http_client, json_of};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    a_user_ends_one_of_its_sessions_and_keeps_the_others,
    an_apps_session_ends_with_both_of_its_tokens,
    the_last_use_of_a_session_is_noted,
    a_session_that_another_node_ends_loses_its_sockets_here,
);

const SOCKET: &str = "/ws/bus-tracking/";

/// Logs in as a browser does, and returns its cookie.
async fn browser(server: &TestServer, name: &str) -> String {
    let login = json!({"username": name, "password": "open sesame"});
    let answer = server.post("/auth/login", "", login).await;
    assert_eq!(answer.status(), 204);
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn app(server: &TestServer, name: &str) -> (String, String) {
    let login = json!({"username": name, "password": "open sesame"});
    let pair = json_of(server.post("/api/token", "", login).await, 200).await;
    let text = |name: &str| pair[name].as_str().unwrap().to_owned();
    (text("access"), text("refresh"))
}

async fn by_cookie(server: &TestServer, method: Method, path: &str, cookie: &str) -> Response {
    let url = format!("{}{path}", server.url);
    http_client().request(method, url).header("Cookie", cookie).send().await.unwrap()
}

async fn sessions(server: &TestServer, cookie: &str) -> Vec<Value> {
    let listed = json_of(by_cookie(server, Method::GET, "/auth/sessions", cookie).await, 200).await;
    listed["items"].as_array().unwrap().clone()
}

/// The id of the session that this cookie or token belongs to.
async fn current(server: &TestServer, cookie: &str) -> String {
    let sessions = sessions(server, cookie).await;
    let mut current = sessions.iter().filter(|session| session["current"] == true);
    let id = current.next().unwrap()["id"].as_str().unwrap().to_owned();
    assert!(current.next().is_none(), "{sessions:?}");
    id
}

async fn a_user_ends_one_of_its_sessions_and_keeps_the_others(database: Database) {
    let server = database.start().await;
    server.add_user(json!({"username": "ann", "role": "manager"})).await;
    server.add_user(json!({"username": "bob", "role": "manager"})).await;
    let (here, lost, bobs) =
        (browser(&server, "ann").await, browser(&server, "ann").await, browser(&server, "bob").await);
    let listed = sessions(&server, &here).await;
    assert_eq!(listed.len(), 3, "two browsers, and the tokens of the test");
    let mut fields: Vec<_> = listed[0].as_object().unwrap().keys().cloned().collect();
    fields.sort();
    assert_eq!(fields, ["address", "created_at", "current", "id", "last_seen_at"]);
    assert_eq!(listed[0]["address"], "127.0.0.1");
    let id = current(&server, &lost).await;
    assert!(!lost.contains(&id), "the id opens nothing");
    let as_cookie = by_cookie(&server, Method::GET, "/auth/me", &format!("milepost_session={id}")).await;
    assert_eq!(as_cookie.status(), 401);

    let mut watcher = server.try_watch(SOCKET, &[("Cookie", &lost)]).await.unwrap();
    watcher.settle().await;
    let path = format!("/auth/sessions/{id}");
    assert_eq!(by_cookie(&server, Method::DELETE, &path, &bobs).await.status(), 404, "another's");
    assert_eq!(by_cookie(&server, Method::DELETE, "/auth/sessions/x", &here).await.status(), 404);
    assert_eq!(by_cookie(&server, Method::DELETE, &path, &here).await.status(), 204);
    assert_eq!(watcher.close_code().await, 1008);
    assert_eq!(by_cookie(&server, Method::GET, "/auth/me", &lost).await.status(), 401);
    assert_eq!(by_cookie(&server, Method::GET, "/auth/me", &here).await.status(), 200);
    assert_eq!(by_cookie(&server, Method::DELETE, &path, &here).await.status(), 404, "it has ended already");
    assert_eq!(sessions(&server, &here).await.len(), 2);
    let foreign = token_for("auth0|5", "driver", "default", 60);
    assert_eq!(server.get("/auth/sessions", &foreign).await.status(), 403);
    assert_eq!(server.get("/auth/sessions", "").await.status(), 401);
}

async fn an_apps_session_ends_with_both_of_its_tokens(database: Database) {
    let server = database.start().await;
    server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let (lost, kept) = (app(&server, "ann").await, app(&server, "ann").await);
    let refresh = async |token: &str| server.post("/api/token/refresh", "", json!({"refresh": token})).await;
    let renewed = json_of(refresh(&lost.1).await, 200).await["access"].as_str().unwrap().to_owned();
    let listed = server.get_json("/auth/sessions", &renewed).await;
    let own = listed["items"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
    let mut watcher = server.watch(SOCKET, &renewed).await;
    watcher.settle().await;
    let path = format!("/auth/sessions/{}", own["id"].as_str().unwrap());
    assert_eq!(server.call(Method::DELETE, &path, &kept.0, None).await.status(), 204);
    assert_eq!(watcher.close_code().await, 1008);
    for token in [&lost.0, &renewed] {
        assert_eq!(server.get("/auth/me", token).await.status(), 401);
    }
    assert_eq!(refresh(&lost.1).await.status(), 401);
    assert_eq!(refresh(&kept.1).await.status(), 200);
    assert_eq!(server.get("/auth/me", &kept.0).await.status(), 200);
}

async fn the_last_use_of_a_session_is_noted(database: Database) {
    let server = database.start().await;
    server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let cookie = browser(&server, "ann").await;
    let seen = async || sessions(&server, &cookie).await[0]["last_seen_at"].as_str().unwrap().to_owned();
    let opened = seen().await;
    server.clock.turn(Duration::from_secs(6 * 60));
    // It is written down beside the request.
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while seen().await == opened {
        assert!(std::time::Instant::now() < deadline, "nothing was noted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(seen().await > opened);
}

async fn a_session_that_another_node_ends_loses_its_sockets_here(database: Database) {
    if database == Database::Sqlite {
        return; // One process serves it.
    }
    let here = database.start().await;
    let elsewhere = here.start_beside(&[]).await;
    here.add_user(json!({"username": "ann", "role": "manager"})).await;
    let (kept, lost) = (app(&here, "ann").await, app(&here, "ann").await);
    let mut watcher = here.watch(SOCKET, &lost.0).await;
    watcher.settle().await;
    let listed = elsewhere.get_json("/auth/sessions", &lost.0).await;
    let own = listed["items"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
    let path = format!("/auth/sessions/{}", own["id"].as_str().unwrap());
    assert_eq!(elsewhere.call(Method::DELETE, &path, &kept.0, None).await.status(), 204);
    here.clock.turn(Duration::from_secs(1));
    assert_eq!(watcher.close_code().await, 1008);
    assert_eq!(here.get("/auth/me", &lost.0).await.status(), 401);
}
