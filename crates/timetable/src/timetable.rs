//! What a timetable holds.

use crate::{Service, ServiceDay};
use jiff::tz::TimeZone;
use milepost_domain::Timestamp;
use milepost_geo::{Path, Point};
use std::collections::HashMap;

/// A line for passengers.
#[derive(Debug, Clone)]
pub struct Route {
    /// The feed's id.
    pub id: String,
    /// `7`, as it stands on the bus. May be empty.
    pub short_name: String,
    /// `Depot - Station`. May be empty.
    pub long_name: String,
}

impl Route {
    /// Is this what a vehicle's `route` means?
    pub fn is_called(&self, name: &str) -> bool {
        [&self.id, &self.short_name, &self.long_name].into_iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// A place where vehicles stop.
#[derive(Debug, Clone)]
pub struct Stop {
    /// The feed's id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Where it is.
    pub point: Point,
}

/// Trips that take the same way and stop at the same stops.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Place in [`Timetable::routes`].
    pub route: usize,
    /// 0 or 1, if the feed says so.
    pub direction: Option<u8>,
    /// The way.
    pub path: Path,
    /// The stops: place in [`Timetable::stops`], `stop_sequence`, and metres along the way, never decreasing.
    pub calls: Vec<StopCall>,
    /// Its trips, as a range of [`Timetable::trips`].
    pub(crate) trips: std::ops::Range<usize>,
}

/// A stop of a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopCall {
    /// Place in [`Timetable::stops`].
    pub stop: usize,
    /// The feed's number of it.
    pub sequence: u32,
    /// Metres along the way.
    pub along_m: f64,
}

/// One run of a vehicle on each day of its service.
#[derive(Debug, Clone)]
pub struct Trip {
    /// The feed's id.
    pub id: String,
    /// Place in [`Timetable::patterns`].
    pub pattern: usize,
    /// Place in [`Timetable::services`].
    pub service: usize,
    /// Arrival and departure at each stop of the pattern, seconds of the service day, never decreasing.
    pub times: Vec<(u32, u32)>,
}

impl Trip {
    /// When it leaves its first stop, seconds of the service day.
    pub fn start_s(&self) -> u32 {
        self.times.first().map_or(0, |times| times.1)
    }

    /// When it reaches its last stop.
    pub fn end_s(&self) -> u32 {
        self.times.last().map_or(0, |times| times.0)
    }
}

/// A feed that was read.
#[derive(Debug, Clone)]
pub struct Timetable {
    /// Of the agencies.
    pub zone: TimeZone,
    /// The ids of the agencies that have one.
    pub agencies: Vec<String>,
    /// By place.
    pub routes: Vec<Route>,
    /// By place.
    pub stops: Vec<Stop>,
    /// By place.
    pub services: Vec<Service>,
    /// By place.
    pub patterns: Vec<Pattern>,
    /// Those of a pattern stand together, in the order of their start.
    pub trips: Vec<Trip>,
    /// Places in `trips` by id. A trip that runs at intervals has several.
    pub(crate) trips_named: HashMap<String, Vec<usize>>,
}

impl Timetable {
    /// The places in [`Timetable::trips`] of this id.
    pub fn trips_named(&self, id: &str) -> &[usize] {
        self.trips_named.get(id).map_or(&[], Vec::as_slice)
    }

    /// The trips of a pattern, with their places.
    pub(crate) fn trips_of(&self, pattern: &Pattern) -> impl Iterator<Item = (usize, &Trip)> {
        self.trips[pattern.trips.clone()].iter().enumerate().map(|(index, trip)| (pattern.trips.start + index, trip))
    }

    /// Does the trip run on this day?
    pub fn runs(&self, trip: &Trip, day: &ServiceDay) -> bool {
        self.services.get(trip.service).is_some_and(|service| service.runs_on(day.date))
    }

    /// How many trips run on the day of `now`.
    pub fn trips_on_day_of(&self, now: Timestamp) -> usize {
        let Some(today) = ServiceDay::around(now, &self.zone).get(1).copied() else { return 0 };
        self.trips.iter().filter(|trip| self.runs(trip, &today)).count()
    }
}
