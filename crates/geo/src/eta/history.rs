//! Learns from a rider's finished legs how much longer than the straight line it drives, and how fast all in all.

use super::pace::{Fix, Pace, amount, fix_of_parts, seconds_between};
use crate::distance_m;
use milepost_domain::Invalid;

/// A rider of whom nothing is known drives at this pace, short stops included: 25 km/h. Metres a second.
const PRIOR_PACE_MPS: f64 = 7.0;
/// That pace weighs as much as so many seconds of finished legs.
const PRIOR_PACE_S: f64 = 600.0;
/// And drives this much further than the straight line.
const PRIOR_DETOUR: f64 = 1.3;
/// Which weighs as much as so many straight metres of finished legs.
const PRIOR_STRAIGHT_M: f64 = 5000.0;
/// No street is shorter than the straight line; beyond the other end it was no way to anywhere.
const DETOUR_RANGE: std::ops::RangeInclusive<f64> = 1.0..=4.0;
/// A leg that ends nearer to its start teaches nothing: a round trip has no detour.
const SHORTEST_LEG_M: f64 = 100.0;
/// Older legs fade when the sums hold more than eight hours on the way.
const MEMORY_S: f64 = 8.0 * 3600.0;

/// A way that was begun: from pick-up to delivery, say. Several of a rider's may overlap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    start: Fix,
    driven_before_m: f64,
}

/// The numbers of a [`Leg`], for a store.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "columns; the units end their names")]
pub struct LegParts {
    pub latitude: f64,
    pub longitude: f64,
    pub at_ms: i64,
    pub driven_before_m: f64,
}

impl Leg {
    /// Begins at the rider's last fix.
    pub const fn start(pace: &Pace) -> Self {
        Self { start: pace.last_fix(), driven_before_m: pace.driven_m() }
    }

    /// Its numbers.
    pub const fn to_parts(&self) -> LegParts {
        LegParts {
            latitude: self.start.point.latitude.get(),
            longitude: self.start.point.longitude.get(),
            at_ms: self.start.at.unix_ms(),
            driven_before_m: self.driven_before_m,
        }
    }

    /// The same leg from its numbers.
    ///
    /// # Errors
    /// [`Invalid`] for numbers that no leg has.
    pub fn from_parts(parts: LegParts) -> Result<Self, Invalid> {
        let start = fix_of_parts(parts.latitude, parts.longitude, parts.at_ms)?;
        Ok(Self { start, driven_before_m: amount("driven_before_m", parts.driven_before_m)? })
    }
}

/// Sums over a rider's finished legs. The default knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct History {
    driven_m: f64,
    straight_m: f64,
    seconds: f64,
}

/// The numbers of a [`History`], for a store.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs, reason = "columns; the units end their names")]
pub struct HistoryParts {
    pub driven_m: f64,
    pub straight_m: f64,
    pub seconds: f64,
}

impl History {
    /// Learns from a leg that ends at the rider's last fix. True if it taught something: it ended at least 100 m from
    /// its start, later, and was driven.
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

    /// Has no leg been learned?
    pub fn is_empty(&self) -> bool {
        self.straight_m <= 0.0
    }

    /// Driven metres for a straight one, 1 to 4; an average where little is known.
    pub fn detour(&self) -> f64 {
        let ratio = (self.driven_m + PRIOR_DETOUR * PRIOR_STRAIGHT_M) / (self.straight_m + PRIOR_STRAIGHT_M);
        ratio.clamp(*DETOUR_RANGE.start(), *DETOUR_RANGE.end())
    }

    /// Driven metres a second over whole legs, all stops included; an average where little is known.
    pub fn pace_mps(&self) -> f64 {
        (self.driven_m + PRIOR_PACE_MPS * PRIOR_PACE_S) / (self.seconds + PRIOR_PACE_S)
    }

    /// Its numbers.
    pub const fn to_parts(&self) -> HistoryParts {
        HistoryParts { driven_m: self.driven_m, straight_m: self.straight_m, seconds: self.seconds }
    }

    /// The same history from its numbers.
    ///
    /// # Errors
    /// [`Invalid`] for numbers that no history has.
    pub fn from_parts(parts: HistoryParts) -> Result<Self, Invalid> {
        Ok(Self {
            driven_m: amount("driven_m", parts.driven_m)?,
            straight_m: amount("straight_m", parts.straight_m)?,
            seconds: amount("seconds", parts.seconds)?,
        })
    }
}
