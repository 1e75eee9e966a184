//! Says how long a rider still needs: as the delivery dialect documents it, and better, from the rider's own pace.
//!
//! Formulas, how the constants were found and how often they are right: `docs/eta.md`.

mod history;
mod pace;

pub use history::{History, HistoryParts, Leg, LegParts};
pub use pace::{Fix, Pace, PaceParts};

use crate::Point;
use crate::great_circle::{angle_rad, distance_m};
use milepost_domain::Timestamp;
use std::time::Duration;

/// A rider whose last fix is older than this has no estimate.
pub const ETA_FRESH_FOR: Duration = Duration::from_secs(90);

/// No arrival is told to be nearer than this, in seconds, by either formula.
pub const SHORTEST_ETA_S: u32 = 60;

/// The Earth's radius of the documented formula. Elsewhere in this room it is [`crate::EARTH_RADIUS_M`].
const DOCUMENTED_RADIUS_KM: f64 = 6371.0;
const DOCUMENTED_SPEED_KMH: f64 = 30.0;

/// Slower than a walk is no pace to divide by, faster than a motorway none to believe; metres a second.
const PACE_RANGE_MPS: std::ops::RangeInclusive<f64> = 0.5..=45.0;

/// Seconds to arrival as the delivery dialect documents it: the great circle on a sphere of 6371 km (haversine) at
/// 30 km/h, in whole seconds, at least 60. Fractions are cut off, as Python's `int()` does.
pub fn straight_line_eta_s(from: Point, to: Point) -> u32 {
    let distance_km = DOCUMENTED_RADIUS_KM * angle_rad(from, to);
    whole_seconds(distance_km / DOCUMENTED_SPEED_KMH * 3600.0).max(SHORTEST_ETA_S)
}

/// What an estimate rests on, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Nothing is known of this rider: an average pace and an average detour.
    Default,
    /// The rider's own pace of the last minutes, and an average detour.
    Speed,
    /// The rider's own pace, and the pace and detour of its finished legs.
    History,
}

impl Basis {
    /// Its name on the wire: `default`, `speed`, `history`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Speed => "speed",
            Self::History => "history",
        }
    }
}

/// Seconds from now to arrival: `low_s <= seconds <= high_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The best guess; at least [`SHORTEST_ETA_S`].
    pub seconds: u32,
    /// Four in five arrivals lie between this and [`Self::high_s`]. May be below [`SHORTEST_ETA_S`].
    pub low_s: u32,
    /// The other end.
    pub high_s: u32,
    /// What it rests on.
    pub basis: Basis,
}

/// An answer: an estimate only if the rider's last fix is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eta {
    /// The last fix is older than [`ETA_FRESH_FOR`]: nothing can be said.
    Stale,
    /// From the last fix.
    Fresh(Estimate),
}

impl Eta {
    /// The estimate, unless stale.
    pub const fn estimate(self) -> Option<Estimate> {
        match self {
            Self::Stale => None,
            Self::Fresh(estimate) => Some(estimate),
        }
    }

    /// Is the last fix too old?
    pub const fn is_stale(self) -> bool {
        matches!(self, Self::Stale)
    }
}

/// How long the rider still needs to `to` if that is where it goes next.
///
/// The straight distance from the last fix, times the rider's detour, by the rider's pace, less the age of that fix.
/// A fix from the future (clocks differ) has no age.
pub fn estimate_eta(pace: &Pace, history: &History, to: Point, now: Timestamp) -> Eta {
    let last = pace.last_fix();
    let age_ms = now.ms_since(last.at).max(0);
    if age_ms.unsigned_abs() > ETA_FRESH_FOR.as_millis() as u64 {
        return Eta::Stale;
    }
    let age_s = age_ms as f64 / 1000.0;
    let pace_mps = pace.speed_mps(history.pace_mps()).clamp(*PACE_RANGE_MPS.start(), *PACE_RANGE_MPS.end());
    let travel_s = distance_m(last.point, to) * history.detour() / pace_mps;
    let basis = match (history.is_empty(), pace.is_known()) {
        (false, _) => Basis::History,
        (true, true) => Basis::Speed,
        (true, false) => Basis::Default,
    };
    let interval = interval(basis);
    let seconds = whole_seconds((travel_s - age_s).round()).max(SHORTEST_ETA_S);
    Eta::Fresh(Estimate {
        seconds,
        low_s: whole_seconds(interval.low_factor * travel_s - interval.low_less_s - age_s),
        high_s: whole_seconds((interval.high_factor * travel_s + interval.high_more_s - age_s).ceil()).max(seconds),
        basis,
    })
}

/// A straight line for each end of the 80 % interval, over the travel time.
struct Interval {
    low_factor: f64,
    low_less_s: f64,
    high_factor: f64,
    high_more_s: f64,
}

/// Quantiles of 10 and 90 % of the recorded arrivals (`docs/eta.md`): the more is known the narrower.
const fn interval(basis: Basis) -> Interval {
    let (low_factor, high_factor) = match basis {
        Basis::Default => (0.4, 2.0),
        Basis::Speed => (0.55, 1.5),
        Basis::History => (0.65, 1.3),
    };
    Interval { low_factor, low_less_s: 20.0, high_factor, high_more_s: 80.0 }
}

/// Fractions cut off; negative numbers are 0. Half the globe at a crawl is 10⁸ s: far from the type's end.
fn whole_seconds(seconds: f64) -> u32 {
    seconds as u32
}
