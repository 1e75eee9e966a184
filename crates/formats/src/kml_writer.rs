//! Writes KML 2.2 with Google's `gx:Track`, which Google Earth shows as a line with a time slider.

use crate::kml_arrays::{ArrayValue, SCHEMA};
use crate::limits::MAX_KML_TRACK;
use crate::push::push;
use crate::track_meta::TrackMeta;
use crate::xml::push_escaped;
use milepost_domain::Position;

/// The schema wants all times of a `gx:Track` before all of its places. So that a file of any length can be streamed, a
/// long one is a `gx:MultiTrack` of parts, whose places and other values are held until the part is full.
pub(crate) struct KmlWriter {
    meta: TrackMeta,
    times: Vec<u8>,
    places: Vec<u8>,
    /// Each array's elements, and how many of them are not empty.
    arrays: [(Vec<u8>, usize); ArrayValue::ALL.len()],
    /// Positions in this part.
    held: usize,
    /// A part was written.
    has_parts: bool,
}

impl KmlWriter {
    pub(crate) fn new(meta: TrackMeta) -> Self {
        let (times, places, arrays) = (Vec::new(), Vec::new(), Default::default());
        Self { meta, times, places, arrays, held: 0, has_parts: false }
    }

    pub(crate) fn start(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(
            br#"<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>"#,
        );
        let name = self.meta.label.as_deref().unwrap_or(&self.meta.vehicle_id);
        push_escaped(out, name);
        push!(out, "</name>\n<Schema id=\"{SCHEMA}\">\n");
        for array in ArrayValue::ALL {
            let (name, kind, shown) = array.names();
            push!(
                out,
                "<gx:SimpleArrayField name=\"{name}\" type=\"{kind}\"><displayName>{shown}</displayName></gx:SimpleArrayField>\n"
            );
        }
        // The id, so that a reader finds the vehicle again.
        out.extend_from_slice(b"</Schema>\n<Placemark><name>");
        push_escaped(out, &self.meta.vehicle_id);
        out.extend_from_slice(
            b"</name>\n<Style><LineStyle><color>ffff7f00</color><width>4</width></LineStyle></Style>\n",
        );
    }

    pub(crate) fn position(&mut self, position: &Position, out: &mut Vec<u8>) {
        if self.held == MAX_KML_TRACK {
            if !self.has_parts {
                // Interpolated: the parts are one path.
                out.extend_from_slice(b"<gx:MultiTrack><gx:interpolate>1</gx:interpolate>\n");
            }
            self.has_parts = true;
            self.write_track(out);
        }
        let (longitude, latitude) = (position.longitude.get(), position.latitude.get());
        let altitude = position.altitude.map_or(0.0, |altitude| altitude.get());
        push!(&mut self.times, "<when>{}</when>\n", position.at);
        push!(&mut self.places, "<gx:coord>{longitude} {latitude} {altitude}</gx:coord>\n");
        for (array, (elements, known)) in ArrayValue::ALL.into_iter().zip(&mut self.arrays) {
            *known += usize::from(array.push(position, elements));
        }
        self.held += 1;
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        self.write_track(out);
        if self.has_parts {
            out.extend_from_slice(b"</gx:MultiTrack>");
        }
        out.extend_from_slice(b"</Placemark></Document>\n</kml>\n");
    }

    fn write_track(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<gx:Track><altitudeMode>clampToGround</altitudeMode>\n");
        out.append(&mut self.times);
        out.append(&mut self.places);
        let mut any = false;
        for (array, (elements, known)) in ArrayValue::ALL.into_iter().zip(&mut self.arrays) {
            let needed = if array == ArrayValue::Altitude { *known < self.held } else { *known > 0 };
            if needed {
                if !any {
                    push!(out, "<ExtendedData><SchemaData schemaUrl=\"#{SCHEMA}\">\n");
                }
                any = true;
                push!(out, "<gx:SimpleArrayData name=\"{}\">\n", array.names().0);
                out.append(elements);
                out.extend_from_slice(b"</gx:SimpleArrayData>\n");
            }
            elements.clear();
            *known = 0;
        }
        if any {
            out.extend_from_slice(b"</SchemaData></ExtendedData>\n");
        }
        out.extend_from_slice(b"</gx:Track>\n");
        self.held = 0;
    }
}
