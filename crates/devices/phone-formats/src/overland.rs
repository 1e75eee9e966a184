//! Overland's batches: GeoJSON points in `locations`. Speed is metres a second.

use crate::json_value::{add, number, unique_id};
use crate::time::time_of;
use crate::traccar::place;
use crate::{MAX_REPORTS, Malformed, Message, gather};
use milepost_device_report::DeviceReport;
use milepost_domain::{AttributeList, attribute};
use serde_json::Value;

/// Reads a batch. A point that can't be read, and what is no point, such as a trip, is left out.
///
/// # Errors
/// [`Malformed`] without a list of locations.
pub fn read_overland(json: &Value) -> Result<Vec<Message>, Malformed> {
    let Some(locations) = json["locations"].as_array() else {
        return Err(Malformed("the body must have a list of locations"));
    };
    if locations.len() > MAX_REPORTS {
        return Err(Malformed("at most 10000 reports in one request"));
    }
    let read: Vec<_> = locations.iter().map(read_feature).collect();
    match read.iter().find_map(|one| one.as_ref().err()) {
        Some(refused) if read.iter().all(Result::is_err) => Err(*refused),
        _ => Ok(gather(read.into_iter().flatten().flatten())),
    }
}

/// `None` for what is no point.
fn read_feature(feature: &Value) -> Result<Option<Message>, Malformed> {
    let (geometry, properties) = (&feature["geometry"], &feature["properties"]);
    if !feature.is_object() {
        return Err(Malformed("a location must be a GeoJSON feature"));
    }
    if geometry["type"] != "Point" {
        return Ok(None);
    }
    let coordinates = &geometry["coordinates"];
    let place = place(&coordinates[1], &coordinates[0])?.ok_or(Malformed("a point must have coordinates"))?;
    let mut attributes = AttributeList::default();
    // -1 is unknown.
    if let Some(level) = number(&properties["battery_level"]).filter(|level| *level >= 0.0) {
        attributes.number(attribute::BATTERY_PERCENT, (level * 100.0).round());
    }
    match properties["battery_state"].as_str() {
        Some("charging") => attributes.flag(attribute::CHARGING, true),
        Some("full" | "unplugged") => attributes.flag(attribute::CHARGING, false),
        _ => &mut attributes,
    };
    for name in ["motion", "activity", "vertical_accuracy"] {
        let name_here = if name == "motion" { "motions" } else { name };
        add(&mut attributes, name_here, &properties[name]);
    }
    let report = DeviceReport {
        time: time_of(&properties["timestamp"])?,
        place: Some(place),
        speed_kmh: number(&properties["speed"]).map(|mps| mps * 3.6),
        heading_deg: number(&properties["course"]),
        altitude_m: number(&properties["altitude"]).or(number(&coordinates[2])),
        accuracy_m: number(&properties["horizontal_accuracy"]),
        attributes: attributes.finish(),
        ..DeviceReport::default()
    };
    let name = unique_id(&properties["device_id"]).or(unique_id(&properties["unique_id"]));
    Ok(Some(Message::of(name, report)))
}
