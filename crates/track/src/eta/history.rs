//! Learns from a rider's finished legs how much farther than the straight line it drives, and how fast on the whole.

use super::pace::{Pace, seconds_between};
use crate::Fix;
use milepost_domain::Invalid;
use milepost_geo::distance_m;

/// Pace of an unknown rider, short stops included, metres a second: 25 km/h.
const PRIOR_PACE_MPS: f64 = 7.0;
/// That prior weighs as much as this many seconds of finished legs.
const PRIOR_PACE_S: f64 = 600.0;
/// Detour of an unknown rider: driven metres for a straight one.
const PRIOR_DETOUR: f64 = 1.3;
/// That prior weighs as much as this many straight metres of finished legs.
const PRIOR_STRAIGHT_M: f64 = 5000.0;
/// No street is shorter than the straight line. Above the upper end, the rider was not on its way to the destination.
const DETOUR_RANGE: std::ops::RangeInclusive<f64> = 1.0..=4.0;
/// A leg that ends nearer to its start is not learned from: a round trip has no detour. Metres.
const SHORTEST_LEG_M: f64 = 100.0;
/// Older legs fade when the sums hold more than eight hours of driving.
const MEMORY_S: f64 = 8.0 * 3600.0;

/// A leg under way: from pick-up to delivery, for example. Legs of a rider may overlap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    start: Fix,
    driven_before_m: f64,
}

impl Leg {
    /// Begins at the rider's last fix.
    pub const fn start(pace: &Pace) -> Self {
        Self { start: pace.last_fix(), driven_before_m: pace.driven_m() }
    }
}

/// Sums over a rider's finished legs. The default has none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct History {
    driven_m: f64,
    straight_m: f64,
    seconds: f64,
}

/// The sums of a [`History`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "the units end their names")]
pub struct HistoryParts {
    pub driven_m: f64,
    pub straight_m: f64,
    pub seconds: f64,
}

impl History {
    /// Learns from a leg that ends at the rider's last fix. False, and nothing learned, if the leg ends within 100 m of
    /// its start, or not later, or was not driven.
    pub fn learn(&mut self, leg: &Leg, pace: &Pace) -> bool {
        let straight_m = distance_m(leg.start.point, pace.last_fix().point);
        let driven_m = pace.driven_m() - leg.driven_before_m;
        let seconds = seconds_between(leg.start, pace.last_fix());
        if straight_m < SHORTEST_LEG_M || driven_m <= 0.0 || seconds <= 0.0 {
            return false;
        }
        self.driven_m += driven_m;
        self.straight_m += straight_m;
        self.seconds += seconds;
        let kept = (MEMORY_S / self.seconds).min(1.0);
        self.driven_m *= kept;
        self.straight_m *= kept;
        self.seconds *= kept;
        true
    }

    /// Was no leg learned yet?
    pub fn is_empty(&self) -> bool {
        self.straight_m <= 0.0
    }

    /// Driven metres for a straight one, 1 to 4; close to the prior where little is known.
    pub fn detour(&self) -> f64 {
        let ratio = (self.driven_m + PRIOR_DETOUR * PRIOR_STRAIGHT_M) / (self.straight_m + PRIOR_STRAIGHT_M);
        ratio.clamp(*DETOUR_RANGE.start(), *DETOUR_RANGE.end())
    }

    /// Driven metres a second over whole legs, all stops included; close to the prior where little is known.
    pub fn pace_mps(&self) -> f64 {
        (self.driven_m + PRIOR_PACE_MPS * PRIOR_PACE_S) / (self.seconds + PRIOR_PACE_S)
    }

    /// Its sums.
    pub const fn to_parts(&self) -> HistoryParts {
        HistoryParts { driven_m: self.driven_m, straight_m: self.straight_m, seconds: self.seconds }
    }

    /// A history from sums.
    ///
    /// # Errors
    /// [`Invalid`] for a sum that is negative, not finite or above 1e12.
    pub fn from_parts(parts: HistoryParts) -> Result<Self, Invalid> {
        Ok(Self {
            driven_m: amount("driven_m", parts.driven_m)?,
            straight_m: amount("straight_m", parts.straight_m)?,
            seconds: amount("seconds", parts.seconds)?,
        })
    }
}

/// A sum. The bound is far beyond the life of any rider, and far from where sums of `f64` lose metres.
fn amount(field: &'static str, value: f64) -> Result<f64, Invalid> {
    if (0.0..=1e12).contains(&value) { Ok(value) } else { Err(Invalid::new(field, "must be a number from 0 to 1e12")) }
}
