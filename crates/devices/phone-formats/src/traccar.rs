//! Traccar Client's JSON: an object with `location` and `coords`, whose speed is metres a second, or flat objects with the names
//! of the query, whose speed is knots. One of them, or a list.

use crate::json_value::{add, is_missing, number, unique_id};
use crate::osmand::{KNOT_KMH, add_alarm};
use crate::time::time_of;
use crate::{MAX_REPORTS, Malformed, Message, gather};
use milepost_device_report::{DeviceReport, ReportedPlace};
use milepost_domain::{AttributeList, attribute};
use serde_json::{Map, Value};

/// Reads one report or a list. In a list, one that can't be read is left out.
///
/// # Errors
/// [`Malformed`] if it is no object or list, or none of it can be read.
pub fn read_traccar(json: &Value) -> Result<Vec<Message>, Malformed> {
    match json {
        Value::Object(object) => Ok(vec![read_one(object)?]),
        Value::Array(items) if items.len() > MAX_REPORTS => Err(Malformed("at most 10000 reports in one request")),
        Value::Array(items) => {
            let read: Vec<_> = items
                .iter()
                .map(|item| item.as_object().ok_or(Malformed("a report must be an object")).and_then(read_one))
                .collect();
            match read.iter().find_map(|one| one.as_ref().err()) {
                Some(refused) if read.iter().all(Result::is_err) => Err(*refused),
                _ => Ok(gather(read.into_iter().flatten())),
            }
        }
        _ => Err(Malformed("the body must be an object or a list")),
    }
}

fn read_one(object: &Map<String, Value>) -> Result<Message, Malformed> {
    match object.get("location") {
        Some(Value::Object(location)) => read_location(object, location),
        _ => read_flat(object),
    }
}

fn id_of(object: &Map<String, Value>) -> Option<milepost_domain::UniqueId> {
    ["id", "device_id", "deviceid", "deviceId"].iter().find_map(|name| unique_id(object.get(*name)?))
}

/// The object of the plug-in that older versions used.
fn read_location(object: &Map<String, Value>, location: &Map<String, Value>) -> Result<Message, Malformed> {
    let coords = &location.get("coords").cloned().unwrap_or_default();
    let mut attributes = AttributeList::default();
    let battery = location.get("battery").cloned().unwrap_or_default();
    // -1 is unknown.
    if let Some(level) = number(&battery["level"]).filter(|level| *level >= 0.0) {
        attributes.number(attribute::BATTERY_PERCENT, (level * 100.0).round());
    }
    if let Some(charging) = battery["is_charging"].as_bool() {
        attributes.flag(attribute::CHARGING, charging);
    }
    if let Some(moving) = location.get("is_moving").and_then(Value::as_bool) {
        attributes.flag(attribute::MOTION, moving);
    }
    for (field, name) in [("event", attribute::EVENT), ("mock", "mock"), ("odometer", "odometer_m")] {
        add(&mut attributes, name, location.get(field).unwrap_or(&Value::Null));
    }
    add(&mut attributes, "activity", &location.get("activity").cloned().unwrap_or_default()["type"]);
    if let Some(alarm) = location.get("alarm").or(object.get("alarm")).and_then(Value::as_str) {
        add_alarm(&mut attributes, alarm);
    }
    if let Some(Value::Object(extras)) = location.get("extras") {
        extras.iter().for_each(|(name, value)| add(&mut attributes, name, value));
    }
    let report = DeviceReport {
        time: time_of(location.get("timestamp").unwrap_or(&Value::Null))?,
        place: place(&coords["latitude"], &coords["longitude"])?,
        speed_kmh: number(&coords["speed"]).map(|mps| mps * 3.6),
        heading_deg: number(&coords["heading"]),
        altitude_m: number(&coords["altitude"]),
        accuracy_m: number(&coords["accuracy"]),
        attributes: attributes.finish(),
        ..DeviceReport::default()
    };
    Ok(Message::of(id_of(object), report))
}

const KNOWN: &[&str] = &[
    "id",
    "device_id",
    "deviceid",
    "deviceId",
    "lat",
    "lon",
    "latitude",
    "longitude",
    "timestamp",
    "accuracy",
    "altitude",
    "speed",
    "bearing",
    "heading",
    "batt",
    "charge",
    "alarm",
    "ignition",
    "odometer",
    "fuel",
    "valid",
    "key",
];

fn read_flat(object: &Map<String, Value>) -> Result<Message, Malformed> {
    let field = |names: &[&str]| names.iter().find_map(|name| object.get(*name)).unwrap_or(&Value::Null);
    let mut attributes = AttributeList::default();
    if let Some(percent) = number(field(&["batt"])) {
        attributes.number(attribute::BATTERY_PERCENT, percent);
    }
    if let Some(charging) = field(&["charge"]).as_bool() {
        attributes.flag(attribute::CHARGING, charging);
    }
    if let Some(alarm) = field(&["alarm"]).as_str() {
        add_alarm(&mut attributes, alarm);
    }
    for (name, value) in object.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())) {
        add(&mut attributes, name, value);
    }
    let report = DeviceReport {
        time: time_of(field(&["timestamp"]))?,
        place: place(field(&["lat", "latitude"]), field(&["lon", "longitude"]))?,
        is_valid: field(&["valid"]).as_bool().unwrap_or(true),
        speed_kmh: number(field(&["speed"])).map(|knots| knots * KNOT_KMH),
        heading_deg: number(field(&["bearing", "heading"])),
        altitude_m: number(field(&["altitude"])),
        accuracy_m: number(field(&["accuracy"])),
        odometer_km: number(field(&["odometer"])).map(|metres| metres / 1000.0),
        fuel_level_l: number(field(&["fuel"])),
        ignition: field(&["ignition"]).as_bool(),
        attributes: attributes.finish(),
    };
    Ok(Message::of(id_of(object), report))
}

/// `None` if both are missing.
pub(crate) fn place(latitude: &Value, longitude: &Value) -> Result<Option<ReportedPlace>, Malformed> {
    if is_missing(latitude) && is_missing(longitude) {
        return Ok(None);
    }
    match (number(latitude), number(longitude)) {
        (Some(latitude), Some(longitude)) => Ok(Some(ReportedPlace { latitude, longitude })),
        _ => Err(Malformed("latitude and longitude must be numbers")),
    }
}
