//! Finds which of many fences may matter to a place or a way, without looking at each.

mod tree;

use crate::Point;
use crate::fence::{Bounds, Fence};
use tree::{Extent, Tree};

/// Fences that span more longitude than this are few, and near a pole or as large as an ocean: looked at one by one.
/// Two boxes that both span less have one stretch of longitude in common or none, so that no fence is named twice.
const WIDEST_DEG: f64 = 179.0;

/// The boxes of many fences, in a tree that is built once. A fence's id is its place in the order of building.
#[derive(Debug, Clone)]
pub struct FenceIndex {
    tree: Tree,
    /// Fences too wide for the tree: id and box.
    wide: Vec<(u32, Bounds)>,
    len: usize,
}

impl FenceIndex {
    /// From all fences.
    pub fn new<'a>(fences: impl IntoIterator<Item = &'a Fence>) -> Self {
        let (mut narrow, mut wide, mut len) = (Vec::new(), Vec::new(), 0);
        for fence in fences {
            let id = u32::try_from(len).expect("four thousand million fences would not fit into memory");
            let bounds = fence.bounds();
            if bounds.span_deg > WIDEST_DEG {
                wide.push((id, bounds));
            } else {
                narrow.push((id, Extent::of(&bounds)));
            }
            len += 1;
        }
        Self { tree: Tree::new(narrow), wide, len }
    }

    /// How many fences it was built from.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Was it built from none?
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Calls `visit` once, in no order, with the id of each fence whose box comes within `margin_m` metres of the
    /// point: every fence that is so near, and some that are not. Allocates nothing. A margin below 0 or NaN counts as
    /// 0.
    pub fn near(&self, point: Point, margin_m: f64, mut visit: impl FnMut(usize)) {
        self.visit(&Bounds::of_point(point).grown(margin_m), |_| true, &mut visit);
    }

    /// The same for the straight way between two points, the shorter way round.
    pub fn near_way(&self, from: Point, to: Point, margin_m: f64, mut visit: impl FnMut(usize)) {
        let way = Bounds::of_way(from, to);
        let around = way.grown(margin_m);
        let is_rising = (to.latitude.get() >= from.latitude.get()) == (way.west_deg == from.longitude.get());
        let diagonal = tree::Diagonal::new(&way, &around, is_rising);
        self.visit(&around, |extent| diagonal.meets(extent), &mut visit);
    }

    fn visit(&self, around: &Bounds, is_met: impl Fn(&Extent) -> bool, visit: &mut impl FnMut(usize)) {
        for (id, bounds) in &self.wide {
            if overlap(bounds, around) {
                visit(*id as usize);
            }
        }
        if around.span_deg > WIDEST_DEG {
            self.tree.visit(&Extent::all_round(around), &|_| true, visit);
            return;
        }
        let extent = Extent::of(around);
        for turn_deg in [0.0, 360.0, -360.0] {
            self.tree.visit(&extent.moved(turn_deg), &|found| is_met(&found.moved(-turn_deg)), visit);
        }
    }
}

fn overlap(a: &Bounds, b: &Bounds) -> bool {
    let east_deg = (b.west_deg - a.west_deg).rem_euclid(360.0);
    a.south_deg <= b.north_deg
        && a.north_deg >= b.south_deg
        && (east_deg <= a.span_deg || 360.0 - east_deg <= b.span_deg)
}
