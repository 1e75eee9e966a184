//! One reader for every format, and what it understands.

use crate::csv_reader::CsvReader;
use crate::geojson_reader::GeoJsonReader;
use crate::gpx_reader::GpxReader;
use crate::kml_reader::KmlReader;
use crate::nmea_reader::NmeaReader;
use crate::{Format, ReadError, ReadOptions, TrackPoint, Understanding};
use std::io::BufRead;

/// The points of a file, and the reasons why rows gave none. An error that
/// [ends the reading](ReadError::ends_reading) is the last item.
pub struct Reader(Box<dyn Rows>);

/// The reader of one format.
pub(crate) trait Rows: Iterator<Item = Result<TrackPoint, ReadError>> + Send {
    fn understanding(&self) -> Understanding;
}

/// Reads `input` as `format`.
///
/// # Errors
/// [`ReadError`] when a CSV file's header can't be used.
pub fn read(format: Format, input: impl BufRead + Send + 'static, options: &ReadOptions) -> Result<Reader, ReadError> {
    Ok(Reader(match format {
        Format::Csv => Box::new(CsvReader::new(input, options)?),
        Format::Gpx => Box::new(GpxReader::new(input, options)),
        Format::Nmea => Box::new(NmeaReader::new(input, options)),
        Format::GeoJson => Box::new(GeoJsonReader::new(input, options)),
        Format::Kml => Box::new(KmlReader::new(input, options)),
    }))
}

impl Reader {
    /// How the file is understood, as far as it was read.
    pub fn understanding(&self) -> Understanding {
        self.0.understanding()
    }
}

impl Iterator for Reader {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}
