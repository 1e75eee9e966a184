//! People set their passwords with links that are good once.

use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    an_invited_user_sets_its_password_once,
    a_link_ends_after_an_hour,
    a_reset_ends_sessions_sockets_and_refresh_tokens,
    only_an_admin_invites_and_a_repeated_request_shows_no_link_again,
);

const PUBLIC: (&str, &str) = ("PUBLIC_URL", "https://track.example.org/");

async fn invite(server: &TestServer, id: i64) -> String {
    let invited = server.post(&format!("/api/v1/users/{id}/invitation"), &server.admin, json!({})).await;
    let invited = json_of(invited, 201).await;
    let url = invited["url"].as_str().unwrap();
    url.strip_prefix("https://track.example.org/reset?token=").expect("the public URL").to_owned()
}

async fn confirm(server: &TestServer, token: &str, password: &str) -> u16 {
    let body = json!({"token": token, "password": password});
    server.post("/auth/reset/confirm", "", body).await.status().as_u16()
}

async fn may_log_in(server: &TestServer, password: &str) -> bool {
    let body = json!({"username": "ann", "password": password});
    server.post("/api/token", "", body).await.status() == 200
}

async fn an_invited_user_sets_its_password_once(database: Database) {
    let server = database.start_with(&[PUBLIC]).await;
    let ann = json!({"username": "ann", "role": "manager"});
    let ann = json_of(server.post("/api/v1/users", &server.admin, ann).await, 201).await["id"].as_i64().unwrap();
    let token = invite(&server, ann).await;
    for unfit in ["password", "Password1", "short"] {
        assert_eq!(confirm(&server, &token, unfit).await, 422, "{unfit}");
    }
    assert_eq!(confirm(&server, &token, "plum tree 97").await, 204);
    assert_eq!(confirm(&server, &token, "plum tree 99").await, 410, "twice");
    let (one, other) = (invite(&server, ann).await, invite(&server, ann).await);
    let (first, second) =
        tokio::join!(confirm(&server, &one, "plum tree 99"), confirm(&server, &other, "plum tree 98"));
    let mut statuses = [first, second];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 410], "one of them ends the other");
    assert!(may_log_in(&server, if first == 204 { "plum tree 99" } else { "plum tree 98" }).await);
    let noted = server.get_json(&format!("/api/v1/audit?action=user.set_password&actor={ann}"), &server.admin).await;
    assert_eq!(noted["items"].as_array().unwrap().len(), 2, "{noted}");
    for unknown in ["", "mpl_x", "' or 1=1"] {
        assert_eq!(confirm(&server, unknown, "plum tree 97").await, 410);
    }
}

async fn a_link_ends_after_an_hour(database: Database) {
    let server = database.start_with(&[PUBLIC]).await;
    let (ann, _) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let token = invite(&server, ann).await;
    server.clock.turn(Duration::from_secs(3_599));
    assert_eq!(confirm(&server, &token, "password").await, 422, "it is still good");
    server.clock.turn(Duration::from_secs(2));
    assert_eq!(confirm(&server, &token, "plum tree 99").await, 410);
    assert!(may_log_in(&server, "open sesame").await);
}

async fn a_reset_ends_sessions_sockets_and_refresh_tokens(database: Database) {
    let server = database.start_with(&[PUBLIC]).await;
    let (ann, access) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let login = json!({"username": "ann", "password": "open sesame"});
    let refresh = json_of(server.post("/api/token", "", login).await, 200).await["refresh"].clone();
    let mut watcher = server.watch("/ws/bus-tracking/", &access).await;
    watcher.settle().await;
    let token = invite(&server, ann).await;
    assert_eq!(confirm(&server, &token, "plum tree 99").await, 204);
    assert_eq!(watcher.close_code().await, 1008);
    assert_eq!(server.get("/auth/me", &access).await.status(), 401);
    let refreshed = server.post("/api/token/refresh", "", json!({"refresh": refresh})).await;
    assert_eq!(refreshed.status(), 401);
    assert!(!may_log_in(&server, "open sesame").await);
    assert!(may_log_in(&server, "plum tree 99").await);
}

async fn only_an_admin_invites_and_a_repeated_request_shows_no_link_again(database: Database) {
    let server = database.start_with(&[PUBLIC]).await;
    let (ann, _) = server.add_user(json!({"username": "ann", "role": "admin"})).await;
    let path = format!("/api/v1/users/{ann}/invitation");
    for (role, tenant, status) in [("manager", "default", 403), ("admin", "acme", 404), ("admin", "default", 201)] {
        let token = token_for("someone", role, tenant, 60);
        assert_eq!(server.post(&path, &token, json!({})).await.status(), status, "{role} of {tenant}");
    }
    let of_first = server.post("/api/v1/users/1/invitation", &token_for("x", "admin", "default", 60), json!({})).await;
    assert_eq!(of_first.status(), 403, "the first user is a superadmin");
    let keyed = async || {
        let request = server.http.post(format!("{}{path}", server.url)).bearer_auth(&server.admin);
        json_of(request.header("Idempotency-Key", "once").send().await.unwrap(), 201).await
    };
    let (first, again) = (keyed().await, keyed().await);
    assert!(first["url"].is_string());
    assert_eq!((&again["url"], &again["expires_at"]), (&Value::Null, &first["expires_at"]));
}

#[tokio::test]
async fn a_request_for_a_reset_is_answered_alike_whoever_it_is_for() {
    let server = TestServer::start_with(&[PUBLIC]).await;
    server.add_user(json!({"username": "ann", "role": "manager", "email": "ann@example.org"})).await;
    for body in [
        json!({"username": "ann"}),
        json!({"username": "default/ann"}),
        json!({"username": "ann", "tenant": "acme"}),
        json!({"username": "nobody"}),
        json!({"username": ""}),
        json!({"email": "ann@example.org"}),
        json!({"email": "nobody@example.org"}),
        json!({"email": "no address"}),
    ] {
        for _ in 0..5 {
            let answer = server.post("/auth/reset", "", body.clone()).await;
            assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (202, ""), "{body}");
        }
    }
    for unclear in [json!({}), json!({"username": "ann", "email": "ann@example.org"})] {
        assert_eq!(server.post("/auth/reset", "", unclear).await.status(), 422);
    }
}

#[tokio::test]
async fn the_page_of_a_link_sets_the_password_without_scripts() {
    let server = TestServer::start_with(&[PUBLIC]).await;
    let (ann, _) = server.add_user(json!({"username": "ann", "role": "manager"})).await;
    let token = invite(&server, ann).await;
    let page = server.get(&format!("/reset?token={token}%22%3E%3Cscript"), "").await;
    assert_eq!((page.status().as_u16(), page.headers()["referrer-policy"].to_str().unwrap()), (200, "no-referrer"));
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let text = page.text().await.unwrap();
    assert!(text.contains(&token) && !text.contains("<script"), "{text}");
    let send = async |password: &str| {
        let form = format!("token={token}&password={password}");
        let request = server.http.post(format!("{}/reset", server.url)).header("Accept-Language", "id");
        let answer =
            request.header("Content-Type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = send("password").await;
    assert_eq!(status, 422);
    assert!(text.contains("banyak orang") && text.contains(&token), "it can be tried again: {text}");
    let (status, text) = send("plum+tree+99").await;
    assert_eq!((status, text.contains("sudah diatur")), (200, true), "{text}");
    assert_eq!(send("plum+tree+98").await.0, 410);
    assert!(may_log_in(&server, "plum tree 99").await);
    let other = server.call(Method::DELETE, "/reset", "", None).await;
    assert_eq!(other.status(), 405);
}
