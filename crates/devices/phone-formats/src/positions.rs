//! Milepost's own JSON: one object or a list, with the names and units of `POST /positions`.

use crate::json_value::number;
use crate::time::time_of;
use crate::traccar::place;
use crate::{MAX_REPORTS, Malformed};
use milepost_device_report::DeviceReport;
use milepost_domain::{AttributeList, AttributeValue};
use serde_json::Value;

/// Reads one report or a list. In a list, one that can't be read is left out. Nothing at all is fine: it clears a retained message.
///
/// # Errors
/// [`Malformed`] if it is not JSON, or none of it can be read.
pub fn read_positions(body: &[u8]) -> Result<Vec<DeviceReport>, Malformed> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let json: Value = serde_json::from_slice(body).map_err(|_| Malformed("the message is not JSON"))?;
    match &json {
        Value::Array(items) if items.len() > MAX_REPORTS => Err(Malformed("at most 10000 reports at once")),
        Value::Array(items) => {
            let read: Vec<_> = items.iter().map(read_one).collect();
            match read.iter().find_map(|one| one.as_ref().err()) {
                Some(refused) if read.iter().all(Result::is_err) => Err(*refused),
                _ => Ok(read.into_iter().flatten().collect()),
            }
        }
        _ => read_one(&json).map(|report| vec![report]),
    }
}

fn read_one(json: &Value) -> Result<DeviceReport, Malformed> {
    if !json.is_object() {
        return Err(Malformed("a report must be an object"));
    }
    let mut attributes = AttributeList::default();
    for (name, value) in json["attributes"].as_object().into_iter().flatten() {
        let value = match value {
            Value::Number(number) => AttributeValue::number(number.as_f64().unwrap_or(f64::NAN)).ok(),
            Value::Bool(flag) => Some(AttributeValue::Flag(*flag)),
            Value::String(text) => AttributeValue::text(text).ok(),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        if let Some(value) = value {
            attributes.set(name, value);
        }
    }
    Ok(DeviceReport {
        time: time_of(&json["timestamp"])?,
        place: place(&json["latitude"], &json["longitude"])?,
        speed_kmh: number(&json["speed"]),
        heading_deg: number(&json["heading"]),
        altitude_m: number(&json["altitude"]),
        accuracy_m: number(&json["accuracy"]),
        odometer_km: number(&json["odometer_km"]),
        fuel_level_l: number(&json["fuel_level_l"]),
        ignition: json["ignition"].as_bool(),
        attributes: attributes.finish(),
        ..DeviceReport::default()
    })
}
