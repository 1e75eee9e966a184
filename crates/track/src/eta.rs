//! Estimates how long a rider still needs: by the formula that the delivery dialect documents, and more exactly, by the
//! rider's own pace.
//!
//! `docs/eta.md` gives the formulas, how the constants were found, and how large the errors are.

mod history;
mod pace;

pub use history::{History, HistoryParts, Leg};
pub use pace::Pace;

use milepost_domain::Timestamp;
use milepost_geo::{EARTH_RADIUS_M, Point, distance_m};
use std::time::Duration;

/// A rider whose last fix is older than this has no estimate.
pub const ETA_FRESH_FOR: Duration = Duration::from_secs(90);

/// The shortest time that either formula gives, seconds.
pub const SHORTEST_ETA_S: u32 = 60;

/// The Earth's radius of the documented formula. All other distances use [`EARTH_RADIUS_M`].
const DOCUMENTED_RADIUS_KM: f64 = 6371.0;
const DOCUMENTED_SPEED_KMH: f64 = 30.0;

/// The pace is held in this range, metres a second: from a slow walk to a fast motorway.
const PACE_RANGE_MPS: std::ops::RangeInclusive<f64> = 0.5..=45.0;

/// Seconds to arrival as the delivery dialect documents it: the great circle on a sphere of 6371 km (haversine) at
/// 30 km/h, in whole seconds, at least 60. Fractions are cut off, as Python's `int()` does.
pub fn straight_line_eta_s(from: Point, to: Point) -> u32 {
    let distance_km = DOCUMENTED_RADIUS_KM * (distance_m(from, to) / EARTH_RADIUS_M);
    whole_seconds(distance_km / DOCUMENTED_SPEED_KMH * 3600.0).max(SHORTEST_ETA_S)
}

/// The knowledge that an estimate is based on, in increasing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// An average pace and an average detour; the rider is unknown.
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
    /// The estimate; at least [`SHORTEST_ETA_S`].
    pub seconds: u32,
    /// Lower end of the interval that holds four of five arrivals. May be below [`SHORTEST_ETA_S`].
    pub low_s: u32,
    /// Upper end of that interval.
    pub high_s: u32,
    /// The knowledge that it is based on.
    pub basis: Basis,
}

/// An estimate, if the rider's last fix is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eta {
    /// The last fix is older than [`ETA_FRESH_FOR`]: no estimate is possible.
    Stale,
    /// The estimate from the last fix.
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

/// How long the rider still needs to `to`, if it goes there without another stop.
///
/// That is the straight distance from the last fix, times the rider's detour, divided by its pace, less the age of the
/// fix. A fix from the future (clocks differ) has age 0.
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

/// Each end of the 80 % interval as a linear function of the travel time.
struct Interval {
    low_factor: f64,
    low_less_s: f64,
    high_factor: f64,
    high_more_s: f64,
}

/// The 10 % and 90 % quantiles of recorded arrivals (`docs/eta.md`). The interval narrows as more is known.
const fn interval(basis: Basis) -> Interval {
    let (low_factor, high_factor) = match basis {
        Basis::Default => (0.4, 2.0),
        Basis::Speed => (0.55, 1.5),
        Basis::History => (0.65, 1.3),
    };
    Interval { low_factor, low_less_s: 20.0, high_factor, high_more_s: 80.0 }
}

/// Cuts off the fraction; negative numbers become 0. Half the globe at the slowest pace is 10⁸ s, far below the type's end.
fn whole_seconds(seconds: f64) -> u32 {
    seconds as u32
}
