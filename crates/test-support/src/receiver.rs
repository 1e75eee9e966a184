//! An HTTP server that records the calls it gets. The number of earlier calls decides its answer.

use crate::PATIENCE;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use milepost_clock::TurnableClock;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often a test checks for a call.
const CHECK_EVERY: Duration = Duration::from_millis(10);

/// A recorded call.
#[derive(Clone)]
pub struct Received {
    /// Path and query.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
}

impl Received {
    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The value of a header, which must be present.
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// An answer, or `None` to hold the call without one.
type Answer = Arc<dyn Fn(usize) -> Option<Response> + Send + Sync>;

/// An HTTP server that records its calls.
pub struct Receiver {
    /// Its URL, without a slash at the end.
    pub url: String,
    calls: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Starts on a free port. `status` maps the number of earlier calls to the status of the answer.
    pub async fn start(status: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", status).await
    }

    /// The same at this address.
    pub async fn at(address: &str, status: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        let answer = move |before| Some(StatusCode::from_u16(status(before)).unwrap().into_response());
        Self::listen(address, Arc::new(answer)).await
    }

    /// The same with whole answers. `None` holds the call without an answer.
    pub async fn answering(answer: impl Fn(usize) -> Option<Response> + Send + Sync + 'static) -> Self {
        Self::listen("127.0.0.1:0", Arc::new(answer)).await
    }

    async fn listen(address: &str, answer: Answer) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Received>>> = Arc::default();
        let app = Router::new().fallback(receive).with_state((Arc::clone(&calls), answer));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, calls }
    }

    /// The calls up to now.
    pub fn calls(&self) -> Vec<Received> {
        self.calls.lock().unwrap().clone()
    }

    /// Waits until there are `count` calls, and returns them.
    pub async fn until(&self, count: usize) -> Vec<Received> {
        self.look_until(count, || {}).await
    }

    /// The same while the server's clock runs fifty times as fast, for calls that are retried after a delay.
    pub async fn turn_until(&self, clock: &TurnableClock, count: usize) -> Vec<Received> {
        self.look_until(count, || clock.turn(50 * CHECK_EVERY)).await
    }

    async fn look_until(&self, count: usize, between: impl Fn()) -> Vec<Received> {
        let begun = Instant::now();
        while self.calls().len() < count {
            assert!(begun.elapsed() < PATIENCE, "{} of {count} calls came in time", self.calls().len());
            between();
            tokio::time::sleep(CHECK_EVERY).await;
        }
        self.calls()
    }
}

async fn receive(
    State((calls, answer)): State<(Arc<Mutex<Vec<Received>>>, Answer)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let before = {
        let mut calls = calls.lock().unwrap();
        calls.push(Received { path: uri.to_string(), headers, body });
        calls.len() - 1
    };
    match answer(before) {
        Some(response) => response,
        None => std::future::pending().await,
    }
}
