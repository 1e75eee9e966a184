//! `/vehicles`.

use crate::convert::{change_from_json, vehicle_from_json, vehicle_to_json};
use crate::wire::fleet::{ChangeVehicleJson, NewVehicleJson, VehicleJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::VehicleId;
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, JsonAnswer, Page, PageQuery, Path, Problem, Query,
    RequestClaim, Tagged, TenantQuery, tenant_of,
};
use milepost_service::LiveVehicle;
use milepost_service::vehicles::{self, VehicleListing};
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
#[utoipa::path(get, path = "/vehicles", tag = "vehicles", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<VehicleJson>)))]
pub(crate) async fn list_vehicles(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<VehicleJson>>, Problem> {
    let limit = page.limit()?;
    let listing = VehicleListing { tenant, after: page.after(VehicleId::new)?, limit };
    let _permit = context.page_permit(&request.caller).await?;
    let vehicles = vehicles::list_vehicles(&context.use_cases.vehicles, &request, &listing).await?;
    let items = vehicles.iter().map(vehicle_to_json).collect();
    Ok(Json(Page::new(items, limit, |vehicle: &VehicleJson| vehicle.id.clone())))
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
