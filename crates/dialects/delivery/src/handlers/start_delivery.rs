//! `POST /tracking/start`: starts a session and makes its link.

use super::NO_STORE;
use crate::convert::{new_delivery, refusal, session_of};
use crate::wire::StartTracking;
use crate::{DeliveryParts, parse_delivery_json};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_http::{ForTenant, JsonAnswer, MAX_BODY_BYTES, Problem, RawBody, RequestClaim};
use milepost_service::{DeliveryView, deliveries};

/// Answers when the session is durable.
pub(crate) async fn start_delivery(
    State(parts): State<DeliveryParts>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    RawBody(body): RawBody<MAX_BODY_BYTES>,
) -> Result<Response, Problem> {
    let body: StartTracking = parse_delivery_json(&body)?;
    let new = new_delivery(&body).map_err(refusal)?;
    let render = |view: &DeliveryView| JsonAnswer::new(StatusCode::OK, &session_of(view, true));
    let view =
        deliveries::start_delivery(&parts.live.use_cases().deliveries, &request, &tenant, new, &claim.once(render))
            .await?;
    Ok((NO_STORE, render(&view)).into_response())
}
