//! `/ws/tracking?company_id=…&user_id=…`: opens sockets for viewers of a fleet.

use crate::FleetParts;
use crate::fleet_access::authorize;
use crate::viewer::FleetSocket;
use axum::extract::{Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use milepost_http::{Problem, query_value};
use milepost_live::ConnectionPolicy;

/// Whether a request on the shared path is for the fleet dialect. It is for the parcel dialect if it names a parcel, or
/// if it names no company and has its token in the URL. A request without anything is for the parcel dialect too,
/// unless the fleet dialect allows anonymous access.
pub fn is_for_fleet(parts: &FleetParts, head: &Parts) -> bool {
    let names = |name| query_value(head, name).is_some();
    if names("company_id") {
        return true;
    }
    if names("parcel_id") || names("token") {
        return false;
    }
    let shows_credential = [header::AUTHORIZATION.as_str(), "x-device-key", header::COOKIE.as_str()];
    names("user_id")
        || parts.settings.anonymous_access
        || shows_credential.iter().any(|name| head.headers.contains_key(*name))
}

/// Opens a viewer's socket, or refuses in the answer to the handshake.
pub async fn watch_fleet(State(parts): State<FleetParts>, request: Request) -> Result<Response, Problem> {
    let handshake = parts.live.handshake(request, &ConnectionPolicy::SOCKET)?;
    let replay_after = handshake.last_event_id();
    let entry = authorize(&parts, &handshake).await;
    Ok(handshake.open_socket(entry, move |sender, access| FleetSocket::enter(sender, parts, access, replay_after)))
}
