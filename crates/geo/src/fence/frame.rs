//! The plane of a fence: degrees, cut open at a meridian that the fence does not touch.

use crate::Point;
use crate::point::wrap_deg;
use milepost_domain::{Latitude, Longitude};

/// A place in a fence's frame, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Corner {
    /// East. In a frame it runs from the cut to 360 more, so that no edge jumps across the cut.
    pub(super) x: f64,
    /// North.
    pub(super) y: f64,
}

impl Corner {
    pub(super) fn point(self) -> Point {
        let latitude = Latitude::new(self.y.clamp(-90.0, 90.0)).expect("clamped to -90..=90");
        Point::new(latitude, Longitude::new(wrap_deg(self.x)).expect("wrapped to -180..=180"))
    }

    pub(super) fn moved(self, east_deg: f64) -> Self {
        Self { x: self.x + east_deg, y: self.y }
    }

    /// The place at `fraction` of the straight line to `to`.
    pub(super) fn towards(self, to: Self, fraction: f64) -> Self {
        Self { x: self.x + fraction * (to.x - self.x), y: self.y + fraction * (to.y - self.y) }
    }
}

/// A straight piece of a boundary or line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) a: Corner,
    pub(super) b: Corner,
}

/// A range of longitudes in which those of the fence are continuous.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    /// -360 to 180, so that longitudes stay as they are for a fence that does not cross the antimeridian.
    cut_deg: f64,
    /// Does the fence touch every meridian?
    pub(super) is_all_round: bool,
}

impl Frame {
    /// From arcs of longitude, each a western end and a width. The cut is in the middle of the widest gap.
    pub(super) fn around(arcs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        /// Gaps narrower than a tenth of a metre do not count.
        const NARROWEST_GAP_DEG: f64 = 1e-6;
        let mut arcs: Vec<_> = arcs
            .into_iter()
            .map(|(west_deg, span_deg)| (west_deg - 360.0 * ((west_deg + 180.0) / 360.0).floor(), span_deg))
            .collect();
        arcs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let first_west_deg = arcs.first().map_or(-180.0, |arc| arc.0);
        let (mut covered_to_deg, mut widest_deg, mut cut_deg) = (first_west_deg, 0.0, -180.0);
        // The first arc again, 360° later, ends the last gap.
        for (west_deg, span_deg) in arcs.into_iter().chain([(first_west_deg + 360.0, 0.0)]) {
            if west_deg - covered_to_deg > widest_deg {
                widest_deg = west_deg - covered_to_deg;
                cut_deg = west_deg - widest_deg / 2.0;
            }
            covered_to_deg = covered_to_deg.max(west_deg + span_deg);
        }
        if widest_deg < NARROWEST_GAP_DEG {
            return Self { cut_deg: -180.0, is_all_round: true };
        }
        // The cut before the first arc, not the same meridian 360° later.
        let is_last = cut_deg + widest_deg / 2.0 >= first_west_deg + 360.0;
        Self { cut_deg: if is_last { cut_deg - 360.0 } else { cut_deg }, is_all_round: false }
    }

    /// Does the placed edge lie along the cut, in a frame without a free meridian?
    pub(super) fn is_seam(self, edge: Edge) -> bool {
        self.is_all_round && edge.a.x == self.cut_deg && edge.b.x == self.cut_deg
    }

    pub(super) fn corner(self, point: Point) -> Corner {
        let (x, y) = (point.longitude.get(), point.latitude.get());
        if x < self.cut_deg {
            Corner { x: x + 360.0, y }
        } else if x >= self.cut_deg + 360.0 {
            Corner { x: x - 360.0, y }
        } else {
            Corner { x, y }
        }
    }

    /// The segment between two points on the shorter side of the globe; it may lead out of the frame.
    pub(super) fn segment(self, from: Point, to: Point) -> Edge {
        let a = self.corner(from);
        let x = a.x + wrap_deg(to.longitude.get() - from.longitude.get());
        Edge { a, b: Corner { x, y: to.latitude.get() } }
    }

    /// Moves an edge into the frame by a multiple of 360°, and divides it in two if it crosses the cut.
    pub(super) fn place(self, edge: Edge, out: &mut Vec<Edge>) {
        let Edge { a, b } = edge;
        let turns_deg = 360.0 * ((a.x.min(b.x) - self.cut_deg) / 360.0).floor();
        let (a, b) = (a.moved(-turns_deg), b.moved(-turns_deg));
        let end_deg = self.cut_deg + 360.0;
        if a.x.max(b.x) <= end_deg {
            out.push(Edge { a, b });
            return;
        }
        let at_end = Corner { x: end_deg, y: a.towards(b, (end_deg - a.x) / (b.x - a.x)).y };
        let at_start = Corner { x: self.cut_deg, y: at_end.y };
        if a.x < b.x {
            out.push(Edge { a, b: at_end });
            out.push(Edge { a: at_start, b: b.moved(-360.0) });
        } else {
            out.push(Edge { a: a.moved(-360.0), b: at_start });
            out.push(Edge { a: at_end, b });
        }
    }
}
