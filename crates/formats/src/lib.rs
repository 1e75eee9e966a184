//! Reads and writes track files: CSV, GPX, GeoJSON, KML and NMEA in; all but NMEA out.
//!
//! Readers are iterators that hold one line, element or feature at a time, so a file may be larger than memory. A row
//! that can't be used is reported with its line and the reason, and reading goes on. Writers append to a byte buffer
//! of the caller's, so that a response or a file of a million positions is never in memory as a whole.
//!
//! Files come from untrusted sources: every reader is bounded by the constants in [`limits`], and none panics.

#![forbid(unsafe_code)]

mod attributes_json;
mod bare_number;
mod column_map;
mod columns;
mod csv_header;
mod csv_lines;
mod csv_reader;
mod csv_record;
mod csv_writer;
mod date_order;
mod degrees;
mod encoding;
mod field;
mod format;
mod geojson_features;
mod geojson_reader;
mod geojson_writer;
mod gpx_point;
mod gpx_reader;
mod gpx_writer;
mod kml_arrays;
mod kml_reader;
mod kml_writer;
pub mod limits;
mod lines;
mod nmea_reader;
mod nmea_sentence;
mod number;
mod options;
mod options_error;
mod preview;
mod push;
mod reader;
mod row_times;
mod row_values;
mod survey;
mod time_refusal;
mod track_meta;
mod track_point;
mod understanding;
mod units;
mod wall_times;
mod writer;
mod written_time;
mod xml;
mod xml_elements;
mod zone;

pub use bare_number::TimeFormat;
pub use column_map::ColumnMap;
pub use date_order::DateOrder;
pub use encoding::TextEncoding;
pub use format::Format;
pub use options::ReadOptions;
pub use options_error::OptionsError;
pub use reader::{Reader, read};
pub use survey::{RowFilter, Survey};
pub use track_meta::TrackMeta;
pub use track_point::{Extent, ReadError, TrackPoint};
pub use understanding::{Understanding, UnderstoodColumn};
pub use units::SpeedUnit;
pub use writer::TrackWriter;
pub use zone::Zone;
