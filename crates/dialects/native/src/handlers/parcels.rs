//! `/parcels`.

use crate::convert_parcel::{change_from_json, parcel_from_json, parcel_to_json};
use crate::wire::parcel::{ChangeParcelJson, NewParcelJson, ParcelJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Parcel, ParcelId, ParcelStatus, UserId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, IfNoneMatch, JsonAnswer, Page, PageQuery, Path, Problem,
    Query, RequestClaim, Tagged, TenantQuery, cursor_of, tenant_of,
};
use milepost_service::{ParcelListing, parcels};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The filters of a list of parcels.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ParcelQuery {
    /// Only those with this status.
    pub status: Option<String>,
    /// Only those of this client.
    pub client_id: Option<i64>,
    /// Only those of this driver.
    pub driver_id: Option<i64>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// Adds a parcel: `pending`, or `assigned` with a driver.
#[utoipa::path(post, path = "/parcels", tag = "parcels", request_body = NewParcelJson,
    responses((status = 201, body = ParcelJson), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn add_parcel(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewParcelJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref())?;
    let render = |parcel: &Parcel| JsonAnswer::new(StatusCode::CREATED, &parcel_to_json(parcel)).tagged(parcel.version);
    let parcel = parcels::add_parcel(
        &context.use_cases.parcels,
        &request,
        parcel_from_json(&json, tenant)?,
        &claim.once(render),
    )
    .await?;
    Ok(render(&parcel))
}

/// Lists the parcels that the caller may see, in the order of their numbers.
///
/// An admin, manager or superadmin sees all parcels of the tenant, a client its own, a driver those assigned to it. With
/// `status` a page may hold fewer than `limit`, or none, and still have a next one.
#[utoipa::path(get, path = "/parcels", tag = "parcels", params(PageQuery, ParcelQuery),
    responses((status = 200, body = Page<ParcelJson>)))]
pub(crate) async fn list_parcels(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
    Query(query): Query<ParcelQuery>,
) -> Result<Json<Page<ParcelJson>>, Problem> {
    let user = |field: &str, number: Option<i64>| {
        number.map(|number| UserId::new(number).map_err(|e| Problem::invalid(field, e.message))).transpose()
    };
    let listing = ParcelListing {
        tenant: tenant_of(&request.caller, query.tenant.as_deref())?,
        client_id: user("client_id", query.client_id)?,
        driver_id: user("driver_id", query.driver_id)?,
        status: query.status.as_deref().map(ParcelStatus::parse).transpose()?,
        after: page
            .after(|text| text.parse().map_err(|_| ()).and_then(|number| ParcelId::new(number).map_err(|_| ())))?,
        limit: page.limit()?,
    };
    let _permit = context.page_permit(&request.caller).await?;
    let found = parcels::list_parcels(&context.use_cases.parcels, &request, &listing).await?;
    let items = found.parcels.iter().map(parcel_to_json).collect();
    Ok(Json(Page { items, next: found.next.map(|id| cursor_of(&id.to_string())) }))
}

/// Shows a parcel.
#[utoipa::path(get, path = "/parcels/{id}", tag = "parcels", params(("id" = i64, Path), TenantQuery),
    responses((status = 200, body = ParcelJson), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn get_parcel(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    known: IfNoneMatch,
    Path(id): Path<ParcelId>,
) -> Result<Tagged<ParcelJson>, Problem> {
    let parcel = parcels::get_parcel(&context.use_cases.parcels, &request, &tenant, id).await?;
    Ok(Tagged::new(parcel.version, parcel_to_json(&parcel)).unless(&known))
}

/// Assigns a parcel to a driver, or changes its status. Its followers get the change.
///
/// An admin or manager may change both, the assigned driver only the status. Assigning a driver to a `pending` parcel makes
/// it `assigned`, and taking the driver off an `assigned` parcel makes it `pending`, unless the request names a `status`.
/// `delivered` and `cancelled` are final: another change is answered 409.
#[utoipa::path(patch, path = "/parcels/{id}", tag = "parcels", params(("id" = i64, Path), TenantQuery),
    request_body = ChangeParcelJson,
    responses((status = 200, body = ParcelJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_parcel(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<ParcelId>,
    Body(json): Body<ChangeParcelJson>,
) -> Result<Tagged<ParcelJson>, Problem> {
    let change = change_from_json(&json)?;
    let parcel = parcels::change_parcel(&context.use_cases.parcels, &request, &tenant, id, &expected, change).await?;
    Ok(Tagged::new(parcel.version, parcel_to_json(&parcel)))
}
