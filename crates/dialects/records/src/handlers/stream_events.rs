//! `GET /api/events`: the door to the stream of server-sent events.

use crate::RecordsParts;
use crate::opening::{prove, query_value};
use crate::stream::{RETRY_MS, serve};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
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

/// The last event that the client has: the header, which a browser sends when it comes back, before the URL, which is
/// then still the first one.
fn last_event_id(head: &Parts) -> Result<Option<i64>, Problem> {
    let header = head.headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").trim().to_owned());
    match header.filter(|id| !id.is_empty()).or_else(|| query_value(head, "last_event_id")) {
        None => Ok(None),
        Some(id) if id.is_empty() => Ok(None),
        Some(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(id.parse().unwrap_or(i64::MAX))),
        Some(_) => Err(Problem::malformed("Last-Event-ID must be a whole number from 0")),
    }
}
