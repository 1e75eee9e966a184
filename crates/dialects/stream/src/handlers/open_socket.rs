//! `GET /ws`: opens sockets, whose clients say who they are in their first message.

use crate::StreamParts;
use crate::greeting::StreamGreeter;
use crate::policy::POLICY;
use axum::extract::{Request, State};
use axum::response::Response;
use milepost_http::Problem;

/// Opens a client's socket. A refusal is sent on the opened socket.
pub(crate) async fn open_socket(State(parts): State<StreamParts>, request: Request) -> Result<Response, Problem> {
    let handshake = parts.live.handshake(request, &POLICY)?;
    let max_message_bytes = parts.max_message_bytes;
    Ok(handshake.open_greeted_socket(StreamGreeter::new(parts), max_message_bytes).await)
}
