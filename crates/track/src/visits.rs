//! Finds when a vehicle enters and leaves fences, in spite of noise.
//!
//! A driving vehicle is where its fix says, and between two fixes on the straight line. So every passage is found, with the
//! time and place of its crossings, also where no fix lies inside. A standing vehicle is where the mean of its fixes says;
//! once that mean is certain, fences are not checked again until the vehicle drives, so that noise causes no event.

mod fence_state;
mod probe;

use crate::fix::Fix;
use crate::motion::{Journey, Signals};
use crate::outlier_filter::Movement;
use crate::saved::{optional_point, optional_time, point, time};
use crate::{FenceId, Fences, Rules, TrackFact, Visit};
use fence_state::{FenceState, Found, PossibleCrossing};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use probe::Probe;
use serde::{Deserialize, Serialize};

/// Open visits of a vehicle. While there are this many, entering further fences is not noticed.
const MOST_OPEN: usize = 64;
/// The mean of this many fixes is certain: the vehicle stands there.
const CERTAIN_FIXES: u32 = 12;
/// The mean is off by less than this many of its own standard deviations.
const MEAN_NOISES: f64 = 3.5;
/// A vehicle that reports no speed drives if it moves by more than this many standard deviations of the noise.
const STEP_NOISES: f64 = 3.0;
/// The margin at a fence's edge is the noise, but within these multiples of the threshold `edge_margin_m`. What leads less far
/// over an edge and back than the smaller of them only touches it, whatever the noise.
const MARGIN_PARTS: std::ops::RangeInclusive<f64> = 0.5..=5.0;

/// The visits under way, and the place of the last check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Visits {
    #[serde(with = "optional_time")]
    at: Option<Timestamp>,
    #[serde(with = "optional_point")]
    place: Option<Point>,
    /// A fix outside of the stay point that was not checked, because it was not known whether the vehicle drives.
    skipped: Option<Skipped>,
    /// Start of the stay point whose mean is certain and was checked.
    #[serde(with = "optional_time", rename = "sure_since")]
    certain_since: Option<Timestamp>,
    open: Vec<Open>,
    /// Fences that the last fix lay in, but not deep enough to be certain.
    #[serde(rename = "leaning")]
    possible_entries: Vec<PossibleCrossing>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    /// As its last fact gave it.
    visit: Visit,
    max_speed_kmh: f64,
    /// When and where the vehicle left, if the last fix lay outside, but not far enough to be certain.
    #[serde(rename = "leaving")]
    possible_exit: Option<PossibleCrossing>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Skipped {
    #[serde(with = "time")]
    at: Timestamp,
    #[serde(with = "point")]
    point: Point,
}

impl Visits {
    /// The visits under way.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Visit> {
        self.open.iter().map(|open| &open.visit)
    }

    /// The lowest limit of the fences around and the vehicle's own; without any, the tenant's. km/h.
    pub(crate) fn speed_limit_kmh(&self, at: Timestamp, rules: &Rules, fences: &impl Fences) -> f64 {
        let own = rules.vehicle().speed_limit_kmh;
        let inside = self.open.iter().filter_map(|open| fences.speed_limit_kmh(open.visit.fence, at));
        inside.chain(own).min_by(f64::total_cmp).unwrap_or(rules.thresholds().speed_limit_kmh)
    }

    #[expect(clippy::too_many_arguments, reason = "a fix, what is known of it, and the fold's own three")]
    pub(crate) fn apply(
        &mut self,
        fix: &Fix,
        movement: Movement,
        signals: Signals,
        journey: &Journey,
        rules: &Rules,
        fences: &impl Fences,
        facts: &mut Vec<TrackFact>,
    ) {
        for probe in self.probes(fix, movement, signals, journey, rules, fences).into_iter().flatten() {
            self.compare(&probe, rules, facts);
        }
        for open in &mut self.open {
            open.max_speed_kmh = open.max_speed_kmh.max(signals.sure_kmh.unwrap_or(0.0));
            let visit = &mut open.visit;
            let inside_ms = fix.at.ms_since(visit.entered_at);
            if !visit.dwelt && fences.dwell_ms(visit.fence).is_some_and(|dwell_ms| inside_ms >= dwell_ms) {
                (visit.dwelt, visit.max_speed_kmh) = (true, open.max_speed_kmh);
                facts.push(TrackFact::VisitDwelt(*visit));
            }
        }
    }

    /// The places to check at this fix: none where only noise moved it, two where the fix before was skipped.
    fn probes<'a, F: Fences>(
        &mut self,
        fix: &Fix,
        movement: Movement,
        signals: Signals,
        journey: &Journey,
        rules: &Rules,
        fences: &'a F,
    ) -> [Option<Probe<'a, F>>; 2] {
        let thresholds = rules.thresholds();
        let stay = &journey.stay;
        let (least_m, most_m) =
            (thresholds.edge_margin_m * MARGIN_PARTS.start(), thresholds.edge_margin_m * MARGIN_PARTS.end());
        let last = self.at.zip(self.place);
        let new_stay = stay.since == fix.at;
        let drives = signals.drives
            || new_stay && movement.from.is_some() && (journey.trip.is_some() || movement.relocated)
            || journey.trip.is_some()
                && !stay.stood()
                && last.is_some_and(|(_, place)| distance_m(place, fix.point) > STEP_NOISES * fix.noise_m);
        // A fix outside of the stay point was noise if the vehicle is back there.
        let skipped = self.skipped.take().filter(|_| drives || new_stay);
        if !drives && stay.until != fix.at {
            self.skipped = Some(Skipped { at: fix.at, point: fix.point });
            return [None, None];
        }
        self.at = Some(fix.at);
        let (point, margin_m, touch_m) = if drives {
            self.certain_since = None;
            (fix.point, fix.noise_m.clamp(least_m, most_m), least_m)
        } else {
            if self.certain_since == Some(stay.since) {
                return [None, None];
            }
            if stay.fixes >= CERTAIN_FIXES {
                self.certain_since = Some(stay.since);
            }
            let margin_m = (MEAN_NOISES * fix.noise_m / f64::from(stay.fixes).sqrt()).max(least_m);
            (stay.centre, margin_m, margin_m)
        };
        self.place = Some(point);
        let probe = |from: Option<(Timestamp, Point)>, (at, point): (Timestamp, Point), relocated: bool| {
            let is_driven = !relocated
                && from.is_some_and(|(from_at, from)| {
                    at.ms_since(from_at) <= i64::from(thresholds.segment_max_s) * 1000
                        && distance_m(from, point) <= thresholds.segment_max_m
                });
            Some(Probe { from, is_driven, at, point, margin_m, touch_m, is_fix: drives, fences })
        };
        let (here, relocated) = ((fix.at, point), movement.relocated);
        match skipped.map(|skipped| (skipped.at, skipped.point)) {
            Some(skipped) => [probe(last, skipped, false), probe(Some(skipped), here, relocated)],
            None => [probe(last, here, relocated), None],
        }
    }

    /// Follows the vehicle to the place of a probe, in all fences that it may concern.
    fn compare<F: Fences>(&mut self, probe: &Probe<'_, F>, rules: &Rules, facts: &mut Vec<TrackFact>) {
        let margin_m = probe.margin_m.max(rules.thresholds().edge_margin_m);
        let before = std::mem::take(&mut self.possible_entries);
        // A bit for each open visit and each possible entry whose fence is near; there are `MOST_OPEN` of each at most.
        let (mut met, mut met_possible) = (0_u64, 0_u64);
        let (mut found, mut entered): (Vec<Found>, Vec<Open>) = (Vec::new(), Vec::new());
        let possible_entries = &mut self.possible_entries;
        let mut follow_entry = |fence: FenceId, possible: Option<PossibleCrossing>, edge_m: f64| {
            let mut state = FenceState { fence, visit: None, possible };
            state.follow(probe, edge_m, &mut found);
            match state.visit {
                Some(visit) => entered.push(Open { visit, max_speed_kmh: 0.0, possible_exit: state.possible }),
                None => possible_entries.extend(state.possible),
            }
        };
        probe.near(margin_m, &mut |fence| {
            if let Some(index) = self.open.iter().position(|open| open.visit.fence == fence) {
                met |= 1 << index;
                return;
            }
            let index = before.iter().position(|possible| possible.fence == fence);
            met_possible |= index.map_or(0, |index| 1 << index);
            follow_entry(fence, index.map(|index| before[index]), probe.edge_m(fence));
        });
        for (_, possible) in before.iter().enumerate().filter(|(index, _)| met_possible & (1 << index) == 0) {
            follow_entry(possible.fence, Some(*possible), f64::INFINITY);
        }
        let mut index = 0;
        self.open.retain_mut(|open| {
            debug_assert!(index < MOST_OPEN, "no more are ever opened");
            let is_near = met & (1 << index) != 0;
            index += 1;
            let edge_m = if is_near { probe.edge_m(open.visit.fence) } else { f64::INFINITY };
            let possible = open.follow(probe, edge_m, &mut found);
            self.possible_entries.extend(possible);
            !is_over(&open.visit)
        });
        entered.sort_by_key(|open| (open.visit.entered_at, open.visit.fence));
        let surplus = entered.split_off(entered.len().min(MOST_OPEN - self.open.len()));
        self.open.extend(entered);
        for open in surplus {
            found.retain(|(_, _, fact)| *fact != TrackFact::VisitBegan(open.visit));
        }
        found.sort_by_key(|&(at, fence, _)| (at, fence));
        facts.extend(found.into_iter().map(|(_, _, fact)| fact));
        self.possible_entries.sort_by_key(|possible| possible.fence);
        self.possible_entries.truncate(MOST_OPEN);
    }
}

impl Open {
    /// Follows the line of a probe. If the visit ended, it has an end afterwards; returns where the vehicle may have entered
    /// again since.
    fn follow<F: Fences>(
        &mut self,
        probe: &Probe<'_, F>,
        edge_m: f64,
        found: &mut Vec<Found>,
    ) -> Option<PossibleCrossing> {
        let known = Visit { max_speed_kmh: self.max_speed_kmh, ..self.visit };
        let (fence, possible) = (known.fence, self.possible_exit.take());
        let mut state = FenceState { fence, visit: Some(known), possible };
        state.follow(probe, edge_m, found);
        match state.visit {
            Some(visit) => {
                if visit != known {
                    (self.visit, self.max_speed_kmh) = (visit, 0.0);
                }
                self.possible_exit = state.possible;
                None
            }
            None => {
                self.visit.left_at = Some(probe.at);
                state.possible
            }
        }
    }
}

fn is_over(visit: &Visit) -> bool {
    visit.left_at.is_some()
}
