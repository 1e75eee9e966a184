//! Writes KML 2.2 with Google's `gx:Track`, which Google Earth shows as a line with a time slider.

use crate::push::push;
use crate::time::format_rfc3339;
use crate::track_meta::TrackMeta;
use crate::xml::push_escaped;
use milepost_domain::Position;

pub(crate) struct KmlWriter {
    meta: TrackMeta,
}

impl KmlWriter {
    pub(crate) fn new(meta: TrackMeta) -> Self {
        Self { meta }
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
            b"</name>\n<Style><LineStyle><color>ffff7f00</color><width>4</width></LineStyle></Style>\n<gx:Track><altitudeMode>clampToGround</altitudeMode>\n",
        );
    }

    /// The n-th `when` belongs to the n-th `gx:coord`. They may be interleaved, which lets a track be streamed.
    pub(crate) fn position(&self, position: &Position, out: &mut Vec<u8>) {
        let (longitude, latitude) = (position.longitude.get(), position.latitude.get());
        let altitude = position.altitude.map_or(0.0, |altitude| altitude.get());
        push!(
            out,
            "<when>{}</when><gx:coord>{longitude} {latitude} {altitude}</gx:coord>\n",
            format_rfc3339(position.at)
        );
    }

    pub(crate) fn finish(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</gx:Track></Placemark></Document>\n</kml>\n");
    }
}
