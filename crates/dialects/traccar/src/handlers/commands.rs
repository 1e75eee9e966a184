//! Commands: their types, those that can be sent, and sending. No tracker's connection takes commands yet, so that they wait.

use crate::TraccarParts;
use crate::extract::{JsonBody, Params, Signed};
use crate::fleet::object_of;
use crate::handlers::devices::Visible;
use crate::handlers::objects::entries_of;
use crate::refusal::Refusal;
use crate::shape::{Object, flag, text, whole, written};
use crate::wire::{COMMAND, COMPUTED};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Action, EntryBody, EntryKind};
use milepost_service::catalogue::{self, NewEntry};
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
    Visible::of(&parts, &signed).await?.require(&signed, device)?;
    Ok(Json(types(&TYPES[..1])))
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
    let sendable = entries.iter().filter_map(|entry| {
        let object = object_of(entry);
        let is_taken =
            text(&object, "type") == Some("custom") && visible.fleet.device_has(device, EntryKind::Command, entry.id);
        is_taken.then(|| COMMAND.shape.fill(entry.id, &object))
    });
    Ok(Json(sendable.collect()))
}

/// Takes a command for a device: 202, it waits until the device can be told.
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
    for name in ["id", "description"] {
        object.remove(name);
    }
    let new = NewEntry {
        kind: EntryKind::QueuedCommand,
        id: None,
        name: None,
        body: EntryBody::of_parsed(written(&object))?,
    };
    let service = &parts.live.use_cases().catalogue;
    let entry = catalogue::put_entry(service, &signed.request, signed.tenant(), &new).await?;
    object.insert("id".to_owned(), entry.id.into());
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
