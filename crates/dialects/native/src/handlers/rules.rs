//! `/fleet/rules`: the thresholds by which a tenant's history is told.

use crate::tenant_of::{TenantQuery, tenant_of};
use crate::wire::rules::{ChangeRulesJson, RulesJson, ThresholdsJson};
use axum::Json;
use axum::extract::State;
use milepost_http::{Authenticated, Body, HttpContext, Problem, Query, rfc3339};
use milepost_service::{Request, RulesInForce, fleet};
use std::sync::Arc;

/// Shows the thresholds that apply to the tenant's vehicles.
#[utoipa::path(get, path = "/fleet/rules", tag = "fleet", params(TenantQuery),
    responses((status = 200, body = RulesJson), (status = 403, body = Problem)))]
pub(crate) async fn get_rules(
    State(context): State<Arc<HttpContext>>,
    Authenticated(caller): Authenticated,
    Query(query): Query<TenantQuery>,
) -> Result<Json<RulesJson>, Problem> {
    let tenant = tenant_of(&caller, query.tenant.as_deref())?;
    let request = Request { caller: &caller, now: context.service.now() };
    let rules = fleet::get_rules(&context.service.fleet, &request, &tenant).await?;
    Ok(Json(rules_to_json(rules)))
}

/// Changes thresholds: they hold for positions from now on, and history stays as it was told.
#[utoipa::path(patch, path = "/fleet/rules", tag = "fleet", params(TenantQuery), request_body = ChangeRulesJson,
    responses((status = 200, body = RulesJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn change_rules(
    State(context): State<Arc<HttpContext>>,
    Authenticated(caller): Authenticated,
    Query(query): Query<TenantQuery>,
    Body(json): Body<ChangeRulesJson>,
) -> Result<Json<RulesJson>, Problem> {
    let tenant = tenant_of(&caller, query.tenant.as_deref())?;
    let request = Request { caller: &caller, now: context.service.now() };
    let rules = fleet::change_rules(&context.service.fleet, &request, &tenant, &json.changes()).await?;
    Ok(Json(rules_to_json(rules)))
}

fn rules_to_json(rules: RulesInForce) -> RulesJson {
    RulesJson {
        version: rules.version,
        changed_at: rules.changed_at.map(rfc3339),
        thresholds: ThresholdsJson::from(&rules.thresholds),
        own: rules.own,
    }
}
