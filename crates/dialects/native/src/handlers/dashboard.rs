//! `/dashboard`: the fleet's statistics of the last 24 hours.

use crate::wire::dashboard::DashboardJson;
use axum::Json;
use axum::extract::State;
use milepost_http::{ForTenant, HttpContext, Problem, TenantQuery, rfc3339};
use milepost_service::fleet;
use std::sync::Arc;

/// Shows the fleet's statistics of the last 24 hours, running trips included.
#[utoipa::path(get, path = "/dashboard", tag = "fleet", params(TenantQuery),
    responses((status = 200, body = DashboardJson), (status = 403, body = Problem)))]
pub(crate) async fn get_dashboard(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
) -> Result<Json<DashboardJson>, Problem> {
    let figures = fleet::fleet_dashboard(&context.use_cases.fleet, &request, &tenant).await?;
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
