//! Reports of a fleet: what was found in its vehicles' tracks, listed or summed up by vehicle, driver or day, as CSV, workbook or JSON.
//!
//! [`Report`] takes trips, stays, quarters of an hour, visits and incidents, vehicle by vehicle, and makes rows of them; [`TableFile`] writes
//! these. What is not known is a blank, and no zero. Nothing here reads a database.

#![forbid(unsafe_code)]

mod cell;
mod column;
mod days;
mod layout;
mod periods;
mod plain_workbook;
mod report;
mod sums;
mod table_file;

pub use cell::Cell;
pub use column::{Column, ColumnForm};
pub use days::{Days, MAX_DAYS, read_bound};
pub use periods::{Occasion, Recurrence};
pub use plain_workbook::{PlainSheet, write_plain_workbook};
pub use report::{Driver, FuelIncident, Plan, Quarter, Report, Stay, Streak, Visit};
pub use table_file::{MAX_JSON_ROWS, MAX_ROWS, TableError, TableFile};
