//! Reads and writes track files: CSV, GPX, NMEA and GeoJSON in; GPX, CSV, GeoJSON and KML out.
//!
//! Readers are iterators that hold one line, element or feature at a time, so a file may be larger than memory. A row
//! that can't be used is reported with its line and the reason, and reading goes on. Writers append to a byte buffer
//! of the caller's, so that a response or a file of a million positions is never in memory as a whole.
//!
//! Files come from untrusted sources: every reader is bounded by the constants in [`limits`], and none panics.

#![forbid(unsafe_code)]

mod columns;
mod csv_reader;
mod csv_writer;
mod format;
mod geojson_features;
mod geojson_reader;
mod geojson_writer;
mod gpx_reader;
mod gpx_writer;
mod kml_writer;
pub mod limits;
mod lines;
mod nmea_reader;
mod nmea_sentence;
mod options;
mod options_error;
mod push;
mod time;
mod track_meta;
mod track_point;
mod units;
mod writer;
mod xml;

pub use columns::ColumnMap;
pub use csv_reader::CsvReader;
pub use format::{Format, Reader, read};
pub use geojson_reader::GeoJsonReader;
pub use gpx_reader::GpxReader;
pub use nmea_reader::NmeaReader;
pub use options::ReadOptions;
pub use options_error::OptionsError;
pub use time::{Zone, format_rfc3339, parse_timestamp};
pub use track_meta::TrackMeta;
pub use track_point::{ReadError, TrackPoint};
pub use units::SpeedUnit;
pub use writer::TrackWriter;
