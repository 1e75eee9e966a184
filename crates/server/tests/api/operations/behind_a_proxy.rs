//! The address of a request that comes through a proxy.

use crate::support::TestServer;
use reqwest::StatusCode;
use serde_json::json;

/// A failed login with a new name each time, so that only the address counts.
async fn guess(server: &TestServer, forwarded_for: &str, number: usize) -> StatusCode {
    let body = json!({ "username": format!("nobody{number}"), "password": "guess" });
    let request = server.http.post(format!("{}/api/token", server.url)).header("X-Forwarded-For", forwarded_for);
    request.json(&body).send().await.unwrap().status()
}

/// Tries wrong passwords from one client until it is slowed down.
async fn slow_down(server: &TestServer, forwarded_for: impl Fn(usize) -> String) {
    for number in 0..200 {
        if guess(server, &forwarded_for(number), number).await == 429 {
            return;
        }
    }
    panic!("200 wrong passwords of one client were all taken");
}

#[tokio::test]
async fn failed_logins_behind_a_trusted_proxy_count_for_their_client() {
    let server = TestServer::start_with(&[("MILEPOST_TRUSTED_PROXIES", "127.0.0.0/8, ::1")]).await;
    // Entries that the client itself writes into the header, on the left, give it no new allowance.
    slow_down(&server, |number| format!("198.51.100.{number}, 203.0.113.9")).await;
    assert_eq!(guess(&server, "203.0.113.10", 1_000).await, 401);
}

#[tokio::test]
async fn the_header_of_an_untrusted_peer_does_not_change_the_address_of_a_login() {
    let server = TestServer::start().await;
    slow_down(&server, |number| format!("198.51.100.{number}")).await;
}

#[tokio::test]
async fn a_refusal_at_a_sockets_path_can_be_passed_on_by_http_2() {
    let server = TestServer::start().await;
    for path in
        ["/ws/bus-tracking/", "/ws/updates/?token=x", "/ws/tracking/?parcel_id=1", "/ws/tracking?company_id=default"]
    {
        let answer = server.get(path, "").await;
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        for name in ["connection", "upgrade", "keep-alive"] {
            assert!(!answer.headers().contains_key(name), "{path} answers with {name}");
        }
    }
}
