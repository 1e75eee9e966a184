//! `/vehicles`.

use crate::convert::{change_from_json, near_vehicle_to_json, vehicle_from_json, vehicle_to_json};
use crate::wire::fleet::{ChangeVehicleJson, NewVehicleJson, SpaceQuery, VehicleJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::VehicleId;
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, JsonAnswer, Page, PageQuery, Path, Problem, Query,
    RequestClaim, Tagged, TenantQuery, tenant_of,
};
use milepost_service::space::{self, Near, read_place, read_region};
use milepost_service::vehicles::{self, VehicleListing};
use milepost_service::{GeometryRefusal, LiveVehicle, UseCases};
use std::sync::Arc;

/// Adds a vehicle.
#[utoipa::path(post, path = "/vehicles", tag = "vehicles", request_body = NewVehicleJson,
    responses((status = 201, body = VehicleJson), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn add_vehicle(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewVehicleJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref())?;
    let vehicle = vehicle_from_json(&json)?;
    let render =
        |live: &LiveVehicle| JsonAnswer::new(StatusCode::CREATED, &vehicle_to_json(live)).tagged(live.vehicle.version);
    let live =
        vehicles::add_vehicle(&context.use_cases.vehicles, &request, &tenant, vehicle, &claim.once(render)).await?;
    Ok(render(&live))
}

/// Lists the vehicles that the caller may see, with their last positions, in the order of their ids.
///
/// With `near` those that are nearest to a place, the nearest first, with their distances, on one page. With `within` those in a
/// region. Both leave out vehicles whose place is not known.
#[utoipa::path(get, path = "/vehicles", tag = "vehicles", params(PageQuery, SpaceQuery, TenantQuery),
    responses((status = 200, body = Page<VehicleJson>), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn list_vehicles(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
    Query(space): Query<SpaceQuery>,
) -> Result<Json<Page<VehicleJson>>, Problem> {
    let (limit, after) = (page.limit()?, page.after(VehicleId::new)?);
    let UseCases { vehicles, nodes, .. } = &*context.use_cases;
    if let Some(near) = read_near(&space, &page, limit)? {
        let _permit = context.page_permit(&request.caller).await?;
        let found = space::nearest_vehicles(vehicles, nodes, &request, &tenant, &near).await?;
        return Ok(Json(Page { items: found.iter().map(near_vehicle_to_json).collect(), next: None }));
    }
    let found = match &space.within {
        Some(within) => {
            let named = read_region(within).map_err(within_problem)?;
            let UseCases { fleet, large_bodies, .. } = &*context.use_cases;
            let region = space::find_region(fleet, large_bodies, &request, &tenant, &named).await?;
            let _permit = context.page_permit(&request.caller).await?;
            let mut found = space::vehicles_within(vehicles, nodes, &request, &tenant, &region, after.as_ref()).await?;
            found.truncate(limit as usize);
            found
        }
        None => {
            let _permit = context.page_permit(&request.caller).await?;
            let listing = VehicleListing { tenant, after, limit };
            vehicles::list_vehicles(vehicles, &request, &listing).await?
        }
    };
    let items = found.iter().map(vehicle_to_json).collect();
    Ok(Json(Page::new(items, limit, |vehicle: &VehicleJson| vehicle.id.clone())))
}

/// The question for the nearest vehicles, if it is one.
fn read_near(space: &SpaceQuery, page: &PageQuery, limit: u32) -> Result<Option<Near>, Problem> {
    let Some(near) = &space.near else {
        return if space.radius.is_some() { Err(Problem::invalid("radius", "goes with near only")) } else { Ok(None) };
    };
    if space.within.is_some() {
        return Err(Problem::invalid("within", "does not go with near"));
    }
    if page.cursor.is_some() {
        return Err(Problem::invalid("cursor", "does not go with near: the answer is one page"));
    }
    let place = read_place(near).map_err(|refused| Problem::invalid(refused.field, refused.message))?;
    let within_m = space.radius.unwrap_or(f64::INFINITY);
    if within_m.is_nan() || within_m < 0.0 {
        return Err(Problem::invalid("radius", "must be a number of metres from 0"));
    }
    Ok(Some(Near { place, limit: limit as usize, within_m }))
}

/// A refusal of a geometry names the wrong place in it.
fn within_problem(refused: GeometryRefusal) -> Problem {
    let field = refused.field.strip_prefix("geometry").map_or(refused.field.clone(), |rest| format!("within{rest}"));
    Problem::invalid(field, refused.message)
}

/// Shows a vehicle with its last position. Its `ETag` is that of the description, and stays while the vehicle moves.
#[utoipa::path(get, path = "/vehicles/{id}", tag = "vehicles", params(("id" = String, Path), TenantQuery),
    responses((status = 200, body = VehicleJson), (status = 404, body = Problem)))]
pub(crate) async fn get_vehicle(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<VehicleId>,
) -> Result<Tagged<VehicleJson>, Problem> {
    let live = vehicles::get_vehicle(&context.use_cases.vehicles, &request, &tenant, &id).await?;
    Ok(Tagged::new(live.vehicle.version, vehicle_to_json(&live)))
}

/// Changes a vehicle. Its viewers get the change.
#[utoipa::path(patch, path = "/vehicles/{id}", tag = "vehicles", params(("id" = String, Path), TenantQuery),
    request_body = ChangeVehicleJson,
    responses((status = 200, body = VehicleJson), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_vehicle(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<VehicleId>,
    Body(json): Body<ChangeVehicleJson>,
) -> Result<Tagged<VehicleJson>, Problem> {
    let change = change_from_json(&json)?;
    let live = vehicles::change_vehicle(&context.use_cases.vehicles, &request, &tenant, &id, &expected, change).await?;
    Ok(Tagged::new(live.vehicle.version, vehicle_to_json(&live)))
}

/// Removes a vehicle with its devices, positions, trips and alerts. Users and geofences no longer name it: a vehicle that is made
/// anew under its id inherits nothing.
#[utoipa::path(delete, path = "/vehicles/{id}", tag = "vehicles", params(("id" = String, Path), TenantQuery),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_vehicle(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<VehicleId>,
) -> Result<StatusCode, Problem> {
    vehicles::remove_vehicle(&context.use_cases.vehicles, &request, &tenant, &id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
