//! Replays recorded exchanges of the parcel dialect against a real server, byte for byte but for the times.

use crate::support::signing::claims_token;
use crate::support::{TestServer, Watcher, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;

#[tokio::test]
async fn the_replaced_systems_messages() {
    replay(include_str!("../../../../dialects/parcel/exchanges/original.txt")).await;
}

#[tokio::test]
async fn the_messages_that_the_replaced_system_planned() {
    replay(include_str!("../../../../dialects/parcel/exchanges/planned.txt")).await;
}

async fn replay(exchange: &str) {
    let server = TestServer::start().await;
    let mut watchers: HashMap<String, Watcher> = HashMap::new();
    let mut unordered: Vec<String> = Vec::new();
    let mut checked = 0;
    let mut lines = exchange.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        println!("{line}");
        let words: Vec<_> = line.splitn(3, ' ').collect();
        match words[..] {
            ["filler", count] => {
                for _ in 0..count.parse().unwrap() {
                    add_parcel(&server, "9 0 1.0,1.0 2.0,2.0").await;
                }
            }
            ["parcel", ..] => add_parcel(&server, line.strip_prefix("parcel ").unwrap()).await,
            ["patch", id, body] => {
                let path = format!("/api/v1/parcels/{id}");
                let body: Value = serde_json::from_str(body).unwrap();
                json_of(server.call(Method::PATCH, &path, &server.admin, Some(body)).await, 200).await;
            }
            ["open", name, rest] => {
                let rest: Vec<_> = rest.split(' ').collect();
                let token = claims_token(rest[1], rest[0], "default");
                let path = format!("/ws/tracking/?parcel_id={}&token={token}", rest[2]);
                watchers.insert(name.to_owned(), server.try_watch(&path, &[]).await.unwrap());
            }
            [name, ">>", text] => watchers.get_mut(name).unwrap().send_text(text).await,
            [name, "<<", text] => {
                let got = without_times(&watchers.get_mut(name).unwrap().next_text().await);
                assert_eq!(got, text, "at {line}");
                checked += 1;
            }
            // Each parcel is published on its own, so that these lines may come in any order.
            [name, "??", text] => {
                unordered.push(text.to_owned());
                let is_last = !lines.peek().is_some_and(|next| next.starts_with(&format!("{name} ?? ")));
                if is_last {
                    let mut got = Vec::new();
                    for _ in &unordered {
                        got.push(without_times(&watchers.get_mut(name).unwrap().next_text().await));
                    }
                    got.sort();
                    unordered.sort();
                    assert_eq!(got, unordered, "at {line}");
                    checked += std::mem::take(&mut unordered).len();
                }
            }
            [name, "!!", rest] => {
                let (code, reason) = rest.split_once(' ').unwrap();
                let frame = watchers.get_mut(name).unwrap().closed().await.unwrap();
                assert_eq!((u16::from(frame.code).to_string().as_str(), frame.reason.as_str()), (code, reason));
                checked += 1;
            }
            _ => panic!("unreadable: {line}"),
        }
    }
    assert!(checked > 10);
}

async fn add_parcel(server: &TestServer, words: &str) {
    let words: Vec<_> = words.split(' ').collect();
    let place = |text: &str| {
        let (lat, lng) = text.split_once(',').unwrap();
        json!({"lat": lat.parse::<f64>().unwrap(), "lng": lng.parse::<f64>().unwrap()})
    };
    let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0);
    let body = json!({"client_id": number(words[0]), "driver_id": number(words[1]), "pickup": place(words[2]),
        "destination": place(words[3])});
    json_of(server.post("/api/v1/parcels", &server.admin, body).await, 201).await;
}

/// Replaces each `"timestamp":"…"` by `"timestamp":"TIME"`, if it has the form of a time.
fn without_times(text: &str) -> String {
    const FIELD: &str = "\"timestamp\":\"";
    let Some(at) = text.find(FIELD) else { return text.to_owned() };
    let from = at + FIELD.len();
    let (time, rest) = text[from..].split_once('"').unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
    format!("{}TIME\"{rest}", &text[..from])
}
