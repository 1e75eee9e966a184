//! What a Traccar server forwards of its devices: `forward.type=json`, an object with `position` and `device`, or `forward.type=url`,
//! the same values as fields. Speed is in knots, the odometer in metres, hours in milliseconds.

use crate::fields::Fields;
use crate::json_value::{add, number, unique_id};
use crate::osmand::{KNOT_KMH, add_alarm};
use crate::time::{read_time, time_of};
use crate::{MAX_REPORTS, Malformed, Message, gather};
use milepost_device_report::{DeviceReport, ReportTime, ReportedPlace};
use milepost_domain::{AttributeList, attribute};
use serde_json::{Map, Value};

/// Milliseconds of an hour.
const HOUR_MS: f64 = 3_600_000.0;

/// Reads one forwarded position or a list.
///
/// # Errors
/// [`Malformed`] for a body that is none.
pub fn read_forward(json: &Value) -> Result<Vec<Message>, Malformed> {
    match json {
        Value::Array(items) if items.len() > MAX_REPORTS => Err(Malformed("at most 10000 reports in one request")),
        Value::Array(items) => Ok(gather(items.iter().map(read_one).collect::<Result<Vec<_>, _>>()?)),
        one => Ok(vec![read_one(one)?]),
    }
}

fn read_one(json: &Value) -> Result<Message, Malformed> {
    let position = json.get("position").and_then(Value::as_object).ok_or(Malformed("the position is missing"))?;
    let device = json.get("device").unwrap_or(&Value::Null);
    let name = unique_id(&device["uniqueId"]).ok_or(Malformed("device.uniqueId is missing"))?;
    Ok(Message::of(Some(name), forwarded_position(position)?))
}

/// Reads one position in the form that is forwarded, which is also that of the other server's API.
///
/// # Errors
/// [`Malformed`] without a place, or with a time that is none.
pub fn forwarded_position(position: &Map<String, Value>) -> Result<DeviceReport, Malformed> {
    let field = |name: &str| position.get(name).unwrap_or(&Value::Null);
    let time = time_of(if field("fixTime").is_null() { field("deviceTime") } else { field("fixTime") })?;
    let place = match (number(field("latitude")), number(field("longitude"))) {
        (Some(latitude), Some(longitude)) => Some(ReportedPlace { latitude, longitude }),
        _ => return Err(Malformed("latitude and longitude must be numbers")),
    };
    Ok(DeviceReport {
        time,
        place,
        is_valid: field("valid").as_bool().unwrap_or(true),
        speed_kmh: number(field("speed")).map(|knots| knots * KNOT_KMH),
        heading_deg: number(field("course")),
        altitude_m: number(field("altitude")),
        accuracy_m: number(field("accuracy")),
        ..field("attributes").as_object().map(forwarded_attributes).unwrap_or_default()
    })
}

/// Reads the fields of one forwarded position.
///
/// # Errors
/// [`Malformed`] if a place is half missing, or a value that should be a number or a time is none.
pub fn read_forward_fields(fields: &Fields<'_>) -> Result<Message, Malformed> {
    let own: Map<String, Value> =
        fields.text(&["attributes"]).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let place = fields.place(&["latitude", "lat"], &["longitude", "lon"])?;
    let report = DeviceReport {
        time: fields
            .text(&["fixTime", "timestamp", "deviceTime", "time"])
            .map_or(Ok(ReportTime::Unknown), read_time)?,
        place: place.map(|(latitude, longitude)| ReportedPlace { latitude, longitude }),
        is_valid: fields.flag(&["valid"]).unwrap_or(true),
        speed_kmh: fields.number(&["speed"])?.map(|knots| knots * KNOT_KMH),
        heading_deg: fields.number(&["course", "bearing"])?,
        altitude_m: fields.number(&["altitude"])?,
        accuracy_m: fields.number(&["accuracy"])?,
        ..forwarded_attributes(&own)
    };
    Ok(Message::of(fields.unique_id(&["uniqueId", "id"]), report))
}

/// What the attributes of a position say. What the other server computed is left out: it is computed anew.
pub fn forwarded_attributes(own: &Map<String, Value>) -> DeviceReport {
    let mut attributes = AttributeList::default();
    for (name, value) in own {
        let shared = match name.as_str() {
            "distance" | "totalDistance" | "ignition" | "odometer" | "fuel" => continue,
            "alarm" => {
                if let Some(alarm) = value.as_str() {
                    add_alarm(&mut attributes, alarm);
                }
                continue;
            }
            "hours" => {
                if let Some(ms) = number(value) {
                    attributes.number(attribute::ENGINE_HOURS, ms / HOUR_MS);
                }
                continue;
            }
            "batteryLevel" => attribute::BATTERY_PERCENT,
            "battery" => attribute::BATTERY_V,
            "power" => attribute::POWER_V,
            "sat" => attribute::SATELLITES,
            "deviceTemp" => attribute::TEMPERATURE_C,
            "door" => attribute::DOOR_OPEN,
            "charge" => attribute::CHARGING,
            other => other,
        };
        add(&mut attributes, shared, value);
    }
    DeviceReport {
        odometer_km: own.get("odometer").and_then(number).map(|metres| metres / 1000.0),
        fuel_level_l: own.get("fuel").and_then(number),
        ignition: own.get("ignition").and_then(Value::as_bool),
        attributes: attributes.finish(),
        ..DeviceReport::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::AttributeValue;
    use serde_json::json;

    #[test]
    fn a_forwarded_position_is_read_in_both_forms() {
        let position = json!({
            "id": 41, "deviceId": 1, "protocol": "osmand", "fixTime": "2026-11-29T20:06:23.000+00:00", "valid": true,
            "latitude": 30.267, "longitude": -97.743, "altitude": 150.0, "speed": 10.0, "course": 90.0, "accuracy": 5.0,
            "attributes": {
                "batteryLevel": 80.0, "ignition": true, "distance": 1.0, "totalDistance": 11899.4, "motion": true,
                "hours": 7_200_000, "alarm": "powerCut", "odometer": 12_000,
            },
        });
        let read =
            read_forward(&json!({ "position": position, "device": { "id": 1, "uniqueId": "truck-1" } })).unwrap();
        let fields = format!(
            "uniqueId=truck-1&fixTime=1795982783000&valid=true&latitude=30.267&longitude=-97.743&altitude=150.0&speed=10.0&course=90.0&accuracy=5.0&attributes={}",
            position["attributes"].to_string().replace('"', "%22").replace('{', "%7B").replace('}', "%7D")
        );
        let by_fields = read_forward_fields(&Fields::of(Some(&fields), &[])).unwrap();
        for message in [&read[0], &by_fields] {
            assert_eq!(message.names[0].as_str(), "truck-1");
            let report = &message.reports[0];
            assert_eq!((report.speed_kmh, report.odometer_km, report.ignition), (Some(18.52), Some(12.0), Some(true)));
            let of = |name: &str| report.attributes.get(name);
            assert_eq!(of("engine_hours"), Some(&AttributeValue::Number(2.0)));
            assert_eq!(of("alarm"), Some(&AttributeValue::Text("power_cut".into())));
            assert_eq!((of("battery_percent"), of("totalDistance")), (Some(&AttributeValue::Number(80.0)), None));
        }
        assert_eq!(read[0].reports[0].time, by_fields.reports[0].time);
        for malformed in
            [json!({}), json!([1]), json!({ "position": {} }), json!({ "position": { "latitude": 1 }, "device": {} })]
        {
            assert!(read_forward(&malformed).is_err(), "{malformed}");
        }
    }
}
