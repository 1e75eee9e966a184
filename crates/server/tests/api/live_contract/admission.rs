//! Who gets a connection, and how other clients are refused.

use super::dialects::{Answer, DIALECTS, start_all};
use crate::support::signing::token_for;
use crate::support::{PATIENCE, TestServer};
use serde_json::json;
use std::time::{Duration, Instant};

/// Logs in the first superadmin, and returns the cookie that its browser sends.
async fn cookie(server: &TestServer) -> String {
    let body = json!({"username": "admin", "password": server.password});
    let answer = server.post("/auth/login", "", body).await;
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_foreign_page_cannot_use_its_visitors_cookie() {
    let server = start_all(&[]).await;
    let cookie = cookie(&server).await;
    let own = server.url.clone();
    for dialect in &DIALECTS {
        let path = dialect.path(&server).await;
        let foreign = [("Cookie", cookie.as_str()), ("Origin", "https://evil.example")];
        dialect.is_answered(&server, &path, &foreign, dialect.foreign_page).await;
        let own = [("Cookie", cookie.as_str()), ("Origin", own.as_str())];
        dialect.is_answered(&server, &path, &own, Answer::Opens).await;
        // A page can't set this header for a socket, and for a stream only if the server allows it.
        let bearer = format!("Bearer {}", server.admin);
        let by_token = [("Authorization", bearer.as_str()), ("Origin", "https://evil.example")];
        dialect.is_answered(&server, &path, &by_token, dialect.foreign_page_with_token).await;
    }
}

#[tokio::test]
async fn a_client_without_a_valid_credential_is_refused() {
    let server = start_all(&[]).await;
    let expired = format!("Bearer {}", token_for("9", "manager", "default", -120));
    for dialect in &DIALECTS {
        let path = dialect.path(&server).await;
        dialect.is_answered(&server, &path, &[], dialect.no_credential).await;
        dialect.is_answered(&server, &path, &[("Authorization", "Bearer nonsense")], dialect.bad_token).await;
        dialect.is_answered(&server, &path, &[("Authorization", &expired)], dialect.expired_token).await;
    }
}

#[tokio::test]
async fn a_token_in_the_url_opens_the_older_sockets_alone() {
    let server = start_all(&[]).await;
    for dialect in &DIALECTS {
        let path = dialect.path(&server).await;
        let separator = if path.contains('?') { '&' } else { '?' };
        let (good, bad) = dialect.token_in_url;
        dialect.is_answered(&server, &format!("{path}{separator}token={}", server.admin), &[], good).await;
        dialect.is_answered(&server, &format!("{path}{separator}token=nonsense"), &[], bad).await;
    }
}

#[tokio::test]
async fn a_request_without_websocket_is_answered_400() {
    let server = start_all(&[]).await;
    for dialect in DIALECTS.iter().filter(|dialect| !dialect.is_stream()) {
        let path = dialect.path(&server).await;
        let answer = dialect.answer(&server, &path, &server.admin, false).await;
        assert_eq!(answer.status(), 400, "{:?}", dialect.name);
    }
}

#[tokio::test]
async fn a_full_tenant_is_answered_429_until_a_place_is_free() {
    let server = start_all(&[("MAX_CONNECTIONS_PER_TENANT", "2")]).await;
    for dialect in &DIALECTS {
        let path = dialect.path(&server).await;
        // The places that the previous dialect used are free as soon as the server has seen its connections end.
        let begun = Instant::now();
        let bearer = format!("Bearer {}", server.admin);
        let mut open = Vec::new();
        while open.len() < 2 {
            open.extend(dialect.try_open(&server, &path, &[("Authorization", &bearer)]).await.ok());
            assert!(begun.elapsed() < PATIENCE, "{:?}: an ended connection gives its place back", dialect.name);
        }
        dialect.is_answered(&server, &path, &[("Authorization", &bearer)], dialect.full).await;
        if dialect.full != Answer::Status(429) {
            continue;
        }
        let full = dialect.answer(&server, &path, &server.admin, true).await;
        assert_eq!((full.status().as_u16(), &full.headers()["retry-after"]), (429, &"30".parse().unwrap()));
        assert_eq!(full.headers()["content-type"], "application/problem+json", "{:?}", dialect.name);
    }
}

#[tokio::test]
async fn a_locked_out_user_is_refused_when_it_reconnects() {
    let server = start_all(&[]).await;
    for (number, dialect) in DIALECTS.iter().enumerate() {
        let path = dialect.path(&server).await;
        let (id, token) = server.add_user(json!({"username": format!("u{number}"), "role": "manager"})).await;
        let change = json!({"approved": false});
        server.call(reqwest::Method::PATCH, &format!("/api/v1/users/{id}"), &server.admin, Some(change)).await;
        let bearer = format!("Bearer {token}");
        dialect.is_answered(&server, &path, &[("Authorization", &bearer)], dialect.locked_out).await;
    }
}

#[tokio::test]
async fn a_refused_connection_takes_no_place() {
    let server = start_all(&[("MAX_CONNECTIONS_PER_TENANT", "1")]).await;
    for dialect in &DIALECTS {
        let path = dialect.path(&server).await;
        for _ in 0..3 {
            dialect.is_answered(&server, &path, &[("Authorization", "Bearer nonsense")], dialect.bad_token).await;
        }
        let begun = Instant::now();
        let bearer = format!("Bearer {}", server.admin);
        while dialect.try_open(&server, &path, &[("Authorization", &bearer)]).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "{:?}", dialect.name);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
