//! Finds when a vehicle enters and leaves fences, in spite of noise.
//!
//! A driving vehicle is where its fix says. The straight line from the fix before is checked too, so that a fence between
//! two fixes is found. A standing vehicle is where the mean of its fixes says; once that mean is certain, fences are not
//! checked again until the vehicle drives, so that noise causes no event.

mod probe;

use crate::fix::Fix;
use crate::motion::{Journey, Signals};
use crate::outlier_filter::Movement;
use crate::saved::{optional_point, optional_time, point, time};
use crate::{Fences, Rules, TrackFact, Visit};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use probe::{Entry, PossibleCrossing, Probe};
use serde::{Deserialize, Serialize};

/// Open visits of a vehicle. While there are this many, entering further fences is not noticed.
const MOST_OPEN: usize = 64;
/// The mean of this many fixes is certain: the vehicle stands there.
const CERTAIN_FIXES: u32 = 12;
/// The mean is off by less than this many of its own standard deviations.
const MEAN_NOISES: f64 = 3.5;
/// A vehicle that reports no speed drives if it moves by more than this many standard deviations of the noise.
const STEP_NOISES: f64 = 3.0;
/// The margin at a fence's edge is the noise, but within these multiples of the threshold `edge_margin_m`.
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
            open.max_speed_kmh = open.max_speed_kmh.max(signals.speed_kmh.unwrap_or(0.0));
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
        let skipped = self.skipped.take().filter(|_| !movement.relocated);
        if drives {
            (self.at, self.place, self.certain_since) = (Some(fix.at), Some(fix.point), None);
            let margin_m = fix.noise_m.clamp(least_m, most_m);
            let probe = |from: Option<(Timestamp, Point)>, at: Timestamp, point: Point| {
                let within = |&(from_at, from): &(Timestamp, Point)| {
                    !movement.relocated
                        && at.ms_since(from_at) <= i64::from(thresholds.segment_max_s) * 1000
                        && distance_m(from, point) <= thresholds.segment_max_m
                };
                Some(Probe { from: from.filter(within), at, point, margin_m, is_fix: true, fences })
            };
            return match skipped {
                Some(Skipped { at, point }) => [probe(last, at, point), probe(Some((at, point)), fix.at, fix.point)],
                None => [probe(last, fix.at, fix.point), None],
            };
        }
        if stay.until != fix.at {
            self.skipped = Some(Skipped { at: fix.at, point: fix.point });
            return [None, None];
        }
        // The vehicle is still where it was checked last: the next line begins now, not hours ago.
        self.at = Some(fix.at);
        if self.certain_since == Some(stay.since) {
            return [None, None];
        }
        if stay.fixes >= CERTAIN_FIXES {
            self.certain_since = Some(stay.since);
        }
        self.place = Some(stay.centre);
        let margin_m = (MEAN_NOISES * fix.noise_m / f64::from(stay.fixes).sqrt()).max(least_m);
        [Some(Probe { from: None, at: fix.at, point: stay.centre, margin_m, is_fix: false, fences }), None]
    }

    fn compare<F: Fences>(&mut self, probe: &Probe<'_, F>, rules: &Rules, facts: &mut Vec<TrackFact>) {
        let margin_m = probe.margin_m.max(rules.thresholds().edge_margin_m);
        let possible_entries = std::mem::take(&mut self.possible_entries);
        // A bit for each open visit whose fence is near; there are `MOST_OPEN` at most.
        let (mut met, mut entered) = (0_u64, Vec::new());
        let from = probe.from.map(|(_, point)| point);
        probe.fences.near(from, probe.point, margin_m, &mut |fence| {
            let edge_m = probe.fences.edge_distance_m(fence, probe.point, probe.margin_m);
            if let Some(index) = self.open.iter().position(|open| open.visit.fence == fence) {
                met |= 1 << index;
                self.open[index].stay(edge_m, probe);
            } else {
                let before = possible_entries.iter().find(|possible| possible.fence == fence);
                match probe.enter(fence, edge_m, before) {
                    Entry::Certain(visit) => entered.push(visit),
                    Entry::Possible(crossing) => self.possible_entries.push(crossing),
                    Entry::None => {}
                }
            }
        });
        for (index, open) in self.open.iter_mut().enumerate().filter(|(index, _)| met & (1 << index) == 0) {
            debug_assert!(index < MOST_OPEN, "no more are ever opened");
            open.visit.left_at = Some(probe.at);
            open.visit.left = Some(probe.point);
        }
        let visits = self.open.iter().map(|open| Visit { max_speed_kmh: open.max_speed_kmh, ..open.visit });
        facts.extend(visits.filter(is_over).map(TrackFact::VisitEnded));
        self.open.retain(|open| !is_over(&open.visit));
        entered.sort_by_key(|visit: &Visit| (visit.entered_at, visit.fence));
        for visit in entered {
            if is_over(&visit) {
                facts.push(TrackFact::VisitBegan(Visit { left_at: None, left: None, ..visit }));
                facts.push(TrackFact::VisitEnded(visit));
            } else if self.open.len() < MOST_OPEN {
                facts.push(TrackFact::VisitBegan(visit));
                self.open.push(Open { visit, max_speed_kmh: 0.0, possible_exit: None });
            }
        }
        self.possible_entries.sort_by_key(|possible| possible.fence);
        self.possible_entries.truncate(MOST_OPEN);
    }
}

impl Open {
    /// Ends the visit if the vehicle is outside by the margin, or for the second time in a row.
    fn stay<F: Fences>(&mut self, edge_m: f64, probe: &Probe<'_, F>) {
        if edge_m < 0.0 {
            self.possible_exit = None;
            return;
        }
        let fence = self.visit.fence;
        let exit = self.possible_exit.take().unwrap_or_else(|| {
            let (at, point) = probe.place(probe.part_inside(fence).map_or(1.0, |(_, end)| end));
            PossibleCrossing { fence, at, point }
        });
        if edge_m >= probe.margin_m
            || probe.is_fix && exit.at < probe.at && probe.from.is_some_and(|(at, _)| exit.at <= at)
        {
            // Rounding of the fractions must not put the exit before the entry.
            self.visit.left_at = Some(exit.at.max(self.visit.entered_at));
            self.visit.left = Some(exit.point);
        } else {
            self.possible_exit = Some(exit);
        }
    }
}

fn is_over(visit: &Visit) -> bool {
    visit.left_at.is_some()
}
