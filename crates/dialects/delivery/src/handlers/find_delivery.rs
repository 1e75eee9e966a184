//! `GET /tracking/{tracking_id}` for visitors with the link, `GET /tracking/rider/{rider_id}` for users of the tenant.

use super::NO_STORE;
use crate::DeliveryParts;
use crate::convert::session_of;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use milepost_domain::{RiderId, TrackingId};
use milepost_http::{ForTenant, Path, Problem};
use milepost_service::deliveries;

/// Returns the session without its rider. No credential is needed.
pub(crate) async fn find_delivery(
    State(parts): State<DeliveryParts>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let view =
        deliveries::find_delivery(&parts.live.use_cases().deliveries, &tracking_id(&id)?, parts.live.now()).await?;
    Ok((NO_STORE, Json(session_of(&view, false))).into_response())
}

/// Returns the session that a rider has now.
pub(crate) async fn find_riders_delivery(
    State(parts): State<DeliveryParts>,
    Path(rider_id): Path<String>,
    ForTenant(request, tenant): ForTenant,
) -> Result<Response, Problem> {
    let rider = RiderId::new(&rider_id).map_err(|_| Problem::not_found("tracking session"))?;
    let view = deliveries::find_riders_delivery(&parts.live.use_cases().deliveries, &request, &tenant, &rider).await?;
    Ok((NO_STORE, Json(session_of(&view, true))).into_response())
}

/// Reads a tracking id. A text that can't be one is answered 404, like an unknown id.
pub(crate) fn tracking_id(text: &str) -> Result<TrackingId, Problem> {
    TrackingId::new(text).map_err(|_| Problem::not_found("tracking session"))
}
