//! The outlier filter: decides which fixes count. Trips and arrival estimates use the same one.
//!
//! It looks only at what came before a fix, so that its answer is known at once.

use crate::Thresholds;
use crate::fact::{Outlier, OutlierReason, TrackFact};
use crate::fix::{Fix, seconds};
use crate::saved::{optional_time, point, time};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use serde::{Deserialize, Serialize};

/// A fix this near to 0° north, 0° east comes from a receiver without a position, degrees: 11 m.
const NULL_ISLAND_DEG: f64 = 1e-4;

/// The last accepted fix, and the jumps that may yet turn out to be a relocation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct OutlierFilter {
    pub(crate) last: Option<Fix>,
    /// Time of the accepted fix before the last. Without one, the last has no support and may itself be the outlier.
    #[serde(with = "optional_time", rename = "before")]
    previous_at: Option<Timestamp>,
    /// Average speed between the last two accepted fixes, metres a second.
    #[serde(rename = "pace_mps")]
    speed_mps: f64,
    #[serde(rename = "suspect")]
    candidate: Option<Candidate>,
}

/// Jumps that agree with each other, and so may be a relocation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Candidate {
    /// Time of the first jump.
    #[serde(with = "time")]
    since: Timestamp,
    /// Time of the newest jump.
    #[serde(with = "time")]
    until: Timestamp,
    /// Place of the newest jump.
    #[serde(with = "point")]
    point: Point,
    noise_m: f64,
    fixes: u32,
}

/// How an accepted fix follows from the accepted fix before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Movement {
    /// The accepted fix before; `None` for the first.
    pub(crate) from: Option<Fix>,
    /// Great-circle distance from there, metres.
    pub(crate) distance_m: f64,
    /// The vehicle was found again at another place; nobody knows the path between.
    pub(crate) relocated: bool,
}

/// Why a fix is unusable whatever came before it, if it is.
pub(crate) fn unusable(fix: &Fix, accuracy_m: Option<f64>, thresholds: &Thresholds) -> Option<OutlierReason> {
    let (latitude, longitude) = (fix.point.latitude.get(), fix.point.longitude.get());
    if latitude.abs() < NULL_ISLAND_DEG && longitude.abs() < NULL_ISLAND_DEG {
        return Some(OutlierReason::NullIsland);
    }
    accuracy_m.filter(|&accuracy_m| accuracy_m > thresholds.max_accuracy_m).map(|_| OutlierReason::Inaccurate)
}

impl OutlierFilter {
    /// Takes a fix that is newer than the last accepted one. `None` for a jump, which changes nothing but the candidate.
    /// Calls `report` with each outlier that is found or cleared.
    pub(crate) fn accept(
        &mut self,
        fix: &Fix,
        thresholds: &Thresholds,
        mut report: impl FnMut(TrackFact),
    ) -> Option<Movement> {
        let Some(last) = self.last else {
            self.last = Some(*fix);
            return Some(Movement { from: None, distance_m: 0.0, relocated: false });
        };
        let step_m = distance_m(last.point, fix.point);
        let speed_mps = self.speed_mps.max(last.speed_kmh.unwrap_or(0.0) / 3.6);
        if step_m <= reach_m(&last, speed_mps, fix, thresholds) {
            if let Some(candidate) = self.candidate.take()
                && candidate.agrees_with(fix, thresholds)
                && distance_m(candidate.point, fix.point) < step_m
            {
                report(TrackFact::OutliersCleared { from: candidate.since, until: candidate.until });
            }
            self.follow(fix, step_m / fix.seconds_since(last.at));
            return Some(Movement { from: Some(last), distance_m: step_m, relocated: false });
        }
        let candidate = match self.candidate.take().filter(|candidate| candidate.agrees_with(fix, thresholds)) {
            Some(before) => Candidate { since: before.since, fixes: before.fixes + 1, ..Candidate::first(fix) },
            None => Candidate::first(fix),
        };
        let lasted_ms = fix.at.ms_since(candidate.since);
        let last_is_alone = self.previous_at.is_none();
        let is_relocation = candidate.fixes >= thresholds.relocate_fixes
            && lasted_ms >= i64::from(thresholds.relocate_after_s) * 1000
            || last_is_alone && candidate.fixes >= 2;
        if !is_relocation {
            self.candidate = Some(candidate);
            report(TrackFact::OutlierFound(Outlier { at: fix.at, reason: OutlierReason::Jump }));
            return None;
        }
        if last_is_alone {
            report(TrackFact::OutlierFound(Outlier { at: last.at, reason: OutlierReason::Jump }));
        }
        report(TrackFact::OutliersCleared { from: candidate.since, until: fix.at });
        self.follow(fix, 0.0);
        Some(Movement { from: Some(last), distance_m: step_m, relocated: true })
    }

    fn follow(&mut self, fix: &Fix, speed_mps: f64) {
        self.previous_at = self.last.map(|last| last.at);
        (self.last, self.speed_mps) = (Some(*fix), speed_mps);
    }
}

impl Candidate {
    fn first(fix: &Fix) -> Self {
        Self { since: fix.at, until: fix.at, point: fix.point, noise_m: fix.noise_m, fixes: 1 }
    }

    /// Could a vehicle have come from the newest jump to the fix?
    fn agrees_with(&self, fix: &Fix, thresholds: &Thresholds) -> bool {
        let here = Fix { noise_m: self.noise_m, ..Fix::new(self.point, self.until) };
        let speed_mps = fix.speed_kmh.unwrap_or(0.0) / 3.6;
        distance_m(self.point, fix.point) <= reach_m(&here, speed_mps, fix, thresholds)
    }
}

/// How far from `last` the fix may lie. The vehicle had `speed_mps` and may have accelerated all the time, but drives at
/// most at the highest speed; and both fixes may be off.
fn reach_m(last: &Fix, speed_mps: f64, fix: &Fix, thresholds: &Thresholds) -> f64 {
    let time_s = seconds(fix.at.ms_since(last.at));
    let speed_mps = speed_mps.max(fix.speed_kmh.unwrap_or(0.0) / 3.6);
    let driven_m = speed_mps * time_s + thresholds.max_acceleration_mps2 * time_s * time_s / 2.0;
    let most_m = thresholds.max_speed_kmh / 3.6 * time_s;
    thresholds.jump_slack_m + 2.0 * (last.noise_m + fix.noise_m) + driven_m.min(most_m)
}
