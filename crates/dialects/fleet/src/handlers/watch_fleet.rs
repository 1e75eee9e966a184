//! `/ws/tracking?company_id=…&user_id=…`: the door to the socket.

use crate::FleetParts;
use crate::opening::{last_event_id, prove, query_value};
use crate::viewer::watch;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use milepost_http::Problem;
use milepost_transport::{SocketLimits, Upgrade};

/// The parcel dialect's clients open the same path. Theirs is what names a parcel, and what names no company but brings a
/// token in its URL, as they do. A request that brings nothing at all is told by them to log in first, unless nobody
/// need log in here.
pub fn is_for_fleet(parts: &FleetParts, head: &Parts) -> bool {
    let names = |name| query_value(head, name).is_some();
    if names("company_id") {
        return true;
    }
    if names("parcel_id") || names("token") {
        return false;
    }
    let shows_credential = [header::AUTHORIZATION.as_str(), "x-device-key", header::COOKIE.as_str()];
    names("user_id") || parts.settings.open_door || shows_credential.iter().any(|name| head.headers.contains_key(*name))
}

/// Lets a viewer in, or says by the handshake's answer why not.
pub async fn watch_fleet(State(parts): State<FleetParts>, request: Request) -> Response {
    match open(parts, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn open(parts: FleetParts, request: Request) -> Result<Response, Problem> {
    let (mut head, _) = request.into_parts();
    if !parts.context.origins.allows(&head.headers) {
        return Err(Problem::forbidden("this origin may not open sockets here, see ALLOWED_ORIGINS"));
    }
    let proof = prove(&parts, &head).await?;
    let upgrade = match Upgrade::from_parts(&mut head, &parts.transport) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(refusal.response().map(Body::from)),
    };
    let replay_after = last_event_id(&head);
    let opening = proof.admit(&parts)?;
    let limits = SocketLimits { max_message_bytes: parts.settings.max_message_bytes, ..upgrade.limits() };
    let upgrade = upgrade.with_limits(limits);
    Ok(upgrade.accept(move |socket| watch(socket, parts, opening, replay_after)).map(|()| Body::empty()))
}
