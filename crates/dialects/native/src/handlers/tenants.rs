//! `/tenants`.

use crate::wire::account::TenantJson;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Label, Tenant, TenantId};
use milepost_http::{Authenticated, Body, HttpContext, JsonAnswer, Page, PageQuery, Problem, Query, RequestClaim};
use milepost_service::tenants;
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
