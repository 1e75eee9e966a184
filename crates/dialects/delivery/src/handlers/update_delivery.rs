//! `POST /tracking/update/{tracking_id}`: changes a session's location or status.

use super::{NO_STORE, find_delivery::tracking_id};
use crate::convert::{moved, refusal, update_of};
use crate::wire::UpdateLocation;
use crate::{DeliveryParts, parse_delivery_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_http::{Authenticated, JsonAnswer, MAX_BODY_BYTES, Path, Problem, RawBody, RequestClaim};
use milepost_service::{DeliveryView, deliveries};

/// Answers when the change is durable and published.
pub(crate) async fn update_delivery(
    State(parts): State<DeliveryParts>,
    Path(id): Path<String>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    RawBody(body): RawBody<MAX_BODY_BYTES>,
) -> Result<Response, Problem> {
    let body: UpdateLocation = parse_delivery_json(&body)?;
    let update = update_of(&body).map_err(refusal)?;
    let id = tracking_id(&id)?;
    let render = |view: &DeliveryView| JsonAnswer::new(StatusCode::OK, &moved(view));
    let view =
        deliveries::update_delivery(&parts.live.use_cases().deliveries, &request, &id, update, &claim.once(render))
            .await?;
    Ok((NO_STORE, render(&view)).into_response())
}
