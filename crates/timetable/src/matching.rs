//! On which trip a vehicle is.
//!
//! Each way that passes the vehicle's place is a candidate, and on it each trip that may be there at that time. The cheapest wins: the cost
//! is the distance to the way, how early or late the trip would be, a motion against the way, and a change of trips. The weights were
//! chosen on recordings (`docs/transit.md`).

use crate::{Pattern, ServiceDay, Timetable, Trip};
use milepost_domain::{HeadingDeg, Timestamp};
use milepost_geo::{Nearest, Point};

/// A vehicle farther from every way is on no trip.
const OFF_WAY_M: f64 = 120.0;
/// How far a trip may be off its times.
#[derive(Clone, Copy)]
struct Window {
    /// Seconds.
    early_s: f64,
    /// Seconds.
    late_s: f64,
    /// A vehicle waits at its first stop for this long before it leaves, seconds.
    layover_s: f64,
}

const USUAL: Window = Window { early_s: 10.0 * 60.0, late_s: 60.0 * 60.0, layover_s: 30.0 * 60.0 };
/// Of a trip that the vehicle itself names.
const NAMED: Window = Window { early_s: 60.0 * 60.0, late_s: 4.0 * 60.0 * 60.0, layover_s: 2.0 * 60.0 * 60.0 };
/// As near as this to the first stop, it waits there.
const AT_START_M: f64 = 200.0;
/// A cost of one: metres beside the way, seconds early, seconds late.
const OFF_WAY_UNIT_M: f64 = 40.0;
const EARLY_UNIT_S: f64 = 90.0;
const LATE_UNIT_S: f64 = 240.0;
/// Cost of moving against the way.
const AGAINST: f64 = 4.0;
/// Cost of being on another trip than before.
const CHANGE: f64 = 4.0;
/// A vehicle may be seen this far behind where it was, metres, before it counts as another run.
const BACK_M: f64 = 300.0;

/// What is known of a vehicle.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// Its place.
    pub point: Point,
    /// Where it moves to, if it moves.
    pub heading: Option<HeadingDeg>,
    /// When it was there.
    pub at: Timestamp,
    /// The route that its operator names, if that is one of the timetable's.
    pub route: Option<&'a str>,
    /// The trip that its driver or its operator names, if that is one of the timetable's.
    pub trip: Option<NamedTrip<'a>>,
}

/// A trip by its name.
#[derive(Debug, Clone, Copy)]
pub struct NamedTrip<'a> {
    /// The timetable's id.
    pub id: &'a str,
    /// Its day, such as `20260216`, if that is told.
    pub date: Option<&'a str>,
}

/// The trip that a vehicle was on before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Previous {
    /// Place in [`Timetable::trips`].
    pub trip: usize,
    /// On which day.
    pub day: ServiceDay,
    /// How far along.
    pub along_m: f64,
}

/// The trip that a vehicle is on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Place in [`Timetable::trips`].
    pub trip: usize,
    /// On which day.
    pub day: ServiceDay,
    /// How far along, metres.
    pub along_m: f64,
    /// How late it is, seconds; negative if it is early. Before its departure it is not early.
    pub delay_s: f64,
}

impl From<Match> for Previous {
    fn from(found: Match) -> Self {
        Self { trip: found.trip, day: found.day, along_m: found.along_m }
    }
}

impl Timetable {
    /// The trip that fits best, or `None` if none fits. A trip that is named and fits at all is the one. The cost grows with the points
    /// of the ways of its route, or of all routes if it has none that the timetable knows.
    pub fn find_trip(&self, observed: &Observed<'_>, previous: Option<&Previous>) -> Option<Match> {
        let days = ServiceDay::around(observed.at, &self.zone);
        if let Some(named) = observed.trip
            && let [first, ..] = self.trips_named(named.id)
        {
            let days: Vec<_> =
                days.iter().copied().filter(|day| named.date.is_none_or(|date| day.gtfs_date() == date)).collect();
            // Those of one name have one way.
            let pattern = &self.patterns[self.trips[*first].pattern];
            let is_named = |trip: &Trip| trip.id == named.id;
            let found = self.find_among([pattern], &days, NAMED, is_named, observed, previous);
            if found.is_some() {
                return found;
            }
        }
        let of_route = |pattern: &&Pattern, name: &str| self.routes[pattern.route].is_called(name);
        let known = observed.route.filter(|name| self.routes.iter().any(|route| route.is_called(name)));
        let patterns = self.patterns.iter().filter(|pattern| known.is_none_or(|name| of_route(pattern, name)));
        self.find_among(patterns, &days, USUAL, |_| true, observed, previous)
    }

    fn find_among<'a>(
        &'a self,
        patterns: impl IntoIterator<Item = &'a Pattern>,
        days: &[ServiceDay],
        window: Window,
        is_candidate: impl Fn(&Trip) -> bool,
        observed: &Observed<'_>,
        previous: Option<&Previous>,
    ) -> Option<Match> {
        let mut best: Option<(f64, Match)> = None;
        for pattern in patterns {
            for pass in pattern.path.passes(observed.point, OFF_WAY_M) {
                let beside = pass.distance_m / OFF_WAY_UNIT_M + against(pattern, &pass, observed.heading);
                for day in days {
                    let now_s = day.seconds_at(observed.at);
                    for (place, trip) in self.trips_of(pattern) {
                        // In the order of their start: all that follow start too late.
                        if f64::from(trip.start_s()) > now_s + window.layover_s {
                            break;
                        }
                        if !is_candidate(trip)
                            || f64::from(trip.end_s()) + window.late_s < now_s
                            || !self.runs(trip, day)
                        {
                            continue;
                        }
                        let Some((cost, delay_s)) = cost(pattern, trip, pass.along_m, now_s, window) else { continue };
                        let stays = previous.is_some_and(|before| {
                            before.trip == place && before.day == *day && pass.along_m >= before.along_m - BACK_M
                        });
                        let cost = beside + cost + if stays || previous.is_none() { 0.0 } else { CHANGE };
                        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                            best = Some((cost, Match { trip: place, day: *day, along_m: pass.along_m, delay_s }));
                        }
                    }
                }
            }
        }
        best.map(|(_, found)| found)
    }
}

fn against(pattern: &Pattern, pass: &Nearest, heading: Option<HeadingDeg>) -> f64 {
    let Some(heading) = heading else { return 0.0 };
    let turn = (heading.get() - pattern.path.along(pass.along_m).heading.get()).rem_euclid(360.0);
    if (90.0..=270.0).contains(&turn) { AGAINST } else { 0.0 }
}

/// The cost of a trip at this place and time, and its delay. `None` if it can't be there.
fn cost(pattern: &Pattern, trip: &Trip, along_m: f64, now_s: f64, window: Window) -> Option<(f64, f64)> {
    let start_s = f64::from(trip.start_s());
    if along_m < pattern.calls.first()?.along_m + AT_START_M && now_s < start_s {
        return Some(((start_s - now_s) / LATE_UNIT_S, 0.0));
    }
    let delay_s = now_s - scheduled_s(pattern, trip, along_m);
    if delay_s > window.late_s || delay_s < -window.early_s {
        return None;
    }
    let unit = if delay_s < 0.0 { EARLY_UNIT_S } else { LATE_UNIT_S };
    Some((delay_s.abs() / unit, delay_s))
}

/// When the trip is to be at this place, seconds of its day. At a stop, its departure.
pub(crate) fn scheduled_s(pattern: &Pattern, trip: &Trip, along_m: f64) -> f64 {
    let next = pattern.calls.partition_point(|call| call.along_m <= along_m);
    let (Some(before), Some(after)) = (next.checked_sub(1), pattern.calls.get(next)) else {
        return f64::from(if next == 0 { trip.start_s() } else { trip.end_s() });
    };
    let (from, begin_m) = (f64::from(trip.times[before].1), pattern.calls[before].along_m);
    let part = (along_m - begin_m) / (after.along_m - begin_m);
    from + (f64::from(trip.times[next].0) - from) * part
}
