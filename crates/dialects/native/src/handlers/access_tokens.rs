//! `/access-tokens`.

use crate::convert::{Refusals, access_token_to_json, vehicle_ids_from_json};
use crate::wire::access_token::{NewProgramTokenJson, ProgramTokenJson};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{AccessToken, AccessTokenId, Invalid, Label, Scopes};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim,
    TenantQuery, parse_timestamp, tenant_of,
};
use milepost_service::access_tokens::{self, AccessTokenRequest};
use std::sync::Arc;

/// Makes an access token for a program. Only this answer shows the token.
#[utoipa::path(post, path = "/access-tokens", tag = "access tokens", request_body = NewProgramTokenJson,
    responses((status = 201, body = ProgramTokenJson), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn add_access_token(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewProgramTokenJson>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref())?;
    let new = request_from_json(&json)?;
    let shown_again = |token: &AccessToken| JsonAnswer::new(StatusCode::CREATED, &access_token_to_json(token));
    let tokens = &context.use_cases.access_tokens;
    let new = access_tokens::add_access_token(tokens, &request, &tenant, new, &claim.once(shown_again)).await?;
    let shown_once = ProgramTokenJson { token: Some(new.secret), ..access_token_to_json(&new.token) };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(shown_once)).into_response())
}

fn request_from_json(json: &NewProgramTokenJson) -> Result<AccessTokenRequest, Problem> {
    let mut refusals = Refusals::default();
    let name = refusals.take("name", Label::new(&json.name));
    let scopes = refusals.take("scopes", Scopes::parse(json.scopes.iter().map(String::as_str)));
    let expires_at =
        json.expires_at.as_ref().filter(|value| !value.is_null()).and_then(|value| {
            refusals.take("expires_at", parse_timestamp(value).map_err(|takes| Invalid::new("", takes)))
        });
    if json.vehicle_ids.as_ref().is_some_and(Vec::is_empty) {
        refusals.add("vehicle_ids", "must have an entry, or be left out for everything of the tenant");
    }
    let (Some(name), Some(scopes)) = (name, scopes) else { return Err(refusals.problem()) };
    refusals.none()?;
    let vehicle_ids = json.vehicle_ids.as_deref().map(vehicle_ids_from_json).transpose()?;
    Ok(AccessTokenRequest { name, scopes, vehicle_ids, expires_at })
}

/// Lists access tokens in the order of their numbers, without what the programs send.
#[utoipa::path(get, path = "/access-tokens", tag = "access tokens", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<ProgramTokenJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_access_tokens(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ProgramTokenJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().map_err(drop).and_then(|id| AccessTokenId::new(id).map_err(drop)))?;
    let _permit = context.page_permit(&request.caller).await?;
    let tokens = &context.use_cases.access_tokens;
    let tokens = access_tokens::list_access_tokens(tokens, &request, &tenant, after, limit).await?;
    let items = tokens.iter().map(access_token_to_json).collect();
    Ok(Json(Page::new(items, limit, |token: &ProgramTokenJson| token.id.to_string())))
}

/// Removes an access token. It is refused from now on, and its connections close within a second.
#[utoipa::path(delete, path = "/access-tokens/{id}", tag = "access tokens", params(("id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_access_token(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<AccessTokenId>,
) -> Result<StatusCode, Problem> {
    access_tokens::remove_access_token(&context.use_cases.access_tokens, &request, &tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
