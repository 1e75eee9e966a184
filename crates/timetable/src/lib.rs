//! Timetables in the form of GTFS Schedule (<https://gtfs.org/documentation/schedule/reference/>): which trips run when, along which
//! stops, on which of them a vehicle is, and when it will arrive.

#![forbid(unsafe_code)]

mod calendar;
mod matching;
mod read;
mod rows;
mod stops_along;
mod timetable;

pub use calendar::{Service, ServiceDay};
pub use matching::{Match, NamedTrip, Observed, Previous};
pub use read::{MAX_ROWS, read_timetable};
pub use rows::BadFeed;
pub use timetable::{Pattern, Route, Stop, StopCall, Timetable, Trip};
