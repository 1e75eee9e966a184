//! Writes GPX 1.1: one track of one segment, speed and course in Garmin's TrackPointExtension v2, the rest in
//! extensions of our own.

use crate::attributes_json::{push_value, read_value};
use crate::push::push;
use crate::track_meta::TrackMeta;
use crate::units::SpeedUnit;
use crate::xml::push_escaped;
use milepost_domain::{AttributeValue, Position};

pub(crate) struct GpxWriter {
    meta: TrackMeta,
}

impl GpxWriter {
    pub(crate) fn new(meta: TrackMeta) -> Self {
        Self { meta }
    }

    pub(crate) fn start(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(
            br#"<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Milepost" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2" xmlns:milepost="urn:milepost:gpx:1">
<trk><name>"#,
        );
        push_escaped(out, &self.meta.vehicle_id);
        out.extend_from_slice(b"</name>");
        if let Some(label) = &self.meta.label {
            out.extend_from_slice(b"<desc>");
            push_escaped(out, label);
            out.extend_from_slice(b"</desc>");
        }
        out.extend_from_slice(b"<trkseg>\n");
    }

    pub(crate) fn position(&self, position: &Position, out: &mut Vec<u8>) {
        // The schema ends longitudes before 180 and courses before 360. Both have another name for the same.
        let below = |value: f64, bound: f64, same: f64| if value == bound { same } else { value };
        let (latitude, longitude) = (position.latitude.get(), below(position.longitude.get(), 180.0, -180.0));
        push!(out, r#"<trkpt lat="{latitude}" lon="{longitude}">"#);
        if let Some(altitude) = position.altitude {
            push!(out, "<ele>{}</ele>", altitude.get());
        }
        push!(out, "<time>{}</time>", position.at);
        let begin = out.len();
        out.extend_from_slice(b"<extensions>");
        let empty = out.len();
        if position.speed.is_some() || position.heading.is_some() {
            out.extend_from_slice(b"<gpxtpx:TrackPointExtension>");
            if let Some(speed) = position.speed {
                push!(out, "<gpxtpx:speed>{}</gpxtpx:speed>", speed.get() / SpeedUnit::Ms.kmh());
            }
            if let Some(heading) = position.heading {
                push!(out, "<gpxtpx:course>{}</gpxtpx:course>", below(heading.get(), 360.0, 0.0));
            }
            out.extend_from_slice(b"</gpxtpx:TrackPointExtension>");
        }
        if let Some(accuracy) = position.accuracy {
            push!(out, "<milepost:accuracy>{}</milepost:accuracy>", accuracy.get());
        }
        if let Some(odometer) = position.odometer {
            push!(out, "<milepost:odometer>{}</milepost:odometer>", odometer.get());
        }
        if let Some(level) = position.fuel_level {
            push!(out, "<milepost:fuelLevel>{}</milepost:fuelLevel>", level.get());
        }
        if let Some(on) = position.ignition {
            push!(out, "<milepost:ignition>{on}</milepost:ignition>");
        }
        for (name, value) in position.attributes.iter() {
            out.extend_from_slice(b"<milepost:attribute name=\"");
            push_escaped(out, name);
            out.extend_from_slice(b"\">");
            match value {
                // A text that a reader would change, or take for another value, stands as JSON.
                AttributeValue::Text(text) if !is_plain(text) => {
                    let mut json = Vec::new();
                    push_value(&mut json, value);
                    push_escaped(out, &String::from_utf8_lossy(&json));
                }
                AttributeValue::Text(text) => push_escaped(out, text),
                value => push_value(out, value),
            }
            out.extend_from_slice(b"</milepost:attribute>");
        }
        if out.len() == empty {
            out.truncate(begin);
        } else {
            out.extend_from_slice(b"</extensions>");
        }
        out.extend_from_slice(b"</trkpt>\n");
    }

    pub(crate) fn finish(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</trkseg></trk>\n</gpx>\n");
    }
}

/// Whether a reader finds the same text again.
fn is_plain(text: &str) -> bool {
    text.trim() == text && !text.is_empty() && !text.chars().any(char::is_control) && read_value(text).is_none()
}
