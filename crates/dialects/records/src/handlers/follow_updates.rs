//! `/ws/updates/?token=…`: opens sockets for clients of records.

use crate::client::RecordsClient;
use crate::policy::POLICY;
use crate::view::authorize;
use axum::extract::{Request, State};
use axum::response::Response;
use milepost_http::Problem;
use milepost_live::Live;

/// Opens a client's socket. A refusal is sent on the opened socket too.
pub(crate) async fn follow_updates(State(live): State<Live>, request: Request) -> Result<Response, Problem> {
    let handshake = live.handshake(request, &POLICY)?;
    let replay_after = handshake.last_event_id();
    let entry = authorize(&live, &handshake).await;
    let enter = |sender, view| async move { Ok(RecordsClient::enter(&live, sender, view, replay_after)) };
    Ok(handshake.open_socket(entry, enter))
}
