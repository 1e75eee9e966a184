//! Finds the fences near a place or a segment among many, without testing each.

mod diagonal;
mod tree;

use crate::Point;
use crate::fence::{Bounds, Fence};
use diagonal::Diagonal;
use tree::{Rect, Tree};

/// Fences wider than this in longitude are not in the tree but tested one by one. They are few: near a pole, or as large as
/// an ocean. Two boxes that are narrower share at most one range of longitude, so that no fence is found twice.
const WIDEST_DEG: f64 = 179.0;

/// The boxes of many fences, in a tree that is built once. The id of a fence is its number in the order of building.
#[derive(Debug, Clone)]
pub struct FenceIndex {
    tree: Tree,
    /// Fences too wide for the tree: id and box.
    wide: Vec<(u32, Bounds)>,
    len: usize,
}

impl FenceIndex {
    /// Builds the index of all fences.
    pub fn new<'a>(fences: impl IntoIterator<Item = &'a Fence>) -> Self {
        let (mut narrow, mut wide, mut len) = (Vec::new(), Vec::new(), 0);
        for fence in fences {
            let id = u32::try_from(len).expect("four thousand million fences would not fit into memory");
            let bounds = fence.bounds();
            if bounds.span_deg > WIDEST_DEG {
                wide.push((id, bounds));
            } else {
                narrow.push((id, Rect::of(&bounds)));
            }
            len += 1;
        }
        Self { tree: Tree::new(narrow), wide, len }
    }

    /// The number of fences.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Is there no fence?
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Calls `visit` once, in no order, with the id of each fence whose box comes within `margin_m` metres of the point.
    /// That includes every fence within the margin, and some that are farther away. Allocates nothing. A margin that is
    /// negative or NaN counts as 0.
    pub fn near(&self, point: Point, margin_m: f64, mut visit: impl FnMut(usize)) {
        self.visit(&Bounds::of_point(point).grown(margin_m), |_| true, &mut visit);
    }

    /// The same for the segment between two points, on the shorter side of the globe.
    pub fn near_segment(&self, from: Point, to: Point, margin_m: f64, mut visit: impl FnMut(usize)) {
        let bounds = Bounds::of_segment(from, to);
        let around = bounds.grown(margin_m);
        let is_rising = (to.latitude.get() >= from.latitude.get()) == (bounds.west_deg == from.longitude.get());
        let diagonal = Diagonal::new(&bounds, &around, is_rising);
        self.visit(&around, |rect| diagonal.meets(rect), &mut visit);
    }

    fn visit(&self, around: &Bounds, is_met: impl Fn(&Rect) -> bool, visit: &mut impl FnMut(usize)) {
        for (id, bounds) in &self.wide {
            if overlap(bounds, around) {
                visit(*id as usize);
            }
        }
        if around.span_deg > WIDEST_DEG {
            self.tree.visit(&Rect::all_round(around), &|_| true, visit);
            return;
        }
        let rect = Rect::of(around);
        for turn_deg in [0.0, 360.0, -360.0] {
            self.tree.visit(&rect.moved(turn_deg), &|found| is_met(&found.moved(-turn_deg)), visit);
        }
    }
}

fn overlap(a: &Bounds, b: &Bounds) -> bool {
    let east_deg = (b.west_deg - a.west_deg).rem_euclid(360.0);
    a.south_deg <= b.north_deg
        && a.north_deg >= b.south_deg
        && (east_deg <= a.span_deg || 360.0 - east_deg <= b.span_deg)
}
