//! Whether the server is shutting down, and the answers that it gives meanwhile.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_http::Problem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How long running requests may take after the signal to stop.
pub(crate) const DRAIN_DEADLINE_MS: u64 = 10_000;

/// Refused streams are advised to come back this long after each other, so that they do not all come at once; the delays begin again
/// after [`STREAM_SPREAD_MS`].
const STREAM_STEP_MS: u64 = 10;
const STREAM_SPREAD_MS: u64 = 5_000;

/// Set when the server stops accepting new work. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Draining(Arc<State>);

#[derive(Default)]
struct State {
    announced: AtomicBool,
    on: AtomicBool,
    streams: AtomicU64,
}

impl Draining {
    /// Says that the server will drain soon. It still takes all work.
    pub(crate) fn announce(&self) {
        self.0.announced.store(true, Ordering::Relaxed);
    }

    /// Whether balancers should turn to other nodes.
    pub(crate) fn is_announced(&self) -> bool {
        self.0.announced.load(Ordering::Relaxed) || self.is_on()
    }

    pub(crate) fn begin(&self) {
        self.0.on.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.on.load(Ordering::Relaxed)
    }

    /// Refuses a request, so that the client goes to another node.
    ///
    /// A stream is answered 200 and ends at once, with advice to come back after this process has gone: a browser's EventSource takes
    /// any other status as final (HTML, server-sent events, "processing model").
    pub(crate) fn refuse(&self, is_stream: bool) -> Response {
        if !is_stream {
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down").into_response();
        }
        let rank = self.0.streams.fetch_add(1, Ordering::Relaxed);
        let retry_ms = DRAIN_DEADLINE_MS + rank * STREAM_STEP_MS % STREAM_SPREAD_MS;
        let headers: [(HeaderName, HeaderValue); 2] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, format!("retry: {retry_ms}\n\n")).into_response()
    }
}
