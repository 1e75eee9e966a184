//! `/dashboard`: the fleet's statistics.

use crate::handlers::track::instant;
use crate::wire::dashboard::DashboardJson;
use axum::Json;
use axum::extract::State;
use milepost_http::{Authenticated, HttpContext, Problem, Query, rfc3339, tenant_of};
use milepost_service::fleet;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The time of the statistics.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DashboardQuery {
    /// From this instant; 24 hours before `to` if absent.
    pub from: Option<String>,
    /// Before this instant; until now if absent.
    pub to: Option<String>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// Shows the fleet's statistics, running trips included: of the last 24 hours, or of another time.
///
/// Of a trip that began before the time or ended after it, the part within it counts. A time is counted in quarters of an hour
/// that begin in it, and may be 32 days long.
#[utoipa::path(get, path = "/dashboard", tag = "fleet", params(DashboardQuery),
    responses((status = 200, body = DashboardJson), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn get_dashboard(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(query): Query<DashboardQuery>,
) -> Result<Json<DashboardJson>, Problem> {
    let tenant = tenant_of(&request.caller, query.tenant.as_deref())?;
    let read = |field, text: Option<&str>| text.map(|text| instant(field, Some(text), 0)).transpose();
    let time = (read("from", query.from.as_deref())?, read("to", query.to.as_deref())?);
    let figures = fleet::fleet_dashboard(&context.use_cases.fleet, &request, &tenant, time).await?;
    Ok(Json(DashboardJson {
        active_vehicles: figures.active_vehicles,
        total_trips: figures.total_trips,
        distance_traveled: figures.distance_km,
        fuel_consumed: figures.fuel_l,
        utilization_rate: figures.utilization_percent,
        idle_minutes: figures.idle_min,
        cost_per_km: figures.cost_per_km,
        timestamp: rfc3339(figures.at),
    }))
}
