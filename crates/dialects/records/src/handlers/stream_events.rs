//! `GET /api/events`: opens streams of server-sent events.

use crate::view::authorize;
use axum::extract::{Request, State};
use axum::response::Response;
use milepost_http::Problem;
use milepost_live::{ConnectionPolicy, Live};

/// Answers at once. Events follow in the response's body.
pub(crate) async fn stream_events(State(live): State<Live>, request: Request) -> Result<Response, Problem> {
    let handshake = live.handshake(request, &ConnectionPolicy::STREAM)?;
    let after = handshake.last_event_id().map_err(Problem::malformed)?;
    let entry = authorize(&live, &handshake).await;
    Ok(handshake.open_stream(entry, after))
}
