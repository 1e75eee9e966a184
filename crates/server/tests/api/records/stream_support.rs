//! A reader of server-sent events, and helpers for sockets and streams of records.

use crate::support::{PATIENCE, TestServer, Watcher};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// An open stream, read in blocks as the format defines them.
pub struct StreamReader {
    response: Response,
    unread: String,
    /// The last `id:` that came, with or without an event.
    pub last_id: Option<i64>,
    /// The last `retry:` that came, milliseconds.
    pub retry_ms: Option<u64>,
}

impl StreamReader {
    /// Opens `/api/events`, or returns the status of the refusal.
    pub async fn try_open(url: &str, token: &str, after: Option<i64>) -> Result<Self, StatusCode> {
        let (bearer, id) = (format!("Bearer {token}"), after.map(|id| id.to_string()).unwrap_or_default());
        let headers = [("Authorization", bearer.as_str()), ("Last-Event-ID", id.as_str())];
        let reader = Self::try_open_with(&format!("{url}/api/events"), &headers).await?;
        Ok(Self { last_id: after, ..reader })
    }

    pub async fn try_open_with(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, StatusCode> {
        // The answer has no end, so that there is no time limit.
        let mut request = Client::builder().no_proxy().build().unwrap().get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // An unreachable server counts like a refusal by a server that starts.
        let Ok(response) = request.send().await else { return Err(StatusCode::BAD_GATEWAY) };
        if response.status() != 200 {
            return Err(response.status());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Ok(Self { response, unread: String::new(), last_id: None, retry_ms: None })
    }

    pub async fn open(server: &TestServer, token: &str, after: Option<i64>) -> Self {
        let mut reader = Self::try_open(&server.url, token, after).await.unwrap();
        assert_eq!(reader.next_block().await.unwrap(), "retry: 3000\n: connected");
        reader
    }

    /// The lines up to the next empty one; `None` when the stream ends or is cut.
    pub async fn next_block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                for line in block.lines() {
                    if let Some(id) = line.strip_prefix("id: ") {
                        // The live protocol has names instead of numbers.
                        self.last_id = id.parse().ok();
                    }
                    if let Some(retry) = line.strip_prefix("retry: ") {
                        self.retry_ms = Some(retry.parse().unwrap());
                    }
                }
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("a block in time");
            let Ok(Some(bytes)) = chunk else { return None };
            self.unread.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next event. Blocks without an event are skipped.
    pub async fn next_event(&mut self) -> Option<Value> {
        loop {
            let block = self.next_block().await?;
            let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(event["event_id"].as_i64(), self.last_id, "{block}");
            return Some(event);
        }
    }

    /// Reads until the server has sent the id to resume from. Later events are live.
    pub async fn settle(&mut self) {
        while self.next_block().await.expect("an open stream").lines().any(|line| !line.starts_with("id: ")) {}
    }
}

impl TestServer {
    /// Opens a socket of records and reads its first message. Returns the socket and the newest event's id.
    pub async fn follow(&self, token: &str) -> (Watcher, i64) {
        let mut watcher = self.try_watch(&format!("/ws/updates/?token={token}"), &[]).await.unwrap();
        let first = watcher.next().await;
        assert_eq!(first["type"], "connection_established", "{first}");
        (watcher, first["last_event_id"].as_i64().unwrap())
    }

    /// Turns the clock past the time in which a new socket may ask for a replay before it gets live events.
    pub fn end_wait_for_replay_requests(&self) {
        self.clock.turn(Duration::from_millis(300));
    }

    /// Publishes a manual event as superadmin, and returns its id.
    pub async fn publish(&self, cadet_id: Option<i64>, payload: Value) -> i64 {
        let body = json!({"event_type": "term.changed", "cadet_id": cadet_id, "payload": payload});
        let answer = self.post("/api/v1/sync-events", &self.admin, body).await;
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["event_id"].as_i64().unwrap()
    }
}

/// The close code of a socket that is closed right after it opened.
pub async fn refused(server: &TestServer, query: &str, headers: &[(&'static str, &str)]) -> (u16, String) {
    let mut watcher = server.try_watch(&format!("/ws/updates/{query}"), headers).await.unwrap();
    let frame = watcher.closed().await.expect("a close frame");
    (frame.code.into(), frame.reason.to_string())
}
