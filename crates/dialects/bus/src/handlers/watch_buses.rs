//! `/ws/bus-tracking/`: the door to the socket.

use crate::BusParts;
use crate::viewer::{View, watch};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Action, TenantId, VehicleScope};
use milepost_http::{Problem, Query, TokenInQuery, authenticate_parts};
use milepost_transport::Upgrade;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct WatchQuery {
    /// `1`: also tell how many are looking.
    presence: Option<String>,
    /// For a superadmin: whose buses; its own tenant's if absent.
    tenant: Option<String>,
}

/// Seconds after which a viewer over the tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;

/// Lets a viewer in, or says by the handshake's answer why not.
pub(crate) async fn watch_buses(
    State(parts): State<BusParts>,
    Query(query): Query<WatchQuery>,
    request: Request,
) -> Response {
    match open(parts, &query, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn open(parts: BusParts, query: &WatchQuery, request: Request) -> Result<Response, Problem> {
    let (mut head, _) = request.into_parts();
    if !parts.context.origins.allows(&head.headers) {
        return Err(Problem::forbidden("this origin may not open sockets here, see ALLOWED_ORIGINS"));
    }
    // The seed's server answers 403, not 401, to who has no session.
    let proven = authenticate_parts(&parts.context, &head, TokenInQuery::Taken)
        .await
        .map_err(|problem| if problem.status == 401 { Problem::forbidden(problem.detail) } else { problem })?;
    let caller = proven.caller().clone();
    let tenant = match &query.tenant {
        Some(named) => TenantId::new(named)?,
        None => caller.tenant.clone(),
    };
    if tenant != caller.tenant && !caller.is_superadmin() {
        return Err(Problem::forbidden("only a superadmin may watch another tenant"));
    }
    let upgrade = match Upgrade::from_parts(&mut head, &parts.transport) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(refusal.response().map(Body::from)),
    };
    let admission = parts.context.access.admit_connection(proven).map_err(|_| {
        let detail = "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
    })?;
    let view = View {
        scope: VehicleScope::of(&caller, Action::SeeVehicle, &tenant),
        wants_presence: query.presence.as_deref() == Some("1"),
        tenant,
        caller,
    };
    Ok(upgrade.accept(move |socket| watch(socket, parts, view, admission)).map(|()| Body::empty()))
}
