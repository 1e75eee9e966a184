//! How a connection ends when its right ends or the server stops.

use super::dialects::{Connection, DIALECTS, End, start_all};
use crate::support::signing::token_for;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_connection_closes_within_a_second_of_losing_its_right() {
    let server = start_all(&[]).await;
    let mut paths = Vec::new();
    for dialect in &DIALECTS {
        paths.push(dialect.path(&server).await);
    }
    let rights_changed = (1012, "access has changed; reconnect");
    let changes = [
        (json!({"active": false}), None),
        (json!({"approved": false}), None),
        (json!({"password": "close sesame"}), None),
        (Value::Null, None),
        (json!({"role": "driver"}), Some(rights_changed)),
        (json!({"cadet_id": 5}), Some(rights_changed)),
    ];
    for (number, (change, end)) in changes.into_iter().enumerate() {
        let (id, token) = server.add_user(json!({"username": format!("u{number}"), "role": "manager"})).await;
        let mut open = Vec::new();
        for (dialect, path) in DIALECTS.iter().zip(&paths) {
            open.push((dialect, dialect.open(&server, path, &token).await));
        }
        let path = format!("/api/v1/users/{id}");
        let changed = match &change {
            Value::Null => server.call(Method::DELETE, &path, &server.admin, None).await,
            change => server.call(Method::PATCH, &path, &server.admin, Some(change.clone())).await,
        };
        assert!(changed.status().is_success());
        server.clock.turn(Duration::from_secs(1));
        for (dialect, connection) in &mut open {
            let expected = dialect.end_of(end.unwrap_or(dialect.revoked));
            assert_eq!(connection.end().await, expected, "{:?}: {change}", dialect.name);
        }
    }
}

#[tokio::test]
async fn a_connection_closes_when_its_token_expires() {
    let server = start_all(&[]).await;
    let mut paths = Vec::new();
    for dialect in &DIALECTS {
        paths.push(dialect.path(&server).await);
    }
    let token = token_for("9", "manager", "default", 60);
    let mut open = Vec::new();
    for (dialect, path) in DIALECTS.iter().zip(&paths) {
        open.push((dialect, dialect.open(&server, path, &token).await));
    }
    server.clock.turn(Duration::from_secs(60));
    for (dialect, connection) in &mut open {
        assert_eq!(connection.end().await, dialect.end_of(dialect.expired), "{:?}", dialect.name);
    }
}

#[tokio::test]
async fn a_drain_advises_every_client_when_to_reconnect() {
    let server = start_all(&[]).await;
    let mut open = Vec::new();
    for dialect in &DIALECTS {
        let path = dialect.path(&server).await;
        open.push((dialect, dialect.open(&server, &path, &server.admin).await));
    }
    let drained = tokio::spawn(server.running.drain());
    for (dialect, connection) in &mut open {
        match (connection.end().await, connection) {
            (End::Code(code, reason), _) => {
                assert_eq!(code, 1012, "{:?}", dialect.name);
                assert!(reason.starts_with("restarting; reconnect in "), "{:?}: {reason}", dialect.name);
            }
            (End::Ends, Connection::Stream(stream)) => assert_eq!(stream.retry_ms, Some(1000)),
            (End::Ends, Connection::Socket(_)) => panic!("a socket ends with a close frame"),
        }
    }
    drained.await.unwrap();
}
