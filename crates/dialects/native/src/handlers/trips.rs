//! `/trips`.

use crate::convert_trip::{trip_cursor, trip_place_in_list, trip_to_json};
use crate::handlers::track::instant;
use crate::wire::trip::{NewTripJson, TripJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{TenantId, Trip, TripId, TripStatus, UserId, VehicleId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, PathSegment as _, Problem, Query,
    RequestClaim, TenantQuery, cursor_of, tenant_of,
};
use milepost_service::{Request, TripEnding, TripListing, fleet};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The filters of a list of trips.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TripQuery {
    /// Only trips of this vehicle.
    pub vehicle_id: Option<String>,
    /// Only trips that this user drove.
    pub driver_id: Option<i64>,
    /// Only trips with this status: started, completed or cancelled.
    pub status: Option<String>,
    /// Still under way at this instant, or started later.
    pub from: Option<String>,
    /// Started before this instant.
    pub to: Option<String>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// Lists the trips of the vehicles that the caller may see, newest first.
///
/// With `driver_id` a page may hold fewer than `limit`, or none, and still have a next one.
#[utoipa::path(get, path = "/trips", tag = "fleet", params(PageQuery, TripQuery),
    responses((status = 200, body = Page<TripJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_trips(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
    Query(query): Query<TripQuery>,
) -> Result<Json<Page<TripJson>>, Problem> {
    let listing = TripListing {
        tenant: tenant_of(&request.caller, query.tenant.as_deref())?,
        vehicle: query.vehicle_id.as_deref().map(VehicleId::new).transpose()?,
        driver: query.driver_id.map(driver_id).transpose()?,
        status: query.status.as_deref().map(TripStatus::parse).transpose()?,
        from: instant("from", query.from.as_deref(), 0)?,
        to: instant("to", query.to.as_deref(), 253_402_300_799_999)?,
        before: page.after(trip_cursor)?,
        limit: page.limit()?,
    };
    let _permit = context.page_permit(&request.caller).await?;
    let found = fleet::list_trips(&context.use_cases.fleet, &request, &listing).await?;
    let items = found.trips.iter().map(trip_to_json).collect();
    Ok(Json(Page { items, next: found.next.map(|cursor| cursor_of(&trip_place_in_list(&cursor))) }))
}

/// Starts a trip by hand, now.
///
/// An admin or manager may start one for any vehicle, a driver for its own. Trips found by the positions go on beside it. A
/// vehicle is on at most one manual trip: another is answered 409.
#[utoipa::path(post, path = "/trips", tag = "fleet", params(TenantQuery), request_body = NewTripJson,
    responses((status = 201, body = TripJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn start_trip(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Query(query): Query<TenantQuery>,
    Body(json): Body<NewTripJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref().or(query.tenant.as_deref()))?;
    let driver = json.driver_id.map(driver_id).transpose()?;
    let vehicle = VehicleId::from_segment(&json.vehicle_id)?;
    let render = |trip: &Trip| JsonAnswer::new(StatusCode::CREATED, &trip_to_json(trip));
    let trip =
        fleet::start_trip(&context.use_cases.fleet, &request, &tenant, &vehicle, driver, &claim.once(render)).await?;
    Ok(render(&trip))
}

/// Completes a manual trip, now. A second call gets the answer of the first.
#[utoipa::path(post, path = "/trips/{id}/complete", tag = "fleet", params(("id" = String, Path), TenantQuery),
    responses((status = 200, body = TripJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn complete_trip(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<TripId>,
) -> Result<JsonAnswer, Problem> {
    end_trip(&context, &request, &tenant, &id, TripEnding::Completed, claim).await
}

/// Cancels a manual trip, so that it does not count. A second call gets the answer of the first.
#[utoipa::path(post, path = "/trips/{id}/cancel", tag = "fleet", params(("id" = String, Path), TenantQuery),
    responses((status = 200, body = TripJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn cancel_trip(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Path(id): Path<TripId>,
) -> Result<JsonAnswer, Problem> {
    end_trip(&context, &request, &tenant, &id, TripEnding::Cancelled, claim).await
}

async fn end_trip(
    context: &HttpContext,
    request: &Request,
    tenant: &TenantId,
    id: &TripId,
    ending: TripEnding,
    claim: RequestClaim,
) -> Result<JsonAnswer, Problem> {
    let render = |trip: &Trip| JsonAnswer::new(StatusCode::OK, &trip_to_json(trip));
    let trip = fleet::end_trip(&context.use_cases.fleet, request, tenant, id, ending, &claim.once(render)).await?;
    Ok(render(&trip))
}

fn driver_id(number: i64) -> Result<UserId, Problem> {
    UserId::new(number).map_err(|invalid| Problem::invalid("driver_id", invalid.message))
}
