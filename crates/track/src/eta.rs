//! Estimates how long a rider still needs: by the formula that the delivery dialect documents, and more exactly, by the
//! rider's own pace.
//!
//! `docs/eta.md` gives the formulas, how the constants were found, and how large the errors are.

mod arrival_model;
mod forecast_errors;
mod history;
mod pace;
mod pace_map;

pub use arrival_model::ArrivalModel;
pub use history::{History, HistoryParts, Leg};
pub use pace::Pace;

use milepost_domain::Timestamp;
use milepost_geo::{EARTH_RADIUS_M, Point, distance_m};
use std::time::Duration;

/// A rider whose last fix is older than this has no estimate.
pub const ETA_FRESH_FOR: Duration = Duration::from_secs(90);

/// The shortest time that the documented formula gives, seconds.
pub const SHORTEST_ETA_S: u32 = 60;

/// The Earth's radius of the documented formula. All other distances use [`EARTH_RADIUS_M`].
const DOCUMENTED_RADIUS_KM: f64 = 6371.0;
const DOCUMENTED_SPEED_KMH: f64 = 30.0;

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
    /// The time to show to people. It is rather early than late.
    pub seconds: u32,
    /// Lower end of the interval that holds four of five arrivals.
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
/// The most likely time ([`ArrivalModel`]) less the age of the fix gives the interval. The time that people are shown lies
/// before it: a rider that comes half a minute early is missed, while one that is a minute late is waited for. A fix from the
/// future (clocks differ) has age 0.
pub fn estimate_eta(pace: &Pace, history: &History, model: &ArrivalModel, to: Point, now: Timestamp) -> Eta {
    let last = pace.last_fix();
    let age_ms = now.ms_since(last.at).max(0);
    if age_ms.unsigned_abs() > ETA_FRESH_FOR.as_millis() as u64 {
        return Eta::Stale;
    }
    let age_s = age_ms as f64 / 1000.0;
    let travel_s = model.travel_s(pace, history, to, now);
    let basis = match (history.is_empty(), pace.is_known()) {
        (false, _) => Basis::History,
        (true, true) => Basis::Speed,
        (true, false) => Basis::Default,
    };
    let (low_s, high_s) = model.interval_s(travel_s);
    let seconds = whole_seconds(shown_s((travel_s - age_s).max(0.0)).round());
    Eta::Fresh(Estimate {
        seconds,
        low_s: whole_seconds(low_s - age_s).min(seconds),
        high_s: whole_seconds((high_s - age_s).ceil()).max(seconds),
        basis,
    })
}

/// The time that people are shown, for a most likely time, both in seconds. The lines were fitted (`docs/eta.md`) to hold as many
/// arrivals as possible between half a minute (when near) or a minute (when far) before that time, and 90 to 270 s after it.
fn shown_s(travel_s: f64) -> f64 {
    const NEAR_S: f64 = 225.0;
    const FAR_S: f64 = 600.0;
    let near_s = travel_s.min(NEAR_S);
    let middle_s = (travel_s - NEAR_S).clamp(0.0, FAR_S - NEAR_S);
    let far_s = (travel_s - FAR_S).max(0.0);
    20.0 + 0.56 * near_s + 1.1 * middle_s + far_s
}

/// Cuts off the fraction; negative numbers become 0. Half the globe at the slowest pace is 10⁸ s, far below the type's end.
fn whole_seconds(seconds: f64) -> u32 {
    seconds as u32
}
