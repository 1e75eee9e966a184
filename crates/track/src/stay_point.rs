//! Stay points: where a vehicle stands, or would stand if it stood now.

use crate::Rules;
use crate::fix::Fix;
use crate::saved::{optional_point, point, time};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m, interpolate, interpolate_degrees};
use serde::{Deserialize, Serialize};

/// The mean follows about this many fixes; older ones fade. White noise of 15 m then moves it by less than 1 m.
pub(crate) const MEAN_OF_FIXES: u32 = 200;
/// A vehicle arrives at a stay point at least this fast, metres a second: walking speed.
const SLOWEST_ARRIVAL_MPS: f64 = 1.5;
/// Fewer fixes do not show the noise.
const NOISE_FIXES: u32 = 10;
/// The circle's radius in standard deviations of the noise: 1 fix in 3,000 of two-dimensional white noise lies outside.
const RADIUS_NOISES: f64 = 4.0;
/// Beyond this latitude, in degrees, a mean of longitudes is meaningless.
const POLAR_DEG: f64 = 85.0;

/// The mean of the fixes that lie within a circle round it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StayPoint {
    /// Place of the first fix. The distance driven is counted up to here.
    #[serde(with = "point")]
    pub(crate) first: Point,
    /// Mean of the fixes.
    #[serde(with = "point")]
    pub(crate) centre: Point,
    /// How many fixes the mean is made of, [`MEAN_OF_FIXES`] at most.
    pub(crate) fixes: u32,
    /// Mean square of the fixes' distances from the centre, square metres.
    spread_m2: f64,
    /// Time of the first fix.
    #[serde(with = "time")]
    pub(crate) since: Timestamp,
    /// Time of the last fix.
    #[serde(with = "time")]
    pub(crate) until: Timestamp,
    /// Speed with which the vehicle arrived at the first fix, metres a second.
    arrived_mps: f64,
    /// When the vehicle came to stand, once that is known: after `since` by the time from the first fix to the centre.
    #[serde(with = "time")]
    pub(crate) stood_since: Timestamp,
    /// The centre at the moment when it became a stop; `None` before.
    #[serde(with = "optional_point")]
    pub(crate) stood_at: Option<Point>,
}

impl StayPoint {
    /// A stay point of one fix.
    pub(crate) fn new(fix: &Fix, arrived_mps: f64) -> Self {
        Self {
            first: fix.point,
            centre: fix.point,
            fixes: 1,
            spread_m2: 0.0,
            since: fix.at,
            until: fix.at,
            arrived_mps,
            stood_since: fix.at,
            stood_at: None,
        }
    }

    /// Did the vehicle stay long enough for a stop?
    pub(crate) const fn stood(&self) -> bool {
        self.stood_at.is_some()
    }

    /// The time until which it is decided whether the vehicle drove or stood.
    pub(crate) const fn decided_until(&self) -> Timestamp {
        if self.stood() { self.stood_since } else { self.since }
    }

    /// Makes it a stop. Returns the distance from the first fix to where the vehicle stands, metres.
    pub(crate) fn stand(&mut self, noise_m: f64) -> f64 {
        self.stood_at = Some(self.centre);
        let way_m = distance_m(self.first, self.centre);
        if way_m <= noise_m {
            return 0.0;
        }
        let drive_ms = (way_m / self.arrived_mps.max(SLOWEST_ARRIVAL_MPS) * 1000.0) as i64;
        self.stood_since = self.since.plus_ms(drive_ms.min(self.until.ms_since(self.since) / 2));
        way_m
    }

    /// Adds a fix that lies `distance_m` from the centre.
    pub(crate) fn add(&mut self, fix: &Fix, distance_m: f64) {
        self.fixes = (self.fixes + 1).min(MEAN_OF_FIXES);
        let share = 1.0 / f64::from(self.fixes);
        self.centre = between(self.centre, fix.point, share);
        self.spread_m2 += (distance_m * distance_m - self.spread_m2) * share;
        self.until = fix.at;
    }

    /// Measured noise: one standard deviation along each axis. `None` while the fixes may differ because it drives.
    pub(crate) fn measured_noise_m(&self) -> Option<f64> {
        (self.stood() && self.fixes >= NOISE_FIXES).then(|| (self.spread_m2 / 2.0).sqrt())
    }

    /// A fix farther from the centre than this is outside.
    pub(crate) fn radius_m(fix: &Fix, rules: &Rules) -> f64 {
        let thresholds = rules.thresholds();
        (RADIUS_NOISES * fix.noise_m).clamp(thresholds.still_radius_min_m, thresholds.still_radius_max_m)
    }
}

/// The point at `share` of the line from one to the other, straight in degrees: cheap, and exact enough over metres.
fn between(from: Point, to: Point, share: f64) -> Point {
    let is_polar = from.latitude.get().abs() > POLAR_DEG;
    if is_polar { interpolate(from, to, share) } else { interpolate_degrees(from, to, share) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn the_mean_goes_the_short_way_over_the_antimeridian_and_near_a_pole() {
        for (from, to) in [((10.0, 179.9999), (10.0, -179.9999)), ((89.9999, 0.0), (89.9999, 90.0))] {
            let (from, to) = (Point::from_degrees(from.0, from.1).unwrap(), Point::from_degrees(to.0, to.1).unwrap());
            let (whole_m, half) = (distance_m(from, to), between(from, to, 0.5));
            assert!((distance_m(from, half) - whole_m / 2.0).abs() < 0.1, "{half:?}");
        }
    }
}
