//! OsmAnd's and Traccar's query: one position in the fields of a URL or a form. Speed is in knots.

use crate::fields::Fields;
use crate::time::read_time;
use crate::{Malformed, Message};
use milepost_device_report::{DeviceReport, ReportTime, ReportedPlace};
use milepost_domain::{Alarm, AttributeList, attribute};

/// Kilometres an hour in a knot.
pub(crate) const KNOT_KMH: f64 = 1.852;

const LATITUDE: &[&str] = &["lat", "latitude"];
const LONGITUDE: &[&str] = &["lon", "lng", "longitude"];

/// Fields that are no attributes, or attributes of another name.
const KNOWN: &[&str] = &[
    "id",
    "deviceid",
    "device_id",
    "key",
    "lat",
    "latitude",
    "lon",
    "lng",
    "longitude",
    "location",
    "timestamp",
    "time",
    "speed",
    "bearing",
    "heading",
    "course",
    "altitude",
    "accuracy",
    "hacc",
    "valid",
    "batt",
    "battery",
    "charge",
    "ignition",
    "odometer",
    "fuel",
    "alarm",
    "sat",
    "temp",
];

/// Reads the fields of one report.
///
/// # Errors
/// [`Malformed`] if a place is half missing, or a value that should be a number or a time is none.
pub fn read_osmand(fields: &Fields<'_>) -> Result<Message, Malformed> {
    let place = match fields.text(&["location"]) {
        Some(pair) if !fields.has(LATITUDE) => Some(place_of(pair)?),
        _ => fields.place(LATITUDE, LONGITUDE)?,
    };
    let mut attributes = AttributeList::default();
    number(fields, &["batt", "battery"], attribute::BATTERY_PERCENT, &mut attributes);
    number(fields, &["sat"], attribute::SATELLITES, &mut attributes);
    number(fields, &["temp"], attribute::TEMPERATURE_C, &mut attributes);
    if let Some(charging) = fields.flag(&["charge"]) {
        attributes.flag(attribute::CHARGING, charging);
    }
    if let Some(alarm) = fields.text(&["alarm"]) {
        add_alarm(&mut attributes, alarm);
    }
    fields.add_others(KNOWN, &mut attributes);
    let report = DeviceReport {
        time: fields.text(&["timestamp", "time"]).map_or(Ok(ReportTime::Unknown), read_time)?,
        place: place.map(|(latitude, longitude)| ReportedPlace { latitude, longitude }),
        is_valid: fields.flag(&["valid"]).unwrap_or(true),
        speed_kmh: fields.number(&["speed"])?.map(|knots| knots * KNOT_KMH),
        heading_deg: fields.number(&["bearing", "heading", "course"])?,
        altitude_m: fields.number(&["altitude"])?,
        accuracy_m: fields.number(&["accuracy", "hacc"])?,
        odometer_km: fields.number(&["odometer"])?.map(|metres| metres / 1000.0),
        fuel_level_l: fields.number(&["fuel"])?,
        ignition: fields.flag(&["ignition"]),
        attributes: attributes.finish(),
    };
    Ok(Message::of(fields.unique_id(&["id", "deviceid", "device_id"]), report))
}

fn place_of(pair: &str) -> Result<(f64, f64), Malformed> {
    let refused = Malformed("location must be latitude,longitude");
    let (latitude, longitude) = pair.split_once(',').ok_or(refused)?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).ok_or(refused);
    Ok((number(latitude)?, number(longitude)?))
}

/// A number that is an attribute. One that can't be read is left out.
pub(crate) fn number(fields: &Fields<'_>, names: &[&str], attribute: &str, attributes: &mut AttributeList) {
    if let Ok(Some(number)) = fields.number(names) {
        attributes.number(attribute, number);
    }
}

/// An alarm by its own name or by Traccar's (`powerCut`); another one as it is.
pub(crate) fn add_alarm(attributes: &mut AttributeList, text: &str) {
    let mut name = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    let known = match name.as_str() {
        "accident" => Some(Alarm::Crash),
        "hard_acceleration" => Some(Alarm::HarshAcceleration),
        "hard_braking" => Some(Alarm::HarshBraking),
        "hard_cornering" => Some(Alarm::HarshCornering),
        "tampering" => Some(Alarm::Tamper),
        "power_off" => Some(Alarm::PowerCut),
        "low_power" => Some(Alarm::LowBattery),
        name => Alarm::parse(name),
    };
    match known {
        Some(alarm) => attributes.alarm(alarm),
        None => attributes.text(attribute::ALARM, text),
    };
}
