//! The outlier filter: decides which positions count, and which of the others are held to be wrong. The fold, the committer
//! (what is published) and arrival estimates use the same one.
//!
//! It looks only at what came before a fix, so that its answer is known at once.

use crate::Thresholds;
use crate::fact::{Outlier, OutlierReason, TrackFact};
use crate::fix::{ACCURACY_NOISES, Fix, seconds};
use crate::saved::{optional_time, point, time};
use milepost_domain::{Position, Timestamp};
use milepost_geo::{Point, distance_m};
use serde::{Deserialize, Serialize};

/// A fix this near to 0° north, 0° east comes from a receiver without a position, degrees: 11 m.
const NULL_ISLAND_DEG: f64 = 1e-4;
/// A vehicle that was this near to 0° north, 0° east may come there, metres: no land is within hundreds of kilometres.
const NULL_ISLAND_WATERS_M: f64 = 20_000.0;
/// A claimed accuracy above this counts as this when a jump is judged, metres.
const WORST_ACCURACY_M: f64 = 10_000.0;

/// How far off the times of fixes may be, seconds. A jump that so much driving explains is doubtful, and not wrong.
pub(crate) const STAMP_SLACK_S: f64 = 30.0;
/// The same for fixes that have no time of their own: a phone without a network sends all that it kept at once.
pub(crate) const ARRIVAL_SLACK_S: f64 = 300.0;

/// The last accepted fix, and the jumps that may yet turn out to be a relocation.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct OutlierFilter {
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
    /// Reported speed of the newest jump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed_kmh: Option<f64>,
    fixes: u32,
    /// The first jump was to 0° north, 0° east.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    null_island: bool,
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

/// What the filter makes of a fix.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verdict {
    /// It counts.
    Used(Movement),
    /// It does not.
    Outlier(OutlierReason),
}

/// What is known of a fix beside its place and time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claims {
    /// The accuracy that the device claims, metres.
    pub(crate) accuracy_m: Option<f64>,
    /// How far off its time may be, seconds.
    pub(crate) stamp_s: f64,
}

/// Is this the place of receivers that have no position?
pub fn is_null_island(point: Point) -> bool {
    point.latitude.get().abs() < NULL_ISLAND_DEG && point.longitude.get().abs() < NULL_ISLAND_DEG
}

/// Is this so near to null island that somebody who goes there may be at it?
pub fn is_near_null_island(point: Point) -> bool {
    Point::from_degrees(0.0, 0.0).is_ok_and(|null| distance_m(null, point) <= NULL_ISLAND_WATERS_M)
}

impl OutlierFilter {
    /// A filter whose last accepted fix is `place`. `speed_mps` is the average speed with which the vehicle came there;
    /// `None` if no fix before supports the place.
    pub fn resume(place: Option<&Position>, speed_mps: Option<f64>) -> Self {
        let last = place.map(|place| Fix::of_position(place, None, &Thresholds::DEFAULT));
        let previous_at = last.filter(|_| speed_mps.is_some()).map(|last| last.at);
        Self { last, previous_at, speed_mps: speed_mps.unwrap_or(0.0), candidate: None }
    }

    /// What [`Self::resume`] needs beside the place; `None` if the filter knows more than that.
    pub fn resumable(&self, place: Option<&Position>) -> Option<Option<f64>> {
        let is_at_place = self.last.map(|last| last.at) == place.map(|place| place.at);
        let speed_mps = self.previous_at.map(|_| self.speed_mps);
        (is_at_place && self.candidate.is_none()).then_some(speed_mps)
    }

    /// The time of the newest fix that it knows. It judges newer ones.
    pub fn newest_at(&self) -> Option<Timestamp> {
        let known = [self.last.map(|last| last.at), self.candidate.map(|candidate| candidate.until)];
        known.into_iter().flatten().max()
    }

    /// Judges a position that is newer than all before: the reason why it is an outlier, if it is. The position is the
    /// vehicle's place unless that reason [says that it is wrong](OutlierReason::is_wrong).
    pub fn judge(&mut self, position: &Position, thresholds: &Thresholds) -> Option<OutlierReason> {
        let fix = Fix::of_position(position, None, thresholds);
        match self.accept(&fix, Claims::of(position), thresholds, &mut |_| {}) {
            Verdict::Used(_) => None,
            Verdict::Outlier(reason) => Some(reason),
        }
    }

    /// Takes a fix that is newer than all before. An outlier changes nothing but the candidate. Calls `report` with each
    /// outlier that is found or cleared.
    pub(crate) fn accept(
        &mut self,
        fix: &Fix,
        claims: Claims,
        thresholds: &Thresholds,
        report: &mut impl FnMut(TrackFact),
    ) -> Verdict {
        let is_coarse = claims.accuracy_m.is_some_and(|accuracy_m| accuracy_m > thresholds.max_accuracy_m);
        let coarse_m = claims.accuracy_m.filter(|_| is_coarse).map(|m| m.min(WORST_ACCURACY_M) / ACCURACY_NOISES);
        let fix = &Fix { noise_m: coarse_m.unwrap_or(fix.noise_m), ..*fix };
        let step = self.last.map(|last| (last, distance_m(last.point, fix.point)));
        let step_m = step.map(|(_, step_m)| step_m);
        let is_null = is_null_island(fix.point) && step_m.is_none_or(|step_m| step_m > NULL_ISLAND_WATERS_M);
        let reach_m = self.last.map(|last| reach_m(&last, self.speed_mps, fix, thresholds));
        if !is_null && step_m <= reach_m {
            return if is_coarse {
                found(fix, OutlierReason::Inaccurate, report)
            } else {
                self.follow(fix, step, thresholds, report)
            };
        }
        let explained_m = reach_m.map(|reach_m| reach_m + thresholds.max_speed_kmh / 3.6 * claims.stamp_s);
        let is_doubtful = !is_null && step_m <= explained_m;
        if is_doubtful && is_coarse {
            return found(fix, OutlierReason::Inaccurate, report);
        }
        let stamp_s = if is_doubtful { 0.0 } else { claims.stamp_s };
        let agreeing = self.candidate.filter(|candidate| candidate.agrees_with(fix, stamp_s, thresholds));
        // A receiver without a position repeats the same place, and may do so between true fixes.
        if is_null && self.candidate.is_some_and(|candidate| candidate.point == fix.point || agreeing.is_none()) {
            return found(fix, OutlierReason::NullIsland, report);
        }
        let candidate = agreeing.map_or(Candidate::first(fix), |before| before.with(fix));
        self.candidate = Some(candidate);
        let jump = if is_doubtful { OutlierReason::Doubtful } else { OutlierReason::Jump };
        let lasted_ms = fix.at.ms_since(candidate.since);
        let last_is_alone = self.last.is_some() && self.previous_at.is_none();
        let is_confirmed = candidate.fixes >= thresholds.relocate_fixes
            && (!is_doubtful || lasted_ms >= i64::from(thresholds.relocate_after_s) * 1000);
        let is_preferred = last_is_alone && candidate.fixes >= 2 && !is_null;
        if !is_confirmed && !is_preferred {
            let reason = match (is_null, last_is_alone) {
                (true, _) => OutlierReason::NullIsland,
                // Nobody knows yet which of both is wrong.
                (_, true) => OutlierReason::Doubtful,
                (_, false) => jump,
            };
            return found(fix, reason, report);
        }
        let cleared = candidate.cleared(fix.at);
        if is_coarse {
            // The vehicle may be there, but no distance begins at such a place.
            report(cleared);
            return found(fix, OutlierReason::Inaccurate, report);
        }
        if let Some(last) = self.last.filter(|_| last_is_alone) {
            report(TrackFact::OutlierFound(Outlier { at: last.at, reason: jump }));
        }
        report(cleared);
        let from = self.last;
        self.advance(fix, 0.0);
        Verdict::Used(Movement { from, distance_m: step_m.unwrap_or(0.0), relocated: from.is_some() })
    }

    /// Accepts a fix that the vehicle can have come to, with the last accepted fix and the metres from there.
    fn follow(
        &mut self,
        fix: &Fix,
        step: Option<(Fix, f64)>,
        thresholds: &Thresholds,
        report: &mut impl FnMut(TrackFact),
    ) -> Verdict {
        let candidate = self.candidate.take();
        let Some((last, step_m)) = step else {
            self.last = Some(*fix);
            return Verdict::Used(Movement { from: None, distance_m: 0.0, relocated: false });
        };
        if let Some(candidate) = candidate
            && candidate.agrees_with(fix, 0.0, thresholds)
            && distance_m(candidate.point, fix.point) < step_m
        {
            report(candidate.cleared(candidate.until));
        }
        self.advance(fix, step_m / fix.seconds_since(last.at));
        Verdict::Used(Movement { from: Some(last), distance_m: step_m, relocated: false })
    }

    fn advance(&mut self, fix: &Fix, speed_mps: f64) {
        (self.previous_at, self.candidate) = (self.last.map(|last| last.at), None);
        (self.last, self.speed_mps) = (Some(*fix), speed_mps);
    }
}

fn found(fix: &Fix, reason: OutlierReason, report: &mut impl FnMut(TrackFact)) -> Verdict {
    report(TrackFact::OutlierFound(Outlier { at: fix.at, reason }));
    Verdict::Outlier(reason)
}

impl Claims {
    pub(crate) fn of(position: &Position) -> Self {
        Self { accuracy_m: position.accuracy.map(|accuracy| accuracy.get()), stamp_s: STAMP_SLACK_S }
    }
}

impl Candidate {
    fn first(fix: &Fix) -> Self {
        Self {
            since: fix.at,
            until: fix.at,
            point: fix.point,
            noise_m: fix.noise_m,
            speed_kmh: fix.speed_kmh,
            fixes: 1,
            null_island: is_null_island(fix.point),
        }
    }

    /// The next jump that agrees.
    fn with(self, fix: &Fix) -> Self {
        let Self { since, fixes, null_island, .. } = self;
        Self { since, fixes: fixes.saturating_add(1), null_island, ..Self::first(fix) }
    }

    /// Could a vehicle have come from the newest jump to the fix, if times are this far off?
    fn agrees_with(&self, fix: &Fix, stamp_s: f64, thresholds: &Thresholds) -> bool {
        let here = Fix { noise_m: self.noise_m, speed_kmh: self.speed_kmh, ..Fix::new(self.point, self.until) };
        let slack_m = thresholds.max_speed_kmh / 3.6 * stamp_s;
        distance_m(self.point, fix.point) <= reach_m(&here, 0.0, fix, thresholds) + slack_m
    }

    const fn cleared(&self, until: Timestamp) -> TrackFact {
        TrackFact::OutliersCleared { from: self.since, until, null_island: self.null_island }
    }
}

/// How far from `last` the fix may lie. The vehicle had `speed_mps` and may have accelerated all the time, but drives at
/// most at the highest speed, or at the one that the device reported at both ends; and both fixes may be off.
fn reach_m(last: &Fix, speed_mps: f64, fix: &Fix, thresholds: &Thresholds) -> f64 {
    let time_s = seconds(fix.at.ms_since(last.at));
    let (from_kmh, to_kmh) = (last.speed_kmh.unwrap_or(0.0), fix.speed_kmh.unwrap_or(0.0));
    let most_kmh = thresholds.max_speed_kmh.max(from_kmh.min(to_kmh));
    // A reported speed above that is no speed.
    let reported = |kmh: f64| if kmh <= most_kmh { kmh / 3.6 } else { 0.0 };
    let speed_mps = speed_mps.max(reported(from_kmh)).max(reported(to_kmh));
    let driven_m = speed_mps * time_s + thresholds.max_acceleration_mps2 * time_s * time_s / 2.0;
    thresholds.jump_slack_m + 2.0 * (last.noise_m + fix.noise_m) + driven_m.min(most_kmh / 3.6 * time_s)
}
