//! One check of a vehicle's place, and of the line that leads to it.

use crate::{FenceId, Fences};
use milepost_domain::{HeadingDeg, Timestamp};
use milepost_geo::{Point, destination, distance_m, initial_bearing, interpolate_degrees};

/// A place to check, and the line to it from the place that was checked before.
pub(super) struct Probe<'a, F> {
    /// Where the line begins, and when the vehicle was there; `None` for the first place.
    pub(super) from: Option<(Timestamp, Point)>,
    /// The vehicle drove along the line. If not, the line is too long: it only shows where an edge was crossed between its
    /// ends.
    pub(super) is_driven: bool,
    pub(super) at: Timestamp,
    pub(super) point: Point,
    /// A place that is this far from the edge, or farther, is certain, metres.
    pub(super) margin_m: f64,
    /// What leads less far than this over an edge and back only touches it, metres.
    pub(super) touch_m: f64,
    /// Two such probes in a row on the same side are certain. False for the mean of a stay point.
    pub(super) is_fix: bool,
    pub(super) fences: &'a F,
}

impl<F: Fences> Probe<'_, F> {
    /// Calls `visit` with each fence that the check may concern.
    pub(super) fn near(&self, margin_m: f64, visit: &mut dyn FnMut(FenceId)) {
        let from = self.from.filter(|_| self.is_driven).map(|(_, point)| point);
        self.fences.near(from, self.point, margin_m, visit);
    }

    /// Metres from the place to the fence's edge, exact up to the margin: negative inside.
    pub(super) fn edge_m(&self, fence: FenceId) -> f64 {
        self.fences.edge_distance_m(fence, self.point, self.margin_m)
    }

    /// The fractions of the line at which the vehicle crosses the edge, in order. `was_inside` holds before the line, and
    /// the place lies `edge_m` from the edge. Where that does not fit what the line says of its ends, the change is at the
    /// end. The edge is infinitely far from where the fence is not near, or no fence any more.
    pub(super) fn crossings(&self, fence: FenceId, was_inside: bool, edge_m: f64) -> Vec<f64> {
        let (is_inside, shows_passages) = (edge_m < 0.0, self.is_driven && edge_m.is_finite());
        let mut sides = Sides { is_inside: was_inside, changes: Vec::new() };
        if let Some((_, from)) = self.from.filter(|_| shows_passages || was_inside != is_inside) {
            let mut is_outside_so_far = true;
            self.fences.crossings(fence, from, self.point, &mut |enter, exit| {
                if is_outside_so_far && enter > 0.0 {
                    sides.turn(0.0, false);
                }
                is_outside_so_far = false;
                sides.turn(enter, true);
                if exit < 1.0 {
                    sides.turn(exit, false);
                }
            });
            if is_outside_so_far {
                sides.turn(0.0, false);
            }
        }
        sides.turn(1.0, is_inside);
        let mut changes = sides.changes;
        if !shows_passages && changes.len() > 1 {
            // It left where the line first leads out, or entered where it leads in for the last time.
            changes = vec![changes[if is_inside { changes.len() - 1 } else { 0 }]];
        }
        changes
    }

    /// When the vehicle was at a fraction of the line, and where that is.
    pub(super) fn place(&self, fraction: f64) -> (Timestamp, Point) {
        match self.from {
            Some((at, from)) if fraction < 1.0 => {
                let ms = (self.at.ms_since(at) as f64 * fraction).round() as i64;
                (at.plus_ms(ms), interpolate_degrees(from, self.point, fraction))
            }
            _ => (self.at, self.point),
        }
    }

    /// Does a part of the line, all of it on one side and driven, lead `depth_m` from the edge or farther?
    pub(super) fn leads_as_far(&self, fence: FenceId, is_inside: bool, part: (f64, f64), depth_m: f64) -> bool {
        let from = self.from.filter(|_| self.is_driven);
        let length_m = from.map_or(0.0, |(_, from)| distance_m(from, self.point));
        from.is_some() && self.is_part_as_far(fence, is_inside, part, (depth_m, length_m))
    }

    fn is_part_as_far(
        &self,
        fence: FenceId,
        is_inside: bool,
        part: (f64, f64),
        (depth_m, length_m): (f64, f64),
    ) -> bool {
        /// A shorter part leads as far as its middle, metres.
        const SHORT_M: f64 = 0.5;
        let (begin, end) = part;
        let middle = f64::midpoint(begin, end);
        let half_m = (end - begin) / 2.0 * length_m;
        let edge_m = self.fences.edge_distance_m(fence, self.place(middle).1, depth_m);
        let middle_m = if is_inside { -edge_m } else { edge_m };
        // Along a line the distance to the edge changes by no more than the way.
        middle_m >= depth_m
            || half_m > SHORT_M
                && middle_m + half_m >= depth_m
                && [(begin, middle), (middle, end)]
                    .into_iter()
                    .any(|half| self.is_part_as_far(fence, is_inside, half, (depth_m, length_m)))
    }

    /// Does the line lead through the fence, and would it if it lay a touch farther to either side? So it is with a narrow
    /// corridor, in which no place is far from the edge.
    pub(super) fn leads_through(&self, fence: FenceId) -> bool {
        let Some((_, from)) = self.from else { return false };
        let Some(ahead) = initial_bearing(from, self.point) else { return false };
        [90.0, 270.0].into_iter().all(|aside_deg| {
            let Ok(aside) = HeadingDeg::new((ahead.get() + aside_deg) % 360.0) else { return false };
            let moved = |point| destination(point, aside, self.touch_m);
            let mut is_met = false;
            self.fences.crossings(fence, moved(from), moved(self.point), &mut |_, _| is_met = true);
            is_met
        })
    }
}

/// The side of the edge along a line.
struct Sides {
    is_inside: bool,
    changes: Vec<f64>,
}

impl Sides {
    fn turn(&mut self, fraction: f64, is_inside: bool) {
        if self.is_inside != is_inside {
            self.is_inside = is_inside;
            self.changes.push(fraction);
        }
    }
}
