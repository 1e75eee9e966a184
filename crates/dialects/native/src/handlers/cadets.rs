//! `/cadets` and their scores.

use crate::convert_record::{attendance_to_json, cadet_from_json, cadet_to_json, scores_from_json};
use crate::wire::record::{CadetJson, ChangeScoresJson, NewCadetJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Cadet, CadetId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, IfNoneMatch, JsonAnswer, Page, PageQuery, Path, Problem,
    Query, RequestClaim, Tagged, TenantQuery, cursor_of, tenant_of,
};
use milepost_service::records;
use std::sync::Arc;

/// Training days shown with one cadet. `/attendance` lists all of them.
const ATTENDANCE_SHOWN: u32 = 100;

/// Enters a cadet.
#[utoipa::path(post, path = "/cadets", tag = "cadets", params(TenantQuery), request_body = NewCadetJson,
    responses((status = 201, body = CadetJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn add_cadet(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Query(query): Query<TenantQuery>,
    Body(json): Body<NewCadetJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref().or(query.tenant.as_deref()))?;
    let cadet = cadet_from_json(&json, tenant)?;
    let shown = |cadet: &Cadet| CadetJson { attendance: Some(Vec::new()), ..cadet_to_json(cadet) };
    let render = |cadet: &Cadet| JsonAnswer::new(StatusCode::CREATED, &shown(cadet)).tagged(cadet.version);
    let cadet = records::add_cadet(&context.use_cases.records, &request, &cadet, &claim.once(render)).await?;
    Ok(render(&cadet))
}

/// Lists cadets in the order of their numbers: staff see all of the tenant, a cadet sees itself.
#[utoipa::path(get, path = "/cadets", tag = "cadets", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<CadetJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_cadets(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<CadetJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().ok().and_then(|number| CadetId::new(number).ok()).ok_or(()))?;
    let _permit = context.page_permit(&request.caller).await?;
    let found = records::list_cadets(&context.use_cases.records, &request, &tenant, after, limit).await?;
    let items = found.cadets.iter().map(cadet_to_json).collect();
    Ok(Json(Page { items, next: found.next.map(|id| cursor_of(&id.to_string())) }))
}

/// Shows a cadet with its totals and its latest training days. Each change of its records gives it another `ETag`.
#[utoipa::path(get, path = "/cadets/{id}", tag = "cadets", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = CadetJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn get_cadet(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    known: IfNoneMatch,
    Path(id): Path<CadetId>,
) -> Result<Tagged<CadetJson>, Problem> {
    // The cadet first: if its attendance changes in between, the tag is that of before, and allows no change.
    let cadet = records::get_cadet(&context.use_cases.records, &request, &tenant, id).await?;
    let days =
        records::list_attendance(&context.use_cases.records, &request, &tenant, id, None, ATTENDANCE_SHOWN).await?;
    let attendance = days.iter().map(|(day, attendance)| attendance_to_json(*day, attendance)).collect();
    let json = CadetJson { attendance: Some(attendance), ..cadet_to_json(&cadet) };
    Ok(Tagged::new(cadet.version, json).unless(&known))
}

/// Enters, changes or takes back scores. The differences are published to the cadet and its staff.
#[utoipa::path(patch, path = "/cadets/{id}/scores", tag = "cadets", params(("id" = i64, Path), TenantQuery),
    request_body = ChangeScoresJson,
    responses((status = 200, body = CadetJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn change_scores(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<CadetId>,
    Body(json): Body<ChangeScoresJson>,
) -> Result<Tagged<CadetJson>, Problem> {
    let change = scores_from_json(&json)?;
    let cadet = records::change_scores(&context.use_cases.records, &request, &tenant, id, &expected, change).await?;
    Ok(Tagged::new(cadet.version, cadet_to_json(&cadet)))
}
