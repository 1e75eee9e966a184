//! `/devices`.

use crate::convert::id_or_new;
use crate::wire::fleet::{ChangeDeviceJson, DeviceJson, NewDeviceJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Device, DeviceId, Label, PastAssignments, VehicleId};
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, IfMatch, IfNoneMatch, JsonAnswer, Page, PageQuery, Path, Problem,
    Query, RequestClaim, Tagged, TenantQuery, tenant_of,
};
use milepost_service::devices::{self, NewDevice};
use std::sync::Arc;

/// Adds a device. Only this answer shows its secret key.
#[utoipa::path(post, path = "/devices", tag = "devices", request_body = NewDeviceJson,
    responses((status = 201, body = DeviceJson), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn add_device(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Body(json): Body<NewDeviceJson>,
) -> Result<Response, Problem> {
    let device = Device {
        id: DeviceId::new(&id_or_new(json.id.as_deref())).map_err(|e| Problem::invalid("id", e.message))?,
        tenant: tenant_of(&request.caller, json.tenant.as_deref())?,
        vehicle_id: VehicleId::new(&json.vehicle_id)?,
        past_vehicles: PastAssignments::default(),
        name: json.name.as_deref().map(Label::new).transpose().map_err(|e| Problem::invalid("name", e.message))?,
        version: 0,
    };
    let shown_again =
        |new: &NewDevice| JsonAnswer::new(StatusCode::CREATED, &device_to_json(&new.device)).tagged(new.device.version);
    let new = devices::add_device(&context.use_cases.devices, &request, device, &claim.once(shown_again)).await?;
    let shown_once = DeviceJson { key: Some(new.key), ..device_to_json(&new.device) };
    Ok((StatusCode::CREATED, Tagged::new(new.device.version, shown_once)).into_response())
}

/// Lists devices in the order of their ids.
#[utoipa::path(get, path = "/devices", tag = "devices", params(PageQuery, TenantQuery),
    responses((status = 200, body = Page<DeviceJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_devices(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DeviceJson>>, Problem> {
    let limit = page.limit()?;
    let after = page.after(DeviceId::new)?;
    let _permit = context.page_permit(&request.caller).await?;
    let devices = devices::list_devices(&context.use_cases.devices, &request, &tenant, after.as_ref(), limit).await?;
    let items = devices.iter().map(device_to_json).collect();
    Ok(Json(Page::new(items, limit, |device: &DeviceJson| device.id.clone())))
}

/// Shows a device, without its key.
#[utoipa::path(get, path = "/devices/{id}", tag = "devices", params(("id" = String, Path), TenantQuery),
    responses((status = 200, body = DeviceJson), (status = 404, body = Problem)))]
pub(crate) async fn get_device(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    known: IfNoneMatch,
    Path(id): Path<DeviceId>,
) -> Result<Tagged<DeviceJson>, Problem> {
    let device = devices::get_device(&context.use_cases.devices, &request, &tenant, &id).await?;
    Ok(Tagged::new(device.version, device_to_json(&device)).unless(&known))
}

/// Changes a device. One that is moved to another vehicle reports for the former one what lies before the move.
#[utoipa::path(patch, path = "/devices/{id}", tag = "devices", params(("id" = String, Path), TenantQuery),
    request_body = ChangeDeviceJson,
    responses((status = 200, body = DeviceJson), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn change_device(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<DeviceId>,
    Body(json): Body<ChangeDeviceJson>,
) -> Result<Tagged<DeviceJson>, Problem> {
    let vehicle_id = json.vehicle_id.as_deref().map(VehicleId::new).transpose()?;
    let name = json.name.map(|name| name.as_deref().map(Label::new).transpose()).transpose();
    let name = name.map_err(|e| Problem::invalid("name", e.message))?;
    let change = move |device: Device| Device {
        vehicle_id: vehicle_id.clone().unwrap_or(device.vehicle_id),
        name: name.clone().unwrap_or(device.name),
        ..device
    };
    let device = devices::change_device(&context.use_cases.devices, &request, &tenant, &id, &expected, change).await?;
    Ok(Tagged::new(device.version, device_to_json(&device)))
}

/// Removes a device. Its key is refused from now on.
#[utoipa::path(delete, path = "/devices/{id}", tag = "devices", params(("id" = String, Path), TenantQuery),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn remove_device(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    IfMatch(expected): IfMatch,
    Path(id): Path<DeviceId>,
) -> Result<StatusCode, Problem> {
    devices::remove_device(&context.use_cases.devices, &request, &tenant, &id, &expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn device_to_json(device: &Device) -> DeviceJson {
    DeviceJson {
        id: device.id.to_string(),
        vehicle_id: device.vehicle_id.to_string(),
        name: device.name.as_ref().map(|name| name.as_str().to_owned()),
        key: None,
    }
}
