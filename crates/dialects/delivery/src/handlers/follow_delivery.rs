//! `/ws/tracking/{tracking_id}`: the door to the socket. Refusals are told by close codes, after opening.

use crate::DeliveryParts;
use crate::credential::{Opener, identify, sees_rider};
use crate::followed::EXPIRED;
use crate::follower::{Follower, INVALID_TOKEN, NOT_FOUND, follow};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::TrackingId;
use milepost_http::{Path, Problem, Query};
use milepost_service::ServiceError;
use milepost_transport::{Socket, Upgrade};
use serde::Deserialize;

/// Seconds after which a follower over the tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;

#[derive(Deserialize)]
pub(crate) struct FollowQuery {
    token: Option<String>,
}

/// Lets a follower in, or opens only to say why not.
pub(crate) async fn follow_delivery(
    State(parts): State<DeliveryParts>,
    Path(id): Path<String>,
    Query(query): Query<FollowQuery>,
    request: Request,
) -> Response {
    match open(parts, &id, query.token.as_deref(), request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn open(parts: DeliveryParts, id: &str, token: Option<&str>, request: Request) -> Result<Response, Problem> {
    let (mut head, _) = request.into_parts();
    let opener = identify(&parts.context, &head, token).await?;
    let upgrade = match Upgrade::from_parts(&mut head, &parts.transport) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(refusal.response().map(Body::from)),
    };
    let proven = match opener {
        Opener::Anybody => None,
        Opener::Known(proven) => Some(proven),
        Opener::Refused => return Ok(refuse(upgrade, INVALID_TOKEN)),
    };
    let service = &parts.context.service;
    let Ok(id) = TrackingId::new(id) else { return Ok(refuse(upgrade, NOT_FOUND)) };
    let tenant = match service.find_delivery(&id).await {
        Ok(view) => view.delivery.tenant,
        Err(ServiceError::NotFound(_)) => return Ok(refuse(upgrade, NOT_FOUND)),
        Err(ServiceError::Gone(_)) => return Ok(refuse(upgrade, EXPIRED)),
        Err(other) => return Err(other.into()),
    };
    let caller = proven.as_ref().map(|proven| proven.caller().clone());
    let follower = Follower { id, sees_rider: caller.as_ref().is_some_and(|c| sees_rider(c, &tenant)), caller };
    let admission = parts.context.access.admit_to(&tenant, proven).map_err(|_| {
        let detail = "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
    })?;
    Ok(upgrade.accept(move |socket| follow(socket, parts, follower, admission)).map(|()| Body::empty()))
}

/// Browsers show a page no status of a refused handshake: the reason is told by the close frame.
fn refuse(upgrade: Upgrade, reason: &'static str) -> Response {
    let close = move |socket: Socket| async move {
        socket.link().close(1008, reason);
        socket.finish().await;
    };
    upgrade.accept(close).map(|()| Body::empty())
}
