//! The formats, by name and by content.

use crate::OptionsError;
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
    /// Keyhole Markup Language 2.2, the tracks with times: read and written.
    Kml,
}

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

    /// The format by the beginning of a file, else by its name.
    ///
    /// # Errors
    /// What the file is, if it is none that can be read.
    pub fn of_content(head: &[u8], path: &Path) -> Result<Self, OptionsError> {
        const OTHERS: [(&[u8], &str); 6] = [
            (b"PK\x03\x04", "a ZIP archive, as XLSX and KMZ files are: unpack it, or save it as CSV or GPX"),
            (b"\x1f\x8b", "compressed with gzip: unpack it first"),
            (b"\xd0\xcf\x11\xe0", "an old Excel file: save it as CSV"),
            (b"%PDF", "a PDF file"),
            (b"SQLite format 3", "an SQLite database"),
            (b"BZh", "compressed with bzip2: unpack it first"),
        ];
        if let Some((_, is)) = OTHERS.iter().find(|(start, _)| head.starts_with(start)) {
            return Err(OptionsError::new(format!("the file is {is}")));
        }
        if head.get(8..12) == Some(b".FIT") {
            return Err(OptionsError::new("the file is a FIT file: convert it to GPX first"));
        }
        // Zero bytes are left out, so that UTF-16 looks as UTF-8 does.
        let text: String =
            head.iter().filter(|byte| byte.is_ascii() && **byte != 0).map(|&byte| char::from(byte)).collect();
        // A GeoJSON text sequence begins with a record separator.
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{1e}');
        if text.starts_with('<') {
            let element = |name: &str| text.contains(&format!("<{name}")) || text.contains(&format!(":{name} "));
            return Ok(if element("kml") && !element("gpx") { Self::Kml } else { Self::Gpx });
        }
        if text.starts_with('{') {
            return Ok(Self::GeoJson);
        }
        if text.lines().any(is_sentence) {
            return Ok(Self::Nmea);
        }
        Self::of_path(path).ok_or_else(|| OptionsError::new("its format is unknown, use --format"))
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

/// Whether a line is an NMEA sentence of a satellite receiver, or a logger's line with one.
fn is_sentence(line: &str) -> bool {
    let sentence = line.strip_prefix("NMEA,").unwrap_or(line);
    let talker = sentence.strip_prefix('$').and_then(|sentence| sentence.get(..2));
    talker.is_some_and(|talker| matches!(talker, "GP" | "GN" | "GL" | "GA" | "GB" | "BD" | "GQ" | "GI"))
}
