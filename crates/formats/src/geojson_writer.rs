//! Writes GeoJSON (RFC 7946): a FeatureCollection of points, the values of each in its properties.

use crate::attributes_json::push_attributes;
use crate::push::push;
use milepost_domain::Position;

#[derive(Default)]
pub(crate) struct GeoJsonWriter {
    /// A feature was written: a comma comes before the next one.
    any: bool,
}

impl GeoJsonWriter {
    pub(crate) fn start(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[\n");
    }

    pub(crate) fn position(&mut self, position: &Position, out: &mut Vec<u8>) {
        if self.any {
            out.extend_from_slice(b",\n");
        }
        self.any = true;
        let (longitude, latitude) = (position.longitude.get(), position.latitude.get());
        push!(out, r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{longitude},{latitude}"#);
        if let Some(altitude) = position.altitude {
            push!(out, ",{}", altitude.get());
        }
        out.extend_from_slice(br#"]},"properties":{"vehicle_id":"#);
        serde_json::to_writer(&mut *out, position.vehicle_id.as_str())
            .expect("writing a string to a Vec does not fail");
        push!(out, r#","timestamp":"{}""#, position.at);
        let numbers = [
            ("speed", position.speed.map(|speed| speed.get())),
            ("heading", position.heading.map(|heading| heading.get())),
            ("accuracy", position.accuracy.map(|accuracy| accuracy.get())),
            ("odometer_km", position.odometer.map(|odometer| odometer.get())),
            ("fuel_level_l", position.fuel_level.map(|level| level.get())),
        ];
        for (name, value) in numbers {
            if let Some(value) = value {
                push!(out, r#","{name}":{value}"#);
            }
        }
        if let Some(on) = position.ignition {
            push!(out, r#","ignition":{on}"#);
        }
        if !position.attributes.is_empty() {
            out.extend_from_slice(br#","attributes":"#);
            push_attributes(out, &position.attributes);
        }
        out.extend_from_slice(b"}}");
    }

    pub(crate) fn finish(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n]}\n");
    }
}
