//! How to read a file: its columns, its units and its clock.

use crate::bare_number::TimeFormat;
use crate::column_map::ColumnMap;
use crate::date_order::DateOrder;
use crate::encoding::TextEncoding;
use crate::{SpeedUnit, Zone};

/// What a reader cannot learn from the file. The default finds columns by their usual names and takes times without a
/// zone as UTC.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadOptions {
    /// CSV: the columns of the values. GeoJSON: their properties. `vehicle=-` passes over the names of vehicles, in GPX too.
    pub columns: ColumnMap,
    /// CSV and GeoJSON: the unit of speeds whose cell names none. `None`: as the column's name says (`speed_mph`), else km/h.
    /// GPX is always metres a second, NMEA always knots.
    pub speed_unit: Option<SpeedUnit>,
    /// The zone of times that name none, also by their column's name. `None`: UTC.
    pub zone: Option<Zone>,
    /// The order of day and month in `03/04/2025`. `None`: as a date proves that stands before the first ambiguous one.
    pub date_order: Option<DateOrder>,
    /// What times count that are a number. `None`: as the column's name or the number's size says.
    pub time_format: Option<TimeFormat>,
    /// The encoding. `None`: as the file says, else UTF-8, else Windows-1252.
    pub encoding: Option<TextEncoding>,
    /// CSV: the separator. `None`: the comma, semicolon, tab or bar that is most frequent in the first line.
    pub delimiter: Option<u8>,
}
