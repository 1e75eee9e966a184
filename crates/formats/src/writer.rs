//! Writes positions as a file, piece by piece: start, each position, end.

use crate::csv_writer::CsvWriter;
use crate::geojson_writer::GeoJsonWriter;
use crate::gpx_writer::GpxWriter;
use crate::kml_writer::KmlWriter;
use crate::track_meta::TrackMeta;
use crate::{Format, OptionsError};
use milepost_domain::Position;

/// Writes one vehicle's positions in the order given, appending to a buffer of the caller's. It keeps nothing itself:
/// the caller may send the buffer's content on and clear it between any two calls.
///
/// Times are RFC 3339 UTC with milliseconds. Speed is km/h in CSV and GeoJSON, and metres a second in GPX, as its
/// extension defines it.
pub struct TrackWriter {
    form: Form,
}

enum Form {
    Csv(CsvWriter),
    Gpx(GpxWriter),
    GeoJson(GeoJsonWriter),
    /// Boxed: it is several times larger than the others.
    Kml(Box<KmlWriter>),
}

impl TrackWriter {
    /// A writer of `format`.
    ///
    /// # Errors
    /// [`OptionsError`] for NMEA, which is read only.
    pub fn new(format: Format, meta: TrackMeta) -> Result<Self, OptionsError> {
        let form = match format {
            Format::Csv => Form::Csv(CsvWriter),
            Format::Gpx => Form::Gpx(GpxWriter::new(meta)),
            Format::GeoJson => Form::GeoJson(GeoJsonWriter::default()),
            Format::Kml => Form::Kml(Box::new(KmlWriter::new(meta))),
            Format::Nmea => {
                return Err(OptionsError::new("nmea can be read but not written: use gpx, csv, geojson or kml"));
            }
        };
        Ok(Self { form })
    }

    /// Writes what comes before the first position. To be called once.
    pub fn start(&mut self, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Csv(csv) => csv.start(out),
            Form::Gpx(gpx) => gpx.start(out),
            Form::GeoJson(geojson) => geojson.start(out),
            Form::Kml(kml) => kml.start(out),
        }
    }

    /// Writes one position.
    pub fn position(&mut self, position: &Position, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Csv(csv) => csv.position(position, out),
            Form::Gpx(gpx) => gpx.position(position, out),
            Form::GeoJson(geojson) => geojson.position(position, out),
            Form::Kml(kml) => kml.position(position, out),
        }
    }

    /// Writes what comes after the last position. A file without it is incomplete.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match &mut self.form {
            Form::Csv(_) => {}
            Form::Gpx(gpx) => gpx.finish(out),
            Form::GeoJson(geojson) => geojson.finish(out),
            Form::Kml(kml) => kml.finish(out),
        }
    }
}
