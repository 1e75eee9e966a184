//! Reads small request bodies, and records whether a body was read to its end.

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use milepost_http::{MAX_BODY_BYTES, Problem};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// The time within which a body of moderate size must arrive.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// Whether the whole request was read. Otherwise no other request can follow on the connection.
#[derive(Clone, Default)]
pub(super) struct ReadToEnd(Arc<AtomicBool>);

impl ReadToEnd {
    pub(super) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads a body of known, moderate size before routing. A refusal that left the body unread would close the client's
/// connection. Handlers read larger bodies.
pub(super) async fn take_small_body(
    request: hyper::Request<Incoming>,
) -> Result<(hyper::Request<Body>, ReadToEnd), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let is_small = length.is_some_and(|length: usize| (1..=MAX_BODY_BYTES).contains(&length));
    let read = ReadToEnd::default();
    if !is_small {
        read.0.store(request.body().is_end_stream(), Ordering::Relaxed);
        let watched = read.clone();
        return Ok((request.map(|body| Body::new(Watched { body, read: watched })), read));
    }
    let (head, body) = request.into_parts();
    match tokio::time::timeout(BODY_WAIT, body.collect()).await {
        Ok(Ok(body)) => {
            read.0.store(true, Ordering::Relaxed);
            Ok((hyper::Request::from_parts(head, Body::from(body.to_bytes())), read))
        }
        Ok(Err(_)) => Err(Problem::malformed("the body ended early")),
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

/// A body that records when its end is reached.
struct Watched {
    body: Incoming,
    read: ReadToEnd,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.read.0.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
