//! Replays the recorded exchange of the records dialect against a real server, byte for byte but for the times.

use crate::support::signing::{cadet_token, claims_token};
use crate::support::{TestServer, Watcher};
use reqwest::Method;
use serde_json::Value;
use std::collections::HashMap;

#[tokio::test]
async fn the_replaced_systems_messages() {
    let exchange = include_str!("../../../../dialects/records/exchanges/original.txt");
    let server = TestServer::start().await;
    let token = |who: &str| match who {
        "ann" => cadet_token("101", "cadet", "default", 1),
        "bob" => cadet_token("102", "cadet", "default", 2),
        "staff" => claims_token("103", "training_staff", "default"),
        other => panic!("unknown person {other}"),
    };
    let mut watchers: HashMap<String, Watcher> = HashMap::new();
    let mut checked = 0;
    for line in exchange.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let words: Vec<_> = line.splitn(3, ' ').collect();
        match words[..] {
            ["open", who] => {
                let path = format!("/ws/updates/?token={}", token(who));
                watchers.insert(who.to_owned(), server.try_watch(&path, &[]).await.unwrap());
            }
            [who, ">>", text] => watchers.get_mut(who).unwrap().send_text(text).await,
            [who, "<<", text] => {
                let got = watchers.get_mut(who).unwrap().next_text().await;
                assert_eq!(without_times(&got), text, "at {line}");
                checked += 1;
            }
            [verb, path, body] => {
                let method = Method::from_bytes(verb.to_uppercase().as_bytes()).unwrap();
                let body: Option<Value> = serde_json::from_str(body).ok();
                let answer = server.call(method, path, &token("staff"), body).await;
                let status = answer.status();
                assert!(status.is_success(), "{line}: {status} {}", answer.text().await.unwrap());
            }
            _ => panic!("unknown line {line}"),
        }
    }
    assert!(checked > 25);
}

/// The text with every instant replaced by `T`.
fn without_times(text: &str) -> String {
    let mut masked = text.to_owned();
    for field in ["\"timestamp\":\"", "\"created_at\":\""] {
        let mut from = 0;
        while let Some(found) = masked[from..].find(field) {
            let start = from + found + field.len();
            let length = masked[start..].find('"').unwrap();
            let is_utc_ms = length == 24 && masked[start..start + length].ends_with('Z');
            assert!(is_utc_ms, "{}", &masked[start..start + length]);
            masked.replace_range(start..start + length, "T");
            from = start;
        }
    }
    masked
}
