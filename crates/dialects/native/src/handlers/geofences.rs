//! `/geofences`.

use crate::convert_geofence::{geofence_change_from_json, geofence_from_json, geofence_to_json};
use crate::wire::geofence::{ChangeGeofenceJson, GeofenceJson, NewGeofenceJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Caller, Geofence, GeofenceDescription, GeofenceId, TenantId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, IfNoneMatch, JsonAnswer, Page, PageQuery, Path, Problem,
    Query, RequestClaim, Tagged, TenantQuery, cursor_of, tenant_of,
};
use milepost_service::{LargeBodies, UseCases, fleet};
use std::sync::Arc;

/// Room for the longest geometry (1 MiB), a thousand vehicles with the longest ids, and some white space.
const MAX_BODY_BYTES: usize = 1536 * 1024;

/// Adds a geofence.
///
/// From now on vehicles that enter and leave it are published. A vehicle that drives inside it enters it with its next
/// position. A vehicle that stands inside it enters it when it moves.
#[utoipa::path(post, path = "/geofences", tag = "fleet", params(TenantQuery), request_body = NewGeofenceJson,
    responses((status = 201, body = GeofenceJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn add_geofence(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Query(query): Query<TenantQuery>,
    Body(json): Body<NewGeofenceJson, MAX_BODY_BYTES>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref().or(query.tenant.as_deref()))?;
    let description = read_geofence(&context.use_cases.large_bodies, &tenant, &request.caller, json).await?;
    let render =
        |added: &Geofence| JsonAnswer::new(StatusCode::CREATED, &geofence_to_json(added)).tagged(added.version);
    let added =
        fleet::add_geofence(&context.use_cases.fleet, &request, &tenant, &description, &claim.once(render)).await?;
    Ok(render(&added))
}

/// Checking ten thousand corners takes a tenth of a second, too long for a thread that serves sockets.
async fn read_geofence(
    bodies: &LargeBodies,
    tenant: &TenantId,
    caller: &Caller,
    json: NewGeofenceJson,
) -> Result<GeofenceDescription, Problem> {
    bodies.compute(tenant, caller, move || geofence_from_json(&json)).await?
}

/// Lists geofences in the order of their numbers.
///
/// With long geometries a page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/geofences", tag = "fleet", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<GeofenceJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_geofences(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<GeofenceJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(|text| text.parse().ok().and_then(|number| GeofenceId::new(number).ok()).ok_or(()))?;
    let _permit = context.page_permit(&request.caller).await?;
    let found = fleet::list_geofences(&context.use_cases.fleet, &request, &tenant, after, limit).await?;
    let items = found.geofences.iter().map(geofence_to_json).collect();
    Ok(Json(Page { items, next: found.next.map(|id| cursor_of(&id.to_string())) }))
}

/// Shows a geofence.
#[utoipa::path(get, path = "/geofences/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = GeofenceJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn get_geofence(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    known: IfNoneMatch,
    Path(id): Path<GeofenceId>,
) -> Result<Tagged<GeofenceJson>, Problem> {
    let geofence = fleet::get_geofence(&context.use_cases.fleet, &request, &tenant, id).await?;
    Ok(Tagged::new(geofence.version, geofence_to_json(&geofence)).unless(&known))
}

/// Changes a geofence.
#[utoipa::path(patch, path = "/geofences/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    request_body = ChangeGeofenceJson,
    responses((status = 200, body = GeofenceJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_geofence(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<GeofenceId>,
    Body(json): Body<ChangeGeofenceJson, MAX_BODY_BYTES>,
) -> Result<Tagged<GeofenceJson>, Problem> {
    let change = geofence_change_from_json(json)?;
    let UseCases { fleet, large_bodies, .. } = &*context.use_cases;
    let changed = fleet::change_geofence(fleet, large_bodies, &request, &tenant, id, &expected, change).await?;
    Ok(Tagged::new(changed.version, geofence_to_json(&changed)))
}

/// Removes a geofence. Visits and crossings that were published stay as they are.
#[utoipa::path(delete, path = "/geofences/{id}", tag = "fleet", params(("id" = i64, Path), TenantQuery),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn remove_geofence(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<GeofenceId>,
) -> Result<StatusCode, Problem> {
    fleet::remove_geofence(&context.use_cases.fleet, &request, &tenant, id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
