//! `/alerts`.

use crate::convert_alert::{alert_cursor, alert_from_json, alert_place_in_list, alert_to_json};
use crate::handlers::notifications::is_asked_for;
use crate::wire::alert::{AlertJson, NewAlertJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Alert, AlertId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim,
    TenantQuery, tenant_of,
};
use milepost_service::{AlertListing, fleet};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The filters of a list of alerts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertQuery {
    /// Only alerts that nobody has marked read: `true`, `1` or no value. `false` and `0` list all.
    pub unread: Option<String>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// Raises an alert and publishes it to everyone who may see it.
#[utoipa::path(post, path = "/alerts", tag = "fleet", params(TenantQuery), request_body = NewAlertJson,
    responses((status = 201, body = AlertJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn raise_alert(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Query(query): Query<TenantQuery>,
    Body(json): Body<NewAlertJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref().or(query.tenant.as_deref()))?;
    let render = |alert: &Alert| JsonAnswer::new(StatusCode::CREATED, &alert_to_json(alert));
    let alert =
        fleet::raise_alert(&context.use_cases.fleet, &request, alert_from_json(json, tenant)?, &claim.once(render))
            .await?;
    Ok(render(&alert))
}

/// Lists the alerts that the caller may see and that have not expired, newest first.
///
/// Admins and managers see the company's alerts, other users those that are addressed to them.
#[utoipa::path(get, path = "/alerts", tag = "fleet", params(PageQuery, AlertQuery),
    responses((status = 200, body = Page<AlertJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_alerts(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
    Query(query): Query<AlertQuery>,
) -> Result<Json<Page<AlertJson>>, Problem> {
    let limit = page.limit()?;
    let listing = AlertListing {
        tenant: tenant_of(&request.caller, query.tenant.as_deref())?,
        unread: is_asked_for("unread", query.unread.as_deref())?,
        before: page.after(alert_cursor)?,
        limit,
    };
    let _permit = context.page_permit(&request.caller).await?;
    let alerts = fleet::list_alerts(&context.use_cases.fleet, &request, &listing).await?;
    let found = Page::new(alerts, limit, alert_place_in_list);
    Ok(Json(Page { items: found.items.iter().map(alert_to_json).collect(), next: found.next }))
}

/// Marks an alert read for all who may see it, and publishes that. A second call gets the answer of the first.
#[utoipa::path(post, path = "/alerts/{id}/read", tag = "fleet", params(("id" = String, Path), TenantQuery),
    responses((status = 200, body = AlertJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn mark_alert_read(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<AlertId>,
) -> Result<JsonAnswer, Problem> {
    let render = |alert: &Alert| JsonAnswer::new(StatusCode::OK, &alert_to_json(alert));
    let alert = fleet::mark_alert_read(&context.use_cases.fleet, &request, &tenant, &id, &claim.once(render)).await?;
    Ok(render(&alert))
}

/// Deletes an alert for all who may see it, and publishes that.
#[utoipa::path(delete, path = "/alerts/{id}", tag = "fleet", params(("id" = String, Path), TenantQuery),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn delete_alert(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<AlertId>,
) -> Result<StatusCode, Problem> {
    fleet::delete_alert(&context.use_cases.fleet, &request, &tenant, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
