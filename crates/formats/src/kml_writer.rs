//! Writes KML 2.2 with Google's `gx:Track`, which Google Earth shows as a line with a time slider.

use crate::limits::MAX_KML_TRACK;
use crate::push::push;
use crate::track_meta::TrackMeta;
use crate::xml::push_escaped;
use milepost_domain::Position;

/// The schema wants all times of a `gx:Track` before all of its places. So that a file of any length can be streamed, a
/// long one is a `gx:MultiTrack` of parts, whose places are held until the part is full.
pub(crate) struct KmlWriter {
    meta: TrackMeta,
    times: Vec<u8>,
    places: Vec<u8>,
    /// Positions in this part.
    held: usize,
    /// A part was written.
    has_parts: bool,
}

impl KmlWriter {
    pub(crate) fn new(meta: TrackMeta) -> Self {
        Self { meta, times: Vec::new(), places: Vec::new(), held: 0, has_parts: false }
    }

    pub(crate) fn start(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(
            br#"<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>"#,
        );
        let name = self.meta.label.as_deref().unwrap_or(&self.meta.vehicle_id);
        push_escaped(out, name);
        out.extend_from_slice(b"</name>\n<Placemark><name>");
        push_escaped(out, name);
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
        out.extend_from_slice(b"</gx:Track>\n");
        self.held = 0;
    }
}
