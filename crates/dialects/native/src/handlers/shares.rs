//! `/shares`.

use crate::convert::{Refusals, opened_share_to_json, share_to_json, vehicle_ids_from_json};
use crate::wire::share::{NewShareJson, OpenedShareJson, ShareJson, ShareTokenJson};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{Invalid, Label, Share, ShareId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim,
    TenantQuery, parse_timestamp, tenant_of,
};
use milepost_service::shares::{self, ShareRequest};
use std::sync::Arc;

/// Shares vehicles with guests, who see where these are until a time. Only this answer shows the token.
#[utoipa::path(post, path = "/shares", tag = "shares", request_body = NewShareJson,
    responses((status = 201, body = ShareJson), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn add_share(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewShareJson>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref())?;
    let new = request_from_json(&json)?;
    let shown_again = |share: &Share| JsonAnswer::new(StatusCode::CREATED, &share_to_json(share));
    let made = shares::add_share(&context.use_cases.shares, &request, &tenant, new, &claim.once(shown_again)).await?;
    let shown_once = ShareJson { token: Some(made.token), ..share_to_json(&made.share) };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(shown_once)).into_response())
}

fn request_from_json(json: &NewShareJson) -> Result<ShareRequest, Problem> {
    let mut refusals = Refusals::default();
    let name = refusals.take("name", Label::new(&json.name));
    let expires_at = parse_timestamp(&json.expires_at).map_err(|takes| Invalid::new("", takes));
    let expires_at = refusals.take("expires_at", expires_at);
    let (Some(name), Some(expires_at)) = (name, expires_at) else { return Err(refusals.problem()) };
    Ok(ShareRequest { name, vehicle_ids: vehicle_ids_from_json(&json.vehicle_ids)?, expires_at })
}

/// Tells a guest what became of the share of its token, and counts the opening of a page. Needs no other credential.
#[utoipa::path(post, path = "/shares/open", tag = "shares", request_body = ShareTokenJson, security(),
    responses((status = 200, body = OpenedShareJson), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn open_share(
    State(context): State<Arc<HttpContext>>,
    Body(json): Body<ShareTokenJson>,
) -> Result<Response, Problem> {
    let now = context.clock.now();
    let share = shares::open_share(&context.use_cases.shares, &json.token, now).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(opened_share_to_json(&share, now))).into_response())
}

/// Lists shares in the order of their numbers, without their tokens. Those that have ended or were recalled are listed for a month.
#[utoipa::path(get, path = "/shares", tag = "shares", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<ShareJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_shares(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ShareJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().map_err(drop).and_then(|id| ShareId::new(id).map_err(drop)))?;
    let _permit = context.page_permit(&request.caller).await?;
    let listed = shares::list_shares(&context.use_cases.shares, &request, &tenant, after, limit).await?;
    let items = listed.iter().map(share_to_json).collect();
    Ok(Json(Page::new(items, limit, |share: &ShareJson| share.id.to_string())))
}

/// Recalls a share. Its token is refused from now on, and its connections close within a second. It is listed for a month.
#[utoipa::path(delete, path = "/shares/{id}", tag = "shares", params(("id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_share(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<ShareId>,
) -> Result<StatusCode, Problem> {
    shares::remove_share(&context.use_cases.shares, &request, &tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
