//! `/devices/unknown`: devices that reported and that nobody has added.

use super::devices::{shown_again, shown_once};
use crate::wire::device::{DeviceJson, NewAdoptionJson, UnknownDeviceJson};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use milepost_domain::{DeviceId, UnknownDevice, VehicleId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, Page, PageQuery, Path, Problem, Query, RequestClaim, TenantQuery,
    rfc3339,
};
use milepost_service::devices;
use std::sync::Arc;

/// Lists devices that reported and that nobody has added, the newest first.
#[utoipa::path(get, path = "/devices/unknown", tag = "devices", params(PageQuery),
    responses((status = 200, body = Page<UnknownDeviceJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_unknown_devices(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<UnknownDeviceJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(DeviceId::new)?;
    let _permit = context.page_permit(&request.caller).await?;
    let unknown = devices::list_unknown_devices(&context.use_cases.devices, &request, before.as_ref(), limit).await?;
    let items = unknown.iter().map(unknown_to_json).collect();
    Ok(Json(Page::new(items, limit, |unknown: &UnknownDeviceJson| unknown.id.clone())))
}

/// Adds an unknown device for a vehicle. Only this answer shows its secret key.
#[utoipa::path(post, path = "/devices/unknown/{id}/adopt", tag = "devices", params(("id" = String, Path), TenantQuery),
    request_body = NewAdoptionJson,
    responses((status = 201, body = DeviceJson), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn adopt_device(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Path(id): Path<DeviceId>,
    claim: RequestClaim,
    Body(json): Body<NewAdoptionJson>,
) -> Result<Response, Problem> {
    let vehicle_id = VehicleId::new(&json.vehicle_id)?;
    let devices = &context.use_cases.devices;
    let new = devices::adopt_device(devices, &request, &tenant, &id, vehicle_id, &claim.once(shown_again)).await?;
    Ok(shown_once(new))
}

fn unknown_to_json(unknown: &UnknownDevice) -> UnknownDeviceJson {
    UnknownDeviceJson {
        id: unknown.id.to_string(),
        unique_id: unknown.unique_id.to_string(),
        protocol: unknown.protocol.as_str().to_owned(),
        address: unknown.address.map(|address| address.to_string()),
        first_seen: rfc3339(unknown.first_seen),
        last_seen: rfc3339(unknown.last_seen),
    }
}
