//! `GET /api/events`: the door to the stream of server-sent events.

use crate::RecordsParts;
use crate::opening::{last_event_id, prove};
use crate::stream::{RETRY_MS, serve};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use milepost_http::{Problem, TokenInQuery};
use milepost_transport::Cut;

/// Proxies neither keep, compress nor hold back what comes.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];

/// Answers at once; events follow in the response's body.
pub(crate) async fn stream_events(State(parts): State<RecordsParts>, request: Request) -> Result<Response, Problem> {
    let (mut head, _) = request.into_parts();
    let after = last_event_id(&head)?;
    let opening = prove(&parts, &head, TokenInQuery::Ignored).await?.admit(&parts)?;
    let cut = head.extensions.remove::<Cut>();
    // What the socket's route may keep for a slow reader.
    let lossless_bytes = parts.transport.config().limits.lossless_bytes;
    let (stream, body) = parts.transport.open_stream(lossless_bytes, cut);
    stream.greet(RETRY_MS);
    tokio::spawn(serve(stream, parts, opening, after));
    Ok((HEADERS, Body::new(body)).into_response())
}
