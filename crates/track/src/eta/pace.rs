//! A rider's recent pace, folded from its fixes one by one.

use crate::outlier_filter::OutlierFilter;
use crate::{Fix, Thresholds};
use milepost_geo::{distance_m, interpolate};

/// A step counts when it leads this far from the anchor, metres: a standing receiver wanders by 15 m and more.
const STEP_M: f64 = 50.0;
/// A slower step counts as standing: a walk to a door, a parking place. Metres a second.
const SLOW_MPS: f64 = 2.0;
/// The first minute of standing is part of the drive (a traffic light, a bus stop). Standing after that is a separate stop.
const STANDING_COUNTS_S: f64 = 60.0;
/// By this part of the distance, a fix near a parked vehicle's place draws that place to itself.
const PARKED_PULL: f64 = 0.125;
/// Driving this long ago is weighted by 1/e.
const MEMORY_S: f64 = 600.0;
/// After a longer silence the path between is unknown and says nothing about the pace.
const GAP_S: f64 = 300.0;
/// The prior pace weighs as much as this many seconds of driving.
const PRIOR_S: f64 = 600.0;
/// From this many weighted seconds on, the pace counts as known.
const KNOWN_S: f64 = 30.0;

/// The outlier filter's thresholds. Three jumps that agree are a relocation at once: a trip can wait a minute for more
/// fixes, but an estimate is out of date after 90 seconds.
const THRESHOLDS: Thresholds = Thresholds { relocate_after_s: 0, ..Thresholds::DEFAULT };

/// A rider's recent pace, stops of up to a minute included. Constant in size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    filter: OutlierFilter,
    /// The newest accepted fix.
    last: Fix,
    /// The last fix that was [`STEP_M`] from the anchor before it. Never newer than `last`.
    anchor: Fix,
    /// Metres of the last minutes, weighted by age.
    moved_m: f64,
    /// Seconds of the last minutes, weighted by age.
    moved_s: f64,
    /// How long the rider has been standing.
    standing_s: f64,
    driven_m: f64,
}

/// The driving that a fix adds to a rider's pace.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Counted {
    pub(super) metres: f64,
    pub(super) seconds: f64,
}

impl Pace {
    /// From the first fix.
    pub fn start(first: Fix) -> Self {
        let mut filter = OutlierFilter::default();
        filter.accept(&first, &THRESHOLDS, |_| {});
        Self { filter, last: first, anchor: first, moved_m: 0.0, moved_s: 0.0, standing_s: 0.0, driven_m: 0.0 }
    }

    /// Applies the next fix. A fix that is not newer than the last, and an outlier, change nothing else.
    pub fn note(&mut self, fix: Fix) {
        self.count(fix);
    }

    /// As [`Pace::note`], and returns what the fix added to the sums.
    pub(super) fn count(&mut self, fix: Fix) -> Counted {
        let elapsed_s = seconds_between(self.last, fix);
        if elapsed_s <= 0.0 {
            return Counted::default();
        }
        let Some(movement) = self.filter.accept(&fix, &THRESHOLDS, |_| {}) else { return Counted::default() };
        if movement.relocated {
            *self = Self { last: fix, anchor: fix, standing_s: 0.0, ..*self };
            return Counted::default();
        }
        let before = std::mem::replace(&mut self.last, fix);
        let weight = (-elapsed_s / MEMORY_S).exp();
        self.moved_m *= weight;
        self.moved_s *= weight;
        let mut step_m = distance_m(self.anchor.point, fix.point);
        let far = step_m >= STEP_M;
        let parked = self.standing_s >= STANDING_COUNTS_S && elapsed_s <= GAP_S;
        if parked && !(far && self.anchor.at == before.at) {
            // A single far fix may be noise or a start. The anchor takes its time, so that a second far fix in a row is
            // recognised as a start. The mean of near fixes is a better anchor than any one of them.
            self.standing_s += elapsed_s;
            if far {
                self.anchor.at = fix.at;
            } else {
                self.anchor.point = interpolate(self.anchor.point, fix.point, PARKED_PULL);
            }
            return Counted::default();
        }
        if far {
            self.driven_m += step_m;
        }
        if parked {
            step_m = distance_m(before.point, fix.point);
        }
        let mut counted = Counted::default();
        if elapsed_s > GAP_S {
            self.standing_s = 0.0;
        } else if far && step_m >= SLOW_MPS * seconds_between(self.anchor, fix) {
            counted = Counted { metres: step_m, seconds: elapsed_s };
            self.standing_s = 0.0;
        } else {
            counted.seconds = elapsed_s.min((STANDING_COUNTS_S - self.standing_s).max(0.0));
            self.standing_s += elapsed_s;
        }
        self.moved_m += counted.metres;
        self.moved_s += counted.seconds;
        if far {
            self.anchor = fix;
        }
        counted
    }

    /// The newest accepted fix.
    pub const fn last_fix(&self) -> Fix {
        self.last
    }

    /// Metres driven since the first fix, without noise and jumps. Never decreases.
    pub const fn driven_m(&self) -> f64 {
        self.driven_m
    }

    /// Whether enough is known for the rider's own pace, beside the prior.
    pub(super) fn is_known(&self) -> bool {
        self.moved_s >= KNOWN_S
    }

    /// Metres a second over the last minutes; close to `prior_mps` where little is known.
    pub(super) fn speed_mps(&self, prior_mps: f64) -> f64 {
        (self.moved_m + prior_mps * PRIOR_S) / (self.moved_s + PRIOR_S)
    }
}

pub(super) fn seconds_between(earlier: Fix, later: Fix) -> f64 {
    later.at.ms_since(earlier.at) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;
    use milepost_domain::{HeadingDeg, Timestamp};
    use milepost_geo::{Point, destination};

    fn fix(seconds: f64, north_m: f64) -> Fix {
        let place = Point::from_degrees(5.5, 0.0).unwrap();
        let at = Timestamp::from_unix_ms(1_704_067_800_000 + (seconds * 1000.0) as i64).unwrap();
        Fix::new(destination(place, HeadingDeg::new(0.0).unwrap(), north_m), at)
    }

    #[test]
    fn a_parked_vehicle_that_leaves_is_accepted_at_the_second_fix() {
        let mut pace = Pace::start(fix(0.0, 0.0));
        for time in (5..=600).step_by(5).map(f64::from) {
            pace.note(fix(time, time * 10.0));
        }
        for time in (605..=1800).step_by(5).map(f64::from) {
            pace.note(fix(time, 6000.0));
        }
        let (parked_m, moved_m) = (pace.driven_m(), pace.moved_m);
        pace.note(fix(1805.0, 6060.0));
        assert_eq!(pace.driven_m(), parked_m);
        pace.note(fix(1810.0, 6120.0));
        assert!((pace.driven_m() - parked_m - 120.0).abs() < 1.0, "{} {parked_m}", pace.driven_m());
        let counted_m = pace.moved_m - moved_m * (-10.0_f64 / 600.0).exp();
        assert!((counted_m - 60.0).abs() < 1.0, "the pace counts the metres of the seconds it counts: {counted_m}");
    }
}
