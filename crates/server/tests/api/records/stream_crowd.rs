//! Followers of records who disconnect at random while others write: who got what.

use crate::records::stream_support::StreamReader;
use crate::support::signing::{cadet_token, claims_token};
use crate::support::{PATIENCE, http_client};
use fastrand::Rng;
use futures_util::{SinkExt, StreamExt};
use milepost_dialect_records::render_event;
use milepost_domain::{CadetId, Event, RecordViewer, UserId};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// A user who may see some of the events, or none.
#[derive(Clone)]
pub struct Person {
    pub name: &'static str,
    pub tenant: &'static str,
    pub viewer: RecordViewer,
    pub token: String,
}

/// Two cadets, staff, a parent and an outsider.
pub fn people() -> Vec<Person> {
    let person = |name, number: i64, role, tenant, cadet: Option<i64>, staff| Person {
        name,
        tenant,
        viewer: RecordViewer {
            staff,
            cadet: cadet.map(|id| CadetId::new(id).unwrap()),
            user: Some(UserId::new(number).unwrap()),
        },
        token: cadet_token(&number.to_string(), role, tenant, cadet),
    };
    vec![
        person("ann", 101, "cadet", "default", Some(1), false),
        person("bob", 102, "cadet", "default", Some(2), false),
        person("staff", 103, "training_staff", "default", None, true),
        person("parent", 104, "parent", "default", None, false),
        person("outsider", 105, "admin", "acme", None, true),
    ]
}

/// Shared by a crowd: the server's present address, and whether the writing has ended.
#[derive(Clone)]
pub struct Course {
    pub url: watch::Receiver<String>,
    pub over: watch::Receiver<bool>,
    /// The number of acknowledged writes.
    pub written: Arc<AtomicUsize>,
}

/// The events that one follower got, each once and without `replayed`.
#[derive(Default)]
pub struct Seen {
    pub events: BTreeMap<i64, Value>,
    pub live: usize,
    pub replayed: usize,
    pub connections: usize,
}

impl Seen {
    fn note(&mut self, mut event: Value) -> i64 {
        let id = event["event_id"].as_i64().unwrap();
        let replayed = event.as_object_mut().unwrap().remove("replayed") == Some(json!(true));
        if replayed {
            self.replayed += 1
        } else {
            self.live += 1
        }
        if let Some(before) = self.events.insert(id, event.clone()) {
            assert_eq!(before, event, "an event is the same each time");
        }
        id
    }

    /// Whether these are exactly the `events` that `person` may see.
    pub fn check(&self, person: &Person, events: &[Event]) {
        let visible = events.iter().filter(|event| person.viewer.may_see(event.fact.audience()));
        let expected: BTreeMap<i64, Value> = visible
            .map(|event| (event.id, serde_json::from_str(&render_event(event, false).unwrap()).unwrap()))
            .collect();
        let missed: Vec<_> = expected.keys().filter(|id| !self.events.contains_key(id)).collect();
        let forbidden: Vec<_> = self.events.keys().filter(|id| !expected.contains_key(id)).collect();
        assert!(missed.is_empty() && forbidden.is_empty(), "{}: missed {missed:?}, saw {forbidden:?}", person.name);
        assert_eq!(self.events, expected, "{}", person.name);
    }
}

/// Follows by socket, disconnects at random and requests what it missed, until the writing has ended and it has everything.
pub async fn follow_by_socket(course: Course, token: String, mut dice: Rng) -> Seen {
    let (mut seen, mut last) = (Seen::default(), 0);
    loop {
        let is_last = *course.over.borrow();
        let url = course.url.borrow().replace("http://", "ws://");
        let Ok((mut socket, _)) = connect_async(format!("{url}/ws/updates/?token={token}")).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        seen.connections += 1;
        let request = json!({"type": "replay_request", "last_event_id": last}).to_string();
        if socket.send(Message::text(request)).await.is_err() {
            continue;
        }
        let (mut is_replaying, mut in_replay) = (true, last);
        let leave_at = Instant::now() + Duration::from_millis(5 + dice.u64(..250));
        let leave_at = if is_last { Instant::now() + PATIENCE } else { leave_at };
        loop {
            let message = match tokio::time::timeout_at(leave_at, socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => serde_json::from_str::<Value>(&text).unwrap(),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
                Err(_) => {
                    assert!(!is_last, "the last replay did not end in time");
                    break;
                }
                _ => break,
            };
            match message["type"].as_str().unwrap() {
                "connection_established" => {}
                "replay_complete" => {
                    is_replaying = false;
                    if is_last {
                        return seen;
                    }
                }
                _ => {
                    let is_replayed = message["replayed"] == true;
                    let id = seen.note(message);
                    if is_replayed {
                        assert!(id > in_replay, "a replay goes on from {in_replay} to {id}");
                        in_replay = id;
                    }
                    // Live events that come before the end of a replay do not show that all events before them have come.
                    if is_replayed || !is_replaying {
                        assert!(id > last || is_replayed, "live events go on from {last} to {id}");
                        last = last.max(id);
                    }
                }
            }
        }
    }
}

/// Follows by stream, disconnects at random, and reconnects with the last id that came.
pub async fn follow_by_stream(course: Course, token: String, mut dice: Rng) -> Seen {
    let (mut seen, mut last) = (Seen::default(), 0);
    loop {
        let is_last = *course.over.borrow();
        let url = course.url.borrow().clone();
        let Ok(mut reader) = StreamReader::try_open(&url, &token, Some(last)).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        seen.connections += 1;
        let leave_at = Instant::now() + Duration::from_millis(5 + dice.u64(..250));
        let leave_at = if is_last { Instant::now() + PATIENCE } else { leave_at };
        while let Ok(Some(block)) = tokio::time::timeout_at(leave_at, reader.next_block()).await {
            if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) {
                let id = seen.note(serde_json::from_str(data).unwrap());
                assert!(id > last, "ids on a stream only rise: {last}, {id}");
            } else if is_last && block.starts_with("id: ") {
                return seen;
            }
            last = reader.last_id.unwrap();
        }
        assert!(!is_last, "the last replay did not end in time");
    }
}

/// Follows by socket without disconnecting. Returns the ids of live events in the order in which they came.
pub async fn follow_steadily(url: &str, token: &str) -> Arc<Mutex<Vec<i64>>> {
    let url = format!("{}/ws/updates/?token={token}", url.replace("http://", "ws://"));
    let (mut socket, _) = connect_async(url).await.unwrap();
    let ids = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&ids);
    // After the first message the socket follows.
    assert!(socket.next().await.unwrap().unwrap().is_text());
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                let event: Value = serde_json::from_str(&text).unwrap();
                kept.lock().unwrap().push(event["event_id"].as_i64().unwrap());
            }
        }
    });
    ids
}

/// Writes records one after the other until the end. Returns the number of acknowledged writes.
pub async fn write_records(course: Course, number: u64) -> usize {
    let (http, mut dice, mut written) = (http_client(), Rng::with_seed(number + 1), 0);
    let staff = claims_token("103", "training_staff", "default");
    let acme = claims_token("105", "admin", "acme");
    while !*course.over.borrow() {
        let cadet = 1 + dice.u64(..2);
        let users = [json!([101]), json!([102, 104]), json!([101, 102, 103, 104, 999]), json!([105])];
        let users = &users[dice.u64(..4) as usize];
        let whose = [json!(cadet), Value::Null];
        let (method, path, body, token) = match dice.u64(..8) {
            0 | 1 => {
                let kind = if dice.u64(..2) == 0 { "merit" } else { "demerit" };
                let body = json!({"type": kind, "points": 1 + dice.u64(..9), "reason": "because"});
                (Method::POST, format!("cadets/{cadet}/grades"), body, &staff)
            }
            2 => {
                let body = json!({"status": (["present", "absent", "late"])[dice.u64(..3) as usize]});
                (Method::PUT, format!("cadets/{cadet}/attendance/{}", 1 + dice.u64(..20)), body, &staff)
            }
            3 => {
                let body = json!({"final_score": dice.u64(..100)});
                (Method::PATCH, format!("cadets/{cadet}/scores"), body, &staff)
            }
            4 => {
                let body = json!({"user_ids": users, "message": format!("from {number}")});
                (Method::POST, "notifications".to_owned(), body, &staff)
            }
            5 => (Method::POST, "messages".to_owned(), json!({"user_ids": users, "from": number}), &staff),
            6 => {
                let body = json!({"event_type": "term.changed", "cadet_id": whose[dice.u64(..2) as usize], "payload": {"n": number}});
                (Method::POST, "sync-events".to_owned(), body, &staff)
            }
            _ => {
                let body = json!({"event_type": "elsewhere", "payload": {"n": number}});
                (Method::POST, "sync-events".to_owned(), body, &acme)
            }
        };
        let url = format!("{}/api/v1/{path}", *course.url.borrow());
        match http.request(method, url).bearer_auth(token).json(&body).send().await {
            Ok(answer) if answer.status().is_success() => {
                written += 1;
                course.written.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) if answer.status() == 503 => {}
            Ok(answer) => panic!("{path}: {} {}", answer.status(), answer.text().await.unwrap_or_default()),
            // The server is dead at the moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    written
}
