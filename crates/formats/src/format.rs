//! The formats by name, and one function to read any of them.

use crate::{CsvReader, GeoJsonReader, GpxReader, NmeaReader, OptionsError, ReadError, ReadOptions, TrackPoint};
use std::io::BufRead;
use std::path::Path;
use std::str::FromStr;

/// A format of track files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values: read and written.
    Csv,
    /// GPS Exchange Format: 1.0 and 1.1 read, 1.1 written.
    Gpx,
    /// NMEA 0183 sentences: read only.
    Nmea,
    /// RFC 7946: read and written.
    GeoJson,
    /// Keyhole Markup Language 2.2: written only.
    Kml,
}

/// Points of a file of any format that can be read.
pub type Reader = Box<dyn Iterator<Item = Result<TrackPoint, ReadError>> + Send>;

impl Format {
    /// The format by a file's extension: `.csv`, `.tsv`, `.txt` (as CSV), `.gpx`, `.nmea`, `.nma`, `.log`, `.geojson`,
    /// `.json`, `.geojsonl`, `.kml`. Upper case is accepted too.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "gpx" => Some(Self::Gpx),
            "nmea" | "nma" | "log" => Some(Self::Nmea),
            "geojson" | "json" | "geojsonl" | "geojsons" => Some(Self::GeoJson),
            "kml" => Some(Self::Kml),
            _ => None,
        }
    }

    /// The name on the command line and in `?format=`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Gpx => "gpx",
            Self::Nmea => "nmea",
            Self::GeoJson => "geojson",
            Self::Kml => "kml",
        }
    }

    /// The media type of an HTTP answer.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Gpx => "application/gpx+xml",
            Self::Nmea => "text/plain; charset=us-ascii",
            Self::GeoJson => "application/geo+json",
            Self::Kml => "application/vnd.google-earth.kml+xml",
        }
    }

    /// Whether [`crate::TrackWriter`] writes it.
    pub const fn is_written(self) -> bool {
        !matches!(self, Self::Nmea)
    }
}

impl FromStr for Format {
    type Err = OptionsError;

    fn from_str(name: &str) -> Result<Self, OptionsError> {
        [Self::Csv, Self::Gpx, Self::Nmea, Self::GeoJson, Self::Kml]
            .into_iter()
            .find(|format| name.eq_ignore_ascii_case(format.as_str()))
            .ok_or_else(|| OptionsError::new(format!("format {name:?} must be csv, gpx, nmea, geojson or kml")))
    }
}

/// Reads `input` as `format`. Each item is a point, or the reason why a row gave none. An error that
/// [`ends_file`](ReadError::ends_file) is the last item.
///
/// # Errors
/// [`ReadError`] when a CSV file's header can't be used, and for KML, which is written only.
pub fn read(format: Format, input: impl BufRead + Send + 'static, options: &ReadOptions) -> Result<Reader, ReadError> {
    Ok(match format {
        Format::Csv => Box::new(CsvReader::new(input, options)?),
        Format::Gpx => Box::new(GpxReader::new(input, options.zone.clone())),
        Format::Nmea => Box::new(NmeaReader::new(input)),
        Format::GeoJson => Box::new(GeoJsonReader::new(input, options)),
        Format::Kml => {
            return Err(ReadError::fatal(1, "KML can be written but not read: convert the file to GPX first"));
        }
    })
}
