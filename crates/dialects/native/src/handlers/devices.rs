//! `/devices`.

use crate::convert::{Refusals, id_or_new};
use crate::wire::device::{ChangeDeviceJson, DeviceJson, NewDeviceJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{
    Device, DeviceId, DeviceProtocol, Label, PastAssignments, TenantId, UniqueId, UtcOffset, VehicleId,
};
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
    let tenant = tenant_of(&request.caller, json.tenant.as_deref())?;
    let device = new_device(&json, tenant)?;
    let new = devices::add_device(&context.use_cases.devices, &request, device, &claim.once(shown_again)).await?;
    Ok(shown_once(new))
}

/// The answer to the POST that added a device.
pub(crate) fn shown_once(new: NewDevice) -> Response {
    let shown_once = DeviceJson { key: Some(new.key), ..device_to_json(&new.device) };
    (StatusCode::CREATED, Tagged::new(new.device.version, shown_once)).into_response()
}

/// The answer to the same POST sent again: without the key.
pub(crate) fn shown_again(new: &NewDevice) -> JsonAnswer {
    JsonAnswer::new(StatusCode::CREATED, &device_to_json(&new.device)).tagged(new.device.version)
}

fn new_device(json: &NewDeviceJson, tenant: TenantId) -> Result<Device, Problem> {
    let mut refusals = Refusals::default();
    let id = refusals.take("id", DeviceId::new(&id_or_new(json.id.as_deref())));
    let vehicle_id = refusals.take("vehicle_id", VehicleId::new(&json.vehicle_id));
    let name = json.name.as_deref().and_then(|name| refusals.take("name", Label::new(name)));
    let unique_id = json.unique_id.as_deref().and_then(|text| refusals.take("unique_id", UniqueId::new(text)));
    let protocol = json.protocol.as_deref().and_then(|name| refusals.take("protocol", DeviceProtocol::new(name)));
    let utc_offset = json
        .utc_offset_minutes
        .and_then(|minutes| refusals.take("utc_offset_minutes", UtcOffset::from_minutes(minutes)));
    let (Some(id), Some(vehicle_id)) = (id, vehicle_id) else { return Err(refusals.problem()) };
    refusals.none()?;
    let past_vehicles = PastAssignments::default();
    let sack = json.sack;
    Ok(Device { id, tenant, vehicle_id, past_vehicles, name, unique_id, protocol, utc_offset, sack, version: 0 })
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
    let change = change_from_json(&json)?;
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

/// Checks a change without the device; it is applied later, and again when somebody else changes the device meanwhile.
fn change_from_json(json: &ChangeDeviceJson) -> Result<impl Fn(Device) -> Device + Send + Sync + use<>, Problem> {
    let mut refusals = Refusals::default();
    macro_rules! checked_or_null {
        ($field:ident, $parse:expr) => {
            json.$field
                .as_ref()
                .map(|value| value.as_ref().and_then(|value| refusals.take(stringify!($field), $parse(value))))
        };
    }
    let name = checked_or_null!(name, |text: &String| Label::new(text));
    let unique_id = checked_or_null!(unique_id, |text: &String| UniqueId::new(text));
    let protocol = checked_or_null!(protocol, |name: &String| DeviceProtocol::new(name));
    let utc_offset = checked_or_null!(utc_offset_minutes, |minutes: &i64| UtcOffset::from_minutes(*minutes));
    let vehicle_id = json.vehicle_id.as_deref().and_then(|id| refusals.take("vehicle_id", VehicleId::new(id)));
    let sack = json.sack;
    refusals.none()?;
    Ok(move |device: Device| Device {
        vehicle_id: vehicle_id.clone().unwrap_or(device.vehicle_id),
        name: name.clone().unwrap_or(device.name),
        unique_id: unique_id.clone().unwrap_or(device.unique_id),
        protocol: protocol.unwrap_or(device.protocol),
        utc_offset: utc_offset.unwrap_or(device.utc_offset),
        sack: sack.unwrap_or(device.sack),
        ..device
    })
}

fn device_to_json(device: &Device) -> DeviceJson {
    DeviceJson {
        id: device.id.to_string(),
        vehicle_id: device.vehicle_id.to_string(),
        name: device.name.as_ref().map(|name| name.as_str().to_owned()),
        unique_id: device.unique_id.as_ref().map(ToString::to_string),
        protocol: device.protocol.map(|protocol| protocol.as_str().to_owned()),
        utc_offset_minutes: device.utc_offset.map(UtcOffset::minutes),
        sack: device.sack,
        key: None,
    }
}
