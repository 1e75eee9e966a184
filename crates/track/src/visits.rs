//! Coming into fences and leaving them, told from noise.
//!
//! A vehicle that drives is where its fix says, and the straight way from the last one is looked at, so that a fence
//! between two fixes is seen. One that stands is where the mean of its fixes says, and once that is sure it is not
//! asked again until it drives: no noise makes an event.

use crate::belief::Step;
use crate::motion::{Journey, Seen};
use crate::saved::{optional_point, optional_time, point, time};
use crate::state::Fix;
use crate::{FenceId, Fences, Rules, TrackFact, Visit};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m, interpolate};
use serde::{Deserialize, Serialize};

/// A vehicle is inside of not more fences than this at a time; further ones are not told.
const MOST_OPEN: usize = 64;
/// The mean of so many fixes is sure enough of where a vehicle stands.
const SURE_FIXES: u32 = 12;
/// A mean is off by less than so many of its own standard deviations.
const MEAN_NOISES: f64 = 3.5;
/// Without a told speed, a step of so many noises is driving.
const STEP_NOISES: f64 = 3.0;
/// The margin at a fence's edge is held in these parts of the rule's.
const MARGIN_PARTS: std::ops::RangeInclusive<f64> = 0.5..=5.0;

/// The fences that a vehicle is inside of, and the last place that they were compared with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Visits {
    #[serde(with = "optional_time")]
    at: Option<Timestamp>,
    #[serde(with = "optional_point")]
    place: Option<Point>,
    /// A fix outside of the spot that was not compared, as it was not known yet whether the vehicle drives.
    skipped: Option<Skipped>,
    /// The spot that is sure already, by its beginning.
    #[serde(with = "optional_time")]
    sure_since: Option<Timestamp>,
    open: Vec<Open>,
    /// Fences that the last fix lay in, but not deep enough to be sure.
    leaning: Vec<Leaning>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    /// As it was told last.
    visit: Visit,
    max_speed_kmh: f64,
    /// The last fix lay outside, but not far enough to be sure: when and where it left.
    leaving: Option<Leaning>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Skipped {
    #[serde(with = "time")]
    at: Timestamp,
    #[serde(with = "point")]
    point: Point,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Leaning {
    fence: FenceId,
    #[serde(with = "time")]
    at: Timestamp,
    #[serde(with = "point")]
    point: Point,
}

/// The place to compare, and the way to it if it was driven.
struct Look<'a, F> {
    from: Option<(Timestamp, Point)>,
    at: Timestamp,
    point: Point,
    margin_m: f64,
    /// The second such look in a row on the same side is sure; a mean is none.
    repeats: bool,
    fences: &'a F,
}

impl Visits {
    /// The visits that go on.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Visit> {
        self.open.iter().map(|open| &open.visit)
    }

    /// What applies inside of the fences, the lowest; else the vehicle's own or the tenant's. km/h.
    pub(crate) fn speed_limit_kmh(&self, at: Timestamp, rules: &Rules, fences: &impl Fences) -> f64 {
        let own = rules.vehicle().speed_limit_kmh;
        let inside = self.open.iter().filter_map(|open| fences.speed_limit_kmh(open.visit.fence, at));
        inside.chain(own).min_by(f64::total_cmp).unwrap_or(rules.thresholds().speed_limit_kmh)
    }

    #[expect(clippy::too_many_arguments, reason = "a fix, what is known of it, and the fold's own three")]
    pub(crate) fn take(
        &mut self,
        fix: &Fix,
        step: Step,
        seen: Seen,
        journey: &Journey,
        rules: &Rules,
        fences: &impl Fences,
        facts: &mut Vec<TrackFact>,
    ) {
        for look in self.looks(fix, step, seen, journey, rules, fences).into_iter().flatten() {
            self.compare(&look, rules, facts);
        }
        for open in &mut self.open {
            open.max_speed_kmh = open.max_speed_kmh.max(seen.speed_kmh.unwrap_or(0.0));
            let visit = &mut open.visit;
            let inside_ms = fix.at.ms_since(visit.entered_at);
            if !visit.dwelt && fences.dwell_ms(visit.fence).is_some_and(|dwell_ms| inside_ms >= dwell_ms) {
                (visit.dwelt, visit.max_speed_kmh) = (true, open.max_speed_kmh);
                facts.push(TrackFact::VisitDwelt(*visit));
            }
        }
    }

    /// What is to be compared at this fix: nothing where it would only be noise, two places where one was skipped.
    fn looks<'a, F: Fences>(
        &mut self,
        fix: &Fix,
        step: Step,
        seen: Seen,
        journey: &Journey,
        rules: &Rules,
        fences: &'a F,
    ) -> [Option<Look<'a, F>>; 2] {
        let thresholds = rules.thresholds();
        let spot = &journey.spot;
        let (least_m, most_m) =
            (thresholds.edge_margin_m * MARGIN_PARTS.start(), thresholds.edge_margin_m * MARGIN_PARTS.end());
        let last = self.at.zip(self.place);
        let new_spot = spot.since == fix.at;
        let drives = seen.drives
            || new_spot && step.from.is_some() && (journey.trip.is_some() || step.relocated)
            || journey.trip.is_some()
                && !spot.stood()
                && last.is_some_and(|(_, place)| distance_m(place, fix.point) > STEP_NOISES * fix.noise_m);
        let skipped = self.skipped.take().filter(|_| !step.relocated);
        if drives {
            (self.at, self.place, self.sure_since) = (Some(fix.at), Some(fix.point), None);
            let margin_m = fix.noise_m.clamp(least_m, most_m);
            let look = |from: Option<(Timestamp, Point)>, at: Timestamp, point: Point| {
                let within = |&(from_at, from): &(Timestamp, Point)| {
                    !step.relocated
                        && at.ms_since(from_at) <= i64::from(thresholds.segment_max_s) * 1000
                        && distance_m(from, point) <= thresholds.segment_max_m
                };
                Some(Look { from: from.filter(within), at, point, margin_m, repeats: true, fences })
            };
            return match skipped {
                Some(Skipped { at, point }) => [look(last, at, point), look(Some((at, point)), fix.at, fix.point)],
                None => [look(last, fix.at, fix.point), None],
            };
        }
        if spot.until != fix.at {
            self.skipped = Some(Skipped { at: fix.at, point: fix.point });
            return [None, None];
        }
        // It is still where it was compared last: a way begins now, not hours ago.
        self.at = Some(fix.at);
        if self.sure_since == Some(spot.since) {
            return [None, None];
        }
        if spot.fixes >= SURE_FIXES {
            self.sure_since = Some(spot.since);
        }
        self.place = Some(spot.centre);
        let margin_m = (MEAN_NOISES * fix.noise_m / f64::from(spot.fixes).sqrt()).max(least_m);
        [Some(Look { from: None, at: fix.at, point: spot.centre, margin_m, repeats: false, fences }), None]
    }

    fn compare<F: Fences>(&mut self, look: &Look<'_, F>, rules: &Rules, facts: &mut Vec<TrackFact>) {
        let margin_m = look.margin_m.max(rules.thresholds().edge_margin_m);
        let leaning = std::mem::take(&mut self.leaning);
        // A bit for each open visit whose fence is near; there are `MOST_OPEN` at most.
        let (mut met, mut entered) = (0_u64, Vec::new());
        let from = look.from.map(|(_, point)| point);
        look.fences.near(from, look.point, margin_m, &mut |fence| {
            let edge_m = look.fences.edge_distance_m(fence, look.point, look.margin_m);
            if let Some(index) = self.open.iter().position(|open| open.visit.fence == fence) {
                met |= 1 << index;
                self.open[index].stay(edge_m, look);
            } else {
                let leant = leaning.iter().find(|leaning| leaning.fence == fence);
                match look.come(fence, edge_m, leant) {
                    Coming::In(visit) => entered.push(visit),
                    Coming::Leaning(leaning) => self.leaning.push(leaning),
                    Coming::Not => {}
                }
            }
        });
        for (index, open) in self.open.iter_mut().enumerate().filter(|(index, _)| met & (1 << index) == 0) {
            debug_assert!(index < MOST_OPEN, "no more are ever opened");
            open.visit.left_at = Some(look.at);
            open.visit.left = Some(look.point);
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
                self.open.push(Open { visit, max_speed_kmh: 0.0, leaving: None });
            }
        }
        self.leaning.sort_by_key(|leaning| leaning.fence);
        self.leaning.truncate(MOST_OPEN);
    }
}

/// What a look at a fence that the vehicle was not in came to.
enum Coming {
    /// It came in; if it is out again already, the visit is over.
    In(Visit),
    /// Perhaps.
    Leaning(Leaning),
    /// It did not.
    Not,
}

impl<F: Fences> Look<'_, F> {
    fn come(&self, fence: FenceId, edge_m: f64, leant: Option<&Leaning>) -> Coming {
        let way = self.way_inside(fence);
        let inside = edge_m < 0.0;
        if !inside && way.is_none() {
            return Coming::Not;
        }
        let (begin, end) = way.unwrap_or((1.0, 1.0));
        let way_m = way.map_or(f64::NEG_INFINITY, |_| self.depth_m(fence, f64::midpoint(begin, end)));
        let sure = way_m.max(-edge_m) >= self.margin_m || inside && self.repeats && leant.is_some();
        let (at, point) = leant.map_or_else(|| self.place(begin), |leant| (leant.at, leant.point));
        if sure {
            let (left_at, left) = if inside { (None, None) } else { some_pair(self.place(end)) };
            let (entered_at, entered) = (at, point);
            return Coming::In(Visit { fence, entered_at, entered, left_at, left, dwelt: false, max_speed_kmh: 0.0 });
        }
        if inside && self.repeats { Coming::Leaning(Leaning { fence, at, point }) } else { Coming::Not }
    }

    /// From where to where on the way the fence is first and last met, as fractions of it.
    fn way_inside(&self, fence: FenceId) -> Option<(f64, f64)> {
        let (_, from) = self.from?;
        let mut way: Option<(f64, f64)> = None;
        self.fences.crossings(fence, from, self.point, &mut |begin, end| {
            way = Some((way.map_or(begin, |(first, _)| first), end));
        });
        way
    }

    /// When and where a fraction of the way is.
    fn place(&self, fraction: f64) -> (Timestamp, Point) {
        match self.from {
            Some((at, from)) if fraction < 1.0 => {
                let ms = (self.at.ms_since(at) as f64 * fraction).round() as i64;
                (at.plus_ms(ms), interpolate(from, self.point, fraction))
            }
            _ => (self.at, self.point),
        }
    }

    /// How deep inside of the fence a fraction of the way is, metres.
    fn depth_m(&self, fence: FenceId, fraction: f64) -> f64 {
        -self.fences.edge_distance_m(fence, self.place(fraction).1, self.margin_m)
    }
}

impl Open {
    /// Still in it? Out by the margin, or twice in a row, is out.
    fn stay<F: Fences>(&mut self, edge_m: f64, look: &Look<'_, F>) {
        if edge_m < 0.0 {
            self.leaving = None;
            return;
        }
        let fence = self.visit.fence;
        let leaving = self.leaving.take().unwrap_or_else(|| {
            let (at, point) = look.place(look.way_inside(fence).map_or(1.0, |(_, end)| end));
            Leaning { fence, at, point }
        });
        if edge_m >= look.margin_m
            || look.repeats && leaving.at < look.at && look.from.is_some_and(|(at, _)| leaving.at <= at)
        {
            // A vehicle leaves after it came in, whatever the fractions say.
            self.visit.left_at = Some(leaving.at.max(self.visit.entered_at));
            self.visit.left = Some(leaving.point);
        } else {
            self.leaving = Some(leaving);
        }
    }
}

fn is_over(visit: &Visit) -> bool {
    visit.left_at.is_some()
}

fn some_pair<A, B>((a, b): (A, B)) -> (Option<A>, Option<B>) {
    (Some(a), Some(b))
}
