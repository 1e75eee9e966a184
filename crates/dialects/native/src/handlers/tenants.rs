//! `/tenants`.

use crate::wire::account::{ChangeTenantJson, TenantJson, TenantSettingsJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Label, OffDutyRule, Tenant, TenantId};
use milepost_http::{
    Authenticated, Body, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim, tenant_of,
};
use milepost_service::{duty, proofs, tenants};
use std::sync::Arc;

/// Adds a tenant.
#[utoipa::path(post, path = "/tenants", tag = "tenants", request_body = TenantJson,
    responses((status = 201, body = TenantJson), (status = 403, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn add_tenant(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<TenantJson>,
) -> Result<JsonAnswer, Problem> {
    let id = TenantId::new(&json.id).map_err(|invalid| Problem::invalid("id", invalid.message))?;
    let name = Label::new(&json.name).map_err(|invalid| Problem::invalid("name", invalid.message))?;
    let render = |(): &()| JsonAnswer::new(StatusCode::CREATED, &json);
    tenants::add_tenant(&context.use_cases.tenants, &request, &Tenant { id, name }, &claim.once(render)).await?;
    Ok(render(&()))
}

/// Changes what is set for a tenant.
#[utoipa::path(patch, path = "/tenants/{id}", tag = "tenants", params(("id" = String, Path)),
    request_body = ChangeTenantJson,
    responses((status = 200, body = TenantSettingsJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn change_tenant(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Path(id): Path<String>,
    Body(json): Body<ChangeTenantJson>,
) -> Result<Json<TenantSettingsJson>, Problem> {
    let tenant = tenant_of(&request.caller, Some(&id))?;
    let off_duty = json.off_duty.as_deref().map(OffDutyRule::parse).transpose();
    let off_duty = off_duty.map_err(|invalid| Problem::invalid("off_duty", invalid.message))?;
    let proof_required = match json.proof_required {
        Some(is_demanded) => {
            tenants::demand_proofs(&context.use_cases.tenants, &request, &tenant, is_demanded).await?;
            is_demanded
        }
        None => proofs::is_proof_required(&context.use_cases.proofs, &tenant).await?,
    };
    let off_duty = match off_duty {
        Some(rule) => {
            duty::set_off_duty_rule(&context.use_cases.duty, &request, &tenant, rule).await?;
            rule
        }
        None => duty::off_duty_rule(&context.use_cases.duty, &tenant).await?,
    };
    Ok(Json(TenantSettingsJson { id: tenant.to_string(), proof_required, off_duty: off_duty.as_str() }))
}

/// Lists tenants in the order of their ids.
#[utoipa::path(get, path = "/tenants", tag = "tenants", params(PageQuery),
    responses((status = 200, body = Page<TenantJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_tenants(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<TenantJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(TenantId::new)?;
    let _permit = context.page_permit(&request.caller).await?;
    let tenants = tenants::list_tenants(&context.use_cases.tenants, &request, after.as_ref(), limit).await?;
    let items = tenants
        .into_iter()
        .map(|tenant| TenantJson { id: tenant.id.to_string(), name: tenant.name.as_str().to_owned() })
        .collect();
    Ok(Json(Page::new(items, limit, |tenant: &TenantJson| tenant.id.clone())))
}
