//! Reads request bodies, which have to arrive at a minimum rate, and records whether one was read to its end.

use axum::BoxError;
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
use tokio::time::{Instant, Sleep, sleep_until};

/// The longest time in which nothing of a body arrives. Also the time that a body of a few bytes has.
pub(super) const BODY_WAIT: Duration = Duration::from_secs(30);

/// The rate at which a body has to arrive. What comes in slower uses up [`BODY_WAIT`]. A phone at the edge of its network
/// sends faster.
const BODY_BYTES_PER_S: u64 = 500;

/// What is known of a request's body once the request is answered.
#[derive(Clone, Default)]
pub(super) struct BodyState(Arc<Flags>);

#[derive(Default)]
struct Flags {
    is_read: AtomicBool,
    is_late: AtomicBool,
}

impl BodyState {
    /// Whether the whole request was read. Otherwise no other request can follow on the connection.
    pub(super) fn is_read(&self) -> bool {
        self.0.is_read.load(Ordering::Relaxed)
    }

    /// The refusal of a body that did not arrive in time.
    pub(super) fn lateness(&self) -> Option<Problem> {
        let detail = "the body did not arrive in time";
        self.0.is_late.load(Ordering::Relaxed).then(|| Problem::new(StatusCode::REQUEST_TIMEOUT, detail))
    }
}

/// Reads a body of known, moderate size before routing. A refusal that left the body unread would close the client's
/// connection. Handlers read larger bodies.
pub(super) async fn take_small_body(
    request: hyper::Request<Incoming>,
    wait: Duration,
) -> Result<(hyper::Request<Body>, BodyState), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let is_small = length.is_some_and(|length: usize| (1..=MAX_BODY_BYTES).contains(&length));
    let state = BodyState::default();
    state.0.is_read.store(request.body().is_end_stream(), Ordering::Relaxed);
    let request = request.map(|body| PacedBody::new(body, wait, state.clone()));
    if !is_small {
        return Ok((request.map(Body::new), state));
    }
    let (head, body) = request.into_parts();
    match body.collect().await {
        Ok(body) => Ok((hyper::Request::from_parts(head, Body::from(body.to_bytes())), state)),
        Err(_) => Err(state.lateness().unwrap_or_else(|| Problem::malformed("the body ended early"))),
    }
}

/// A body that fails when it arrives too slowly.
struct PacedBody {
    body: Incoming,
    wait: Duration,
    /// Each byte moves it on, up to `wait` from now.
    deadline: Instant,
    /// Made when the body is waited for.
    timer: Option<Pin<Box<Sleep>>>,
    state: BodyState,
}

impl PacedBody {
    fn new(body: Incoming, wait: Duration, state: BodyState) -> Self {
        Self { body, wait, deadline: Instant::now() + wait, timer: None, state }
    }

    fn note_arrived(&mut self, bytes: usize) {
        let earned = Duration::from_millis(bytes as u64 * 1000 / BODY_BYTES_PER_S);
        self.deadline = (self.deadline + earned).min(Instant::now() + self.wait);
    }

    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context)
    }
}

impl hyper::body::Body for PacedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.note_arrived(frame.data_ref().map_or(0, Bytes::len));
        }
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.state.0.is_read.store(true, Ordering::Relaxed);
        }
        if polled.is_pending() && self.poll_late(context).is_ready() {
            self.state.0.is_late.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into())));
        }
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
