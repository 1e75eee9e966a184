//! `/dashboard`: what the fleet did in the last 24 hours.

use crate::tenant_of::{TenantQuery, tenant_of};
use crate::wire::dashboard::DashboardJson;
use axum::Json;
use axum::extract::State;
use milepost_http::{Authenticated, HttpContext, Problem, Query, rfc3339};
use milepost_service::{Request, fleet};
use std::sync::Arc;

/// Shows the figures of the fleet over the last 24 hours, running trips included.
#[utoipa::path(get, path = "/dashboard", tag = "fleet", params(TenantQuery),
    responses((status = 200, body = DashboardJson), (status = 403, body = Problem)))]
pub(crate) async fn get_dashboard(
    State(context): State<Arc<HttpContext>>,
    Authenticated(caller): Authenticated,
    Query(query): Query<TenantQuery>,
) -> Result<Json<DashboardJson>, Problem> {
    let tenant = tenant_of(&caller, query.tenant.as_deref())?;
    let request = Request { caller: &caller, now: context.service.now() };
    let figures = fleet::fleet_dashboard(&context.service.fleet, &request, &tenant).await?;
    Ok(Json(DashboardJson {
        active_vehicles: figures.active_vehicles,
        total_trips: figures.total_trips,
        distance_traveled: figures.distance_km,
        fuel_consumed: figures.fuel_l,
        utilization_rate: figures.utilization_percent,
        cost_per_km: figures.cost_per_km,
        timestamp: rfc3339(figures.at),
    }))
}
