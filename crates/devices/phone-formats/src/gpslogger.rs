//! GPSLogger's custom URL: its users write the names of the fields themselves, mostly those of `%ALL`. Speed is in metres a second.

use crate::fields::Fields;
use crate::osmand::number;
use crate::time::read_time;
use crate::{Malformed, Message};
use milepost_device_report::{DeviceReport, ReportTime, ReportedPlace};
use milepost_domain::{AttributeList, attribute};

const LATITUDE: &[&str] = &["lat", "latitude"];
const LONGITUDE: &[&str] = &["lon", "lng", "longitude"];
/// The best first: the time of a fix has milliseconds, and the number has none.
const TIMES: &[&str] = &["time", "timeoffset", "timeoff", "timestamp", "epoch", "date"];

const KNOWN: &[&str] = &[
    "id",
    "deviceid",
    "device_id",
    "aid",
    "androidid",
    "ser",
    "serial",
    "key",
    "lat",
    "latitude",
    "lon",
    "lng",
    "longitude",
    "time",
    "timeoffset",
    "timeoff",
    "timestamp",
    "epoch",
    "date",
    "starttimestamp",
    "stst",
    "alt",
    "altitude",
    "acc",
    "accuracy",
    "dir",
    "bearing",
    "heading",
    "spd",
    "speed",
    "spd_kph",
    "sat",
    "batt",
    "battery",
    "ischarging",
    "hdop",
    "act",
    "activity",
    "filename",
    "fn",
    "profile",
    "dist",
    "prov",
    "desc",
    "vdop",
    "pdop",
];

/// Reads the fields of one report.
///
/// # Errors
/// [`Malformed`] if a place is half missing, or a value that should be a number or a time is none.
pub fn read_gpslogger(fields: &Fields<'_>) -> Result<Message, Malformed> {
    let place = fields.place(LATITUDE, LONGITUDE)?;
    let mut attributes = AttributeList::default();
    number(fields, &["batt", "battery"], attribute::BATTERY_PERCENT, &mut attributes);
    number(fields, &["sat"], attribute::SATELLITES, &mut attributes);
    number(fields, &["hdop"], attribute::HDOP, &mut attributes);
    for name in ["vdop", "pdop"] {
        number(fields, &[name], name, &mut attributes);
    }
    if let Some(charging) = fields.flag(&["ischarging"]) {
        attributes.flag(attribute::CHARGING, charging);
    }
    for (field, name) in [("desc", "note"), ("prov", "provider"), ("profile", "profile")] {
        if let Some(text) = fields.text(&[field]) {
            attributes.text(name, text);
        }
    }
    fields.add_others(KNOWN, &mut attributes);
    let speed_kmh = match fields.number(&["spd_kph"])? {
        Some(kmh) => Some(kmh),
        None => fields.number(&["spd", "speed"])?.map(|mps| mps * 3.6),
    };
    let report = DeviceReport {
        time: fields.text(TIMES).map_or(Ok(ReportTime::Unknown), read_time)?,
        place: place.map(|(latitude, longitude)| ReportedPlace { latitude, longitude }),
        speed_kmh,
        heading_deg: fields.number(&["dir", "bearing", "heading"])?,
        altitude_m: fields.number(&["alt", "altitude"])?,
        accuracy_m: fields.number(&["acc", "accuracy"])?,
        attributes: attributes.finish(),
        ..DeviceReport::default()
    };
    Ok(Message::of(fields.unique_id(&["id", "deviceid", "device_id", "aid", "androidid", "ser", "serial"]), report))
}
