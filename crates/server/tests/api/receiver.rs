//! A program that Milepost calls: it records the calls, and answers as the test sets.

use crate::support::PATIENCE;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One call as it came.
#[derive(Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

type Answer = Arc<dyn Fn(usize) -> StatusCode + Send + Sync>;

pub struct Receiver {
    pub url: String,
    calls: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Answers by the number of calls before.
    pub async fn start(answer: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", answer).await
    }

    pub async fn at(address: &str, answer: impl Fn(usize) -> u16 + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Received>>> = Arc::default();
        let answer: Answer = Arc::new(move |before| StatusCode::from_u16(answer(before)).unwrap());
        let app = Router::new().fallback(receive).with_state((Arc::clone(&calls), answer));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, calls }
    }

    pub fn calls(&self) -> Vec<Received> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls, once there are this many.
    pub async fn until(&self, count: usize) -> Vec<Received> {
        tokio::time::timeout(PATIENCE, async {
            while self.calls().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("calls in time");
        self.calls()
    }
}

async fn receive(
    State((calls, answer)): State<(Arc<Mutex<Vec<Received>>>, Answer)>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut calls = calls.lock().unwrap();
    calls.push(Received { path: uri.to_string(), headers, body });
    answer(calls.len() - 1).into_response()
}
