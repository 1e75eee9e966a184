//! How to read a file: its columns, its unit of speed and its time zone.

use crate::columns::ColumnMap;
use crate::{SpeedUnit, Zone};

/// What a reader cannot learn from the file. The default finds columns by their usual names and takes times without a
/// zone as UTC.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadOptions {
    /// CSV: the columns of the values. GeoJSON: their properties.
    pub columns: ColumnMap,
    /// CSV and GeoJSON: the unit of the speed. `None`: as the column's name says (`speed_mph`), else km/h.
    /// GPX is always metres a second, NMEA always knots.
    pub speed_unit: Option<SpeedUnit>,
    /// The zone of times that name none.
    pub zone: Zone,
    /// CSV: the separator. `None`: the comma, semicolon or tab that is most frequent in the first line.
    pub delimiter: Option<u8>,
}
