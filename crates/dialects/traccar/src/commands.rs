//! The commands of this API, and what they are here.

use crate::refusal::Refusal;
use crate::shape::{Object, text};
use milepost_domain::{CommandKind, CommandText, DeviceCommand};

/// The name of each kind that a tracker may take.
const NAMES: [(&str, CommandKind); 8] = [
    ("custom", CommandKind::Custom),
    ("positionSingle", CommandKind::Locate),
    ("engineStop", CommandKind::StopEngine),
    ("engineResume", CommandKind::ResumeEngine),
    ("rebootDevice", CommandKind::Restart),
    ("getVersion", CommandKind::ShowVersion),
    ("alarmArm", CommandKind::Arm),
    ("alarmDisarm", CommandKind::Disarm),
];

pub(crate) fn name_of(kind: CommandKind) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == kind).map_or("custom", |(name, _)| name)
}

/// The command of an object for the device that calls itself so. `None` if no tracker has it.
pub(crate) fn command_of(object: &Object, unique_id: &str) -> Result<Option<DeviceCommand>, Refusal> {
    let name = text(object, "type").unwrap_or_default();
    let Some((_, kind)) = NAMES.iter().find(|(known, _)| *known == name) else { return Ok(None) };
    let text = match kind {
        CommandKind::Custom => {
            let data = object.get("attributes").and_then(|own| own.get("data")).and_then(serde_json::Value::as_str);
            let refused =
                |_| Refusal::failed("java.lang.IllegalArgumentException: data must be 1 to 500 printable characters");
            let data = data.unwrap_or_default().replace("{uniqueId}", unique_id);
            Some(CommandText::new(&data).map_err(refused)?)
        }
        _ => None,
    };
    Ok(Some(DeviceCommand { kind: *kind, text }))
}
