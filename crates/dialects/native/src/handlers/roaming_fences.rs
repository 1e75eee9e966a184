//! `/roaming-fences`.

use crate::convert_roaming_fence::{
    encounter_cursor, encounter_place, encounter_to_json, roaming_fence_change_from_json, roaming_fence_from_json,
    roaming_fence_to_json,
};
use crate::wire::roaming_fence::{ChangeRoamingFenceJson, EncounterJson, NewRoamingFenceJson, RoamingFenceJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{RoamingFence, RoamingFenceId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, IfNoneMatch, JsonAnswer, Page, PageQuery, Path, Problem,
    Query, RequestClaim, Tagged, TenantQuery, cursor_of, tenant_of,
};
use milepost_service::fleet;
use std::sync::Arc;

/// Adds a roaming fence: a circle that moves with vehicles.
///
/// From now on an alert is raised when two of its vehicles meet, and when they part again. Vehicles that are near each other already
/// meet at once.
#[utoipa::path(post, path = "/roaming-fences", tag = "fleet", params(TenantQuery), request_body = NewRoamingFenceJson,
    responses((status = 201, body = RoamingFenceJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn add_roaming_fence(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Query(query): Query<TenantQuery>,
    Body(json): Body<NewRoamingFenceJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref().or(query.tenant.as_deref()))?;
    let description = roaming_fence_from_json(&json)?;
    let render = |added: &RoamingFence| {
        JsonAnswer::new(StatusCode::CREATED, &roaming_fence_to_json(added)).tagged(added.version)
    };
    let fleet = &context.use_cases.fleet;
    let added = fleet::add_roaming_fence(fleet, &request, &tenant, &description, &claim.once(render)).await?;
    Ok(render(&added))
}

/// Lists roaming fences in the order of their numbers.
#[utoipa::path(get, path = "/roaming-fences", tag = "fleet", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<RoamingFenceJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_roaming_fences(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RoamingFenceJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().ok().and_then(|number| RoamingFenceId::new(number).ok()).ok_or(()))?;
    let _permit = context.page_permit(&request.caller).await?;
    let found = fleet::list_roaming_fences(&context.use_cases.fleet, &request, &tenant, after, limit).await?;
    let items = found.iter().map(roaming_fence_to_json).collect();
    Ok(Json(Page::new(items, limit, |fence: &RoamingFenceJson| fence.id.to_string())))
}

/// Shows a roaming fence.
#[utoipa::path(get, path = "/roaming-fences/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = RoamingFenceJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn get_roaming_fence(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    known: IfNoneMatch,
    Path(id): Path<RoamingFenceId>,
) -> Result<Tagged<RoamingFenceJson>, Problem> {
    let fence = fleet::get_roaming_fence(&context.use_cases.fleet, &request, &tenant, id).await?;
    Ok(Tagged::new(fence.version, roaming_fence_to_json(&fence)).unless(&known))
}

/// Changes a roaming fence. Encounters that it does not concern any more end without an alert.
#[utoipa::path(patch, path = "/roaming-fences/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    request_body = ChangeRoamingFenceJson,
    responses((status = 200, body = RoamingFenceJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn change_roaming_fence(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<RoamingFenceId>,
    Body(json): Body<ChangeRoamingFenceJson>,
) -> Result<Tagged<RoamingFenceJson>, Problem> {
    let change = roaming_fence_change_from_json(json)?;
    let fleet = &context.use_cases.fleet;
    let changed = fleet::change_roaming_fence(fleet, &request, &tenant, id, &expected, change).await?;
    Ok(Tagged::new(changed.version, roaming_fence_to_json(&changed)))
}

/// Removes a roaming fence with its encounters. Alerts that it raised stay.
#[utoipa::path(delete, path = "/roaming-fences/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove_roaming_fence(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<RoamingFenceId>,
) -> Result<StatusCode, Problem> {
    fleet::remove_roaming_fence(&context.use_cases.fleet, &request, &tenant, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the encounters of a roaming fence in which vehicles met, newest first.
#[utoipa::path(get, path = "/roaming-fences/{id}/encounters", tag = "fleet",
    params(("id" = i64, Path), PageQuery, TenantQuery),
    responses((status = 200, body = Page<EncounterJson>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_encounters(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<RoamingFenceId>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<EncounterJson>>, Problem> {
    let (limit, before) = (page.limit()?, page.after(encounter_cursor)?);
    let _permit = context.page_permit(&request.caller).await?;
    let found = fleet::list_encounters(&context.use_cases.fleet, &request, &tenant, id, before, limit).await?;
    let next = found.next.map(|next| cursor_of(&encounter_place(&next)));
    Ok(Json(Page { items: found.encounters.iter().map(encounter_to_json).collect(), next }))
}
