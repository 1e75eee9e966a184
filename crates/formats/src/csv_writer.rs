//! Writes CSV (RFC 4180): a header, then a line for each position, empty where a value is unknown.

use crate::attributes_json::push_attributes;
use crate::push::push;
use milepost_domain::Position;

pub(crate) struct CsvWriter;

impl CsvWriter {
    pub(crate) fn start(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(
            b"vehicle_id,timestamp,latitude,longitude,speed_kmh,heading_deg,accuracy_m,altitude_m,odometer_km,fuel_level_l,ignition,attributes\r\n",
        );
    }

    pub(crate) fn position(&self, position: &Position, out: &mut Vec<u8>) {
        push_quoted(out, position.vehicle_id.as_str());
        let (latitude, longitude) = (position.latitude.get(), position.longitude.get());
        push!(out, ",{},{latitude},{longitude}", position.at);
        let numbers = [
            position.speed.map(|speed| speed.get()),
            position.heading.map(|heading| heading.get()),
            position.accuracy.map(|accuracy| accuracy.get()),
            position.altitude.map(|altitude| altitude.get()),
            position.odometer.map(|odometer| odometer.get()),
            position.fuel_level.map(|level| level.get()),
        ];
        for number in numbers {
            match number {
                Some(value) => push!(out, ",{value}"),
                None => out.push(b','),
            }
        }
        match position.ignition {
            Some(on) => push!(out, ",{on},"),
            None => out.extend_from_slice(b",,"),
        }
        if !position.attributes.is_empty() {
            let mut json = Vec::new();
            push_attributes(&mut json, &position.attributes);
            push_quoted(out, std::str::from_utf8(&json).expect("JSON is UTF-8"));
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Quoted where a reader would split or trim it.
fn push_quoted(out: &mut Vec<u8>, text: &str) {
    if text.contains([',', '"', '\r', '\n', ' ']) {
        out.push(b'"');
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}
