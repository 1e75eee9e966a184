//! `/fleet/rules`: the thresholds by which a tenant's trips, visits and incidents are found.

use crate::wire::rules::{ChangeRulesJson, RulesJson, ThresholdsJson};
use axum::extract::State;
use milepost_http::{Body, ForTenant, HttpContext, IfMatch, IfNoneMatch, Problem, Tagged, TenantQuery, rfc3339};
use milepost_service::{RulesInForce, fleet};
use std::sync::Arc;

/// Shows the thresholds that apply to the tenant's vehicles.
#[utoipa::path(get, path = "/fleet/rules", tag = "fleet", params(TenantQuery),
    responses((status = 200, body = RulesJson), (status = 403, body = Problem)))]
pub(crate) async fn get_rules(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    known: IfNoneMatch,
) -> Result<Tagged<RulesJson>, Problem> {
    let rules = fleet::get_rules(&context.use_cases.fleet, &request, &tenant).await?;
    Ok(Tagged::new(rules.version, rules_to_json(rules)).unless(&known))
}

/// Changes thresholds. They apply to positions from now on; history stays as it is.
#[utoipa::path(patch, path = "/fleet/rules", tag = "fleet", params(TenantQuery), request_body = ChangeRulesJson,
    responses((status = 200, body = RulesJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn change_rules(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Body(json): Body<ChangeRulesJson>,
) -> Result<Tagged<RulesJson>, Problem> {
    let rules = fleet::change_rules(&context.use_cases.fleet, &request, &tenant, &expected, &json.changes()).await?;
    Ok(Tagged::new(rules.version, rules_to_json(rules)))
}

fn rules_to_json(rules: RulesInForce) -> RulesJson {
    RulesJson {
        version: rules.version,
        changed_at: rules.changed_at.map(rfc3339),
        thresholds: ThresholdsJson::from(&rules.thresholds),
        own: rules.own,
    }
}
