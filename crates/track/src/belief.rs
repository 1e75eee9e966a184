//! Which fixes are believed. Decided by what came before only, so that it can be told at once.

use crate::fact::{Mark, MarkReason};
use crate::saved::{optional_time, point, time};
use crate::state::Fix;
use crate::{Rules, TrackFact};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use serde::{Deserialize, Serialize};

/// So near to 0° north, 0° east, in degrees, there is only a receiver without a fix: 11 m.
const NULL_ISLAND_DEG: f64 = 1e-4;

/// What was believed last, and what may yet turn out to be true.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Belief {
    pub(crate) last: Option<Fix>,
    /// When the one before was: with none, the last stands alone and may itself be the wrong one.
    #[serde(with = "optional_time")]
    before: Option<Timestamp>,
    /// The speed of the last step, metres a second.
    pace_mps: f64,
    suspect: Option<Suspect>,
}

/// Jumps that agree with each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Suspect {
    #[serde(with = "time")]
    since: Timestamp,
    #[serde(with = "time")]
    until: Timestamp,
    #[serde(with = "point")]
    point: Point,
    noise_m: f64,
    fixes: u32,
}

/// What a believed fix is to the one before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// The one believed before, if any.
    pub(crate) from: Option<Fix>,
    /// How far it is from there, metres.
    pub(crate) distance_m: f64,
    /// Nobody knows how it got here: the way between is no way.
    pub(crate) relocated: bool,
}

impl Belief {
    /// Judges a fix; `None` for one that is marked.
    pub(crate) fn judge(
        &mut self,
        fix: &Fix,
        accuracy_m: Option<f64>,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) -> Option<Step> {
        let thresholds = rules.thresholds();
        let mut mark = |reason| {
            facts.push(TrackFact::Marked(Mark { at: fix.at, reason }));
            None
        };
        if fix.point.latitude.get().abs() < NULL_ISLAND_DEG && fix.point.longitude.get().abs() < NULL_ISLAND_DEG {
            return mark(MarkReason::NullIsland);
        }
        if accuracy_m.is_some_and(|accuracy_m| accuracy_m > thresholds.max_accuracy_m) {
            return mark(MarkReason::Inaccurate);
        }
        let Some(last) = self.last else {
            self.last = Some(*fix);
            return Some(Step { from: None, distance_m: 0.0, relocated: false });
        };
        let step_m = distance_m(last.point, fix.point);
        let pace_mps = self.pace_mps.max(last.speed_kmh.unwrap_or(0.0) / 3.6);
        if step_m <= reach_m(&last, pace_mps, fix, rules) {
            if let Some(suspect) = self.suspect.take()
                && suspect.reaches(fix, rules)
                && distance_m(suspect.point, fix.point) < step_m
            {
                facts.push(TrackFact::Unmarked { from: suspect.since, until: suspect.until });
            }
            self.pace_mps = step_m / seconds(fix.at.ms_since(last.at));
            self.believe(fix);
            return Some(Step { from: Some(last), distance_m: step_m, relocated: false });
        }
        let suspect = match self.suspect.take().filter(|suspect| suspect.reaches(fix, rules)) {
            Some(suspect) => Suspect { since: suspect.since, fixes: suspect.fixes + 1, ..Suspect::first(fix) },
            None => Suspect::first(fix),
        };
        let lasted_ms = fix.at.ms_since(suspect.since);
        let alone = self.before.is_none();
        let enough = suspect.fixes >= thresholds.relocate_fixes
            && lasted_ms >= i64::from(thresholds.relocate_after_s) * 1000
            || alone && suspect.fixes >= 2;
        if !enough {
            self.suspect = Some(suspect);
            return mark(MarkReason::Jump);
        }
        if alone {
            facts.push(TrackFact::Marked(Mark { at: last.at, reason: MarkReason::Jump }));
        }
        facts.push(TrackFact::Unmarked { from: suspect.since, until: fix.at });
        self.pace_mps = 0.0;
        self.believe(fix);
        Some(Step { from: Some(last), distance_m: step_m, relocated: true })
    }

    fn believe(&mut self, fix: &Fix) {
        self.before = self.last.map(|last| last.at);
        self.last = Some(*fix);
    }
}

impl Suspect {
    fn first(fix: &Fix) -> Self {
        Self { since: fix.at, until: fix.at, point: fix.point, noise_m: fix.noise_m, fixes: 1 }
    }

    fn reaches(&self, fix: &Fix, rules: &Rules) -> bool {
        let here = Fix { at: self.until, point: self.point, speed_kmh: None, heading_deg: None, noise_m: self.noise_m };
        distance_m(self.point, fix.point) <= reach_m(&here, fix.speed_kmh.unwrap_or(0.0) / 3.6, fix, rules)
    }
}

/// How far a vehicle may have come: at the pace it had and accelerating all the way, but never faster than vehicles
/// are; and how far off both fixes may be.
fn reach_m(last: &Fix, pace_mps: f64, fix: &Fix, rules: &Rules) -> f64 {
    let thresholds = rules.thresholds();
    let time_s = seconds(fix.at.ms_since(last.at));
    let pace_mps = pace_mps.max(fix.speed_kmh.unwrap_or(0.0) / 3.6);
    let driven_m = pace_mps * time_s + thresholds.max_acceleration_mps2 * time_s * time_s / 2.0;
    let most_m = thresholds.max_speed_kmh / 3.6 * time_s;
    thresholds.jump_slack_m + 2.0 * (last.noise_m + fix.noise_m) + driven_m.min(most_m)
}

/// Milliseconds as seconds, a millisecond at least: to divide by.
pub(crate) fn seconds(ms: i64) -> f64 {
    ms.max(1) as f64 / 1000.0
}
