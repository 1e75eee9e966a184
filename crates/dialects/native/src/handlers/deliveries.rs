//! `/deliveries`.

use crate::convert_delivery::delivery_to_json;
use crate::wire::delivery::ListedDeliveryJson;
use axum::Json;
use axum::extract::State;
use milepost_domain::{Delivery, DeliveryStatus, RiderId, Timestamp, TrackingId};
use milepost_http::{Authenticated, HttpContext, Page, PageQuery, Problem, Query, cursor_of, tenant_of};
use milepost_service::deliveries::{self, DeliveryQuery};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The filters of a list of deliveries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryFilter {
    /// Only those with this status.
    pub status: Option<String>,
    /// Only those of this rider.
    pub rider_id: Option<String>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// Lists the deliveries whose links still work, newest first.
///
/// An admin, manager or superadmin sees all of the tenant, a merchant those that it started, a rider its own.
#[utoipa::path(get, path = "/deliveries", tag = "deliveries", params(PageQuery, DeliveryFilter),
    responses((status = 200, body = Page<ListedDeliveryJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_deliveries(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
    Query(filter): Query<DeliveryFilter>,
) -> Result<Json<Page<ListedDeliveryJson>>, Problem> {
    let limit = page.limit()?;
    let query = DeliveryQuery {
        tenant: tenant_of(&request.caller, filter.tenant.as_deref())?,
        rider: filter.rider_id.as_deref().map(RiderId::new).transpose()?,
        status: filter.status.as_deref().map(DeliveryStatus::parse).transpose()?,
        after: page.after(|text| place_in(text).ok_or(()))?,
        limit,
    };
    let _permit = context.page_permit(&request.caller).await?;
    let found = deliveries::list_deliveries(&context.use_cases.deliveries, &request, query).await?;
    let is_full = found.len() == limit as usize;
    let next = found.last().filter(|_| is_full).map(|last| cursor_of(&place_of(&last.delivery)));
    Ok(Json(Page { items: found.iter().map(delivery_to_json).collect(), next }))
}

/// A delivery's place in the list. Its id alone would not do: the delivery may be gone when the next page is read.
fn place_of(delivery: &Delivery) -> String {
    format!("{} {}", delivery.created_at.unix_ms(), delivery.tracking_id.as_str())
}

fn place_in(text: &str) -> Option<(Timestamp, TrackingId)> {
    let (created_ms, id) = text.split_once(' ')?;
    Some((Timestamp::from_unix_ms(created_ms.parse().ok()?)?, TrackingId::new(id).ok()?))
}
