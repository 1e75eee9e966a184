//! Commands: their types, those that can be sent, and sending. One for a device without a connection waits for it.

use crate::TraccarParts;
use crate::commands::{command_of, name_of};
use crate::extract::{JsonBody, Params, Signed};
use crate::fleet::{DeviceView, object_of};
use crate::handlers::devices::Visible;
use crate::handlers::objects::entries_of;
use crate::refusal::Refusal;
use crate::shape::{Object, flag, text, whole};
use crate::wire::{COMMAND, COMPUTED};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Action, CommandState, EntryKind};
use milepost_service::{Once, devices};
use serde_json::{Value, json};

/// Every type of command.
const TYPES: [&str; 46] = [
    "custom",
    "deviceIdentification",
    "positionSingle",
    "positionPeriodic",
    "positionStop",
    "engineStop",
    "engineResume",
    "alarmArm",
    "alarmDisarm",
    "alarmDismiss",
    "setTimezone",
    "requestPhoto",
    "powerOff",
    "rebootDevice",
    "factoryReset",
    "sendSms",
    "sendUssd",
    "sosNumber",
    "silenceTime",
    "setPhonebook",
    "message",
    "voiceMessage",
    "outputControl",
    "voiceMonitoring",
    "setAgps",
    "setIndicator",
    "configuration",
    "getVersion",
    "firmwareUpdate",
    "setConnection",
    "setOdometer",
    "getModemStatus",
    "getDeviceStatus",
    "setSpeedLimit",
    "modePowerSaving",
    "modeDeepSleep",
    "videoStart",
    "videoStop",
    "alarmGeofence",
    "alarmBattery",
    "alarmSos",
    "alarmRemove",
    "alarmClock",
    "alarmSpeed",
    "alarmFall",
    "alarmVibration",
];

fn types(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({ "type": name })).collect()
}

/// The types of commands, or those that a device takes: texts of its own.
pub(crate) async fn list_types(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Value>>, Refusal> {
    let device = params.number("deviceId")?;
    if device == 0 {
        return Ok(Json(types(&TYPES)));
    }
    let visible = Visible::of(&parts, &signed).await?;
    let device = visible.require(&signed, device)?;
    Ok(Json(types(&taken_by(&parts, &signed, device))))
}

/// The types that a device takes: those of its connection's protocol, or a text of its own while it has none.
fn taken_by(parts: &TraccarParts, signed: &Signed, device: &DeviceView) -> Vec<&'static str> {
    let lines = devices::lines(&parts.live.use_cases().devices);
    let kinds = device.device.as_ref().and_then(|id| lines.kinds(signed.tenant(), id));
    kinds.map_or_else(|| vec![TYPES[0]], |kinds| kinds.iter().map(|kind| name_of(*kind)).collect())
}

/// The saved commands that a device has and takes.
pub(crate) async fn list_sendable(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Object>>, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let device = visible.require(&signed, params.number("deviceId")?)?;
    let entries = entries_of(&COMMAND, &parts, &signed).await?;
    let types = taken_by(&parts, &signed, device);
    let sendable = entries.iter().filter_map(|entry| {
        let object = object_of(entry);
        let is_taken = text(&object, "type").is_some_and(|own| types.contains(&own))
            && visible.fleet.device_has(device, EntryKind::Command, entry.id);
        is_taken.then(|| COMMAND.shape.fill(entry.id, &object))
    });
    Ok(Json(sendable.collect()))
}

/// Sends a command to a device: 200. One for a device without a connection here waits until it has one, and is answered 202.
pub(crate) async fn send_command(
    State(parts): State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Response, Refusal> {
    let mut object = COMMAND.shape.read(&body)?;
    let visible = Visible::of(&parts, &signed).await?;
    let saved = whole(&object, "id");
    if saved > 0 {
        let entry = entries_of(&COMMAND, &parts, &signed).await?.into_iter().find(|entry| entry.id == saved);
        let device = whole(&object, "deviceId");
        object = COMMAND.shape.fill(saved, &entry.as_ref().map(object_of).ok_or_else(Refusal::no_such_object)?);
        object.insert("deviceId".to_owned(), device.into());
    }
    let device = match visible.numbered(whole(&object, "deviceId")) {
        Some(device) => device,
        None if signed.sees_all() => {
            return Err(Refusal::missing("Cannot invoke \"org.traccar.model.Device.getId()\""));
        }
        None => return Err(Refusal::forbidden("Device access denied")),
    };
    signed.require_edit(Action::ManageVehicles)?;
    if flag(&object, "textChannel") {
        return Err(Refusal::failed("java.lang.RuntimeException: SMS not configured"));
    }
    object.insert("deviceId".to_owned(), device.number.into());
    let service = &parts.live.use_cases().devices;
    let issued = match command_of(&object, &device.unique_id)? {
        Some(command) => {
            let of = (&device.vehicle.id, device.device.as_ref());
            devices::issue_command(service, &signed.request, signed.tenant(), of, command, &Once::unclaimed()).await?
        }
        None => None,
    };
    let Some(issued) = issued else {
        let kind = text(&object, "type").unwrap_or_default();
        let protocol = device.protocol;
        return Err(Refusal::failed(format!(
            "java.lang.RuntimeException: Command {kind} is not supported in protocol {protocol}"
        )));
    };
    if issued.state() != CommandState::Queued {
        return Ok(Json(object).into_response());
    }
    for name in ["id", "description"] {
        object.remove(name);
    }
    object.insert("id".to_owned(), issued.id.get().into());
    Ok((StatusCode::ACCEPTED, Json(object)).into_response())
}

/// Expressions are kept, and not computed.
pub(crate) async fn test_expression(
    signed: Signed,
    _: Params,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    signed.require_administrator()?;
    COMPUTED.shape.read(&body)?;
    Err(Refusal::failed("java.lang.UnsupportedOperationException: computed attributes are kept, and not computed"))
}
