//! A static R-tree: boxes sorted along a Hilbert curve and packed into full nodes (I. Kamel and C. Faloutsos, "On
//! Packing R-trees", 1993).

use crate::fence::Bounds;

/// Children of a node: its boxes fill four cache lines, and are compared several at a time.
const FANOUT: usize = 16;

/// A box, degrees. Single precision, rounded outwards, is a metre or two too large and half as long to read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    west: f32,
    east: f32,
    south: f32,
    north: f32,
}

impl Extent {
    pub(super) fn of(bounds: &Bounds) -> Self {
        Self {
            west: (bounds.west_deg as f32).next_down(),
            east: ((bounds.west_deg + bounds.span_deg) as f32).next_up(),
            south: (bounds.south_deg as f32).next_down(),
            north: (bounds.north_deg as f32).next_up(),
        }
    }

    /// At all longitudes.
    pub(super) fn all_round(bounds: &Bounds) -> Self {
        Self { west: f32::NEG_INFINITY, east: f32::INFINITY, ..Self::of(bounds) }
    }

    pub(super) fn moved(&self, east_deg: f32) -> Self {
        // Rounded outwards again; by nothing for the usual turn of 0.
        if east_deg == 0.0 {
            return *self;
        }
        Self { west: (self.west + east_deg).next_down(), east: (self.east + east_deg).next_up(), ..*self }
    }

    fn joined(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            east: self.east.max(other.east),
            south: self.south.min(other.south),
            north: self.north.max(other.north),
        }
    }
}

/// Up to [`FANOUT`] boxes, side by side so that one instruction compares several.
#[derive(Debug, Clone)]
struct Node {
    west: [f32; FANOUT],
    east: [f32; FANOUT],
    south: [f32; FANOUT],
    north: [f32; FANOUT],
}

impl Node {
    /// Places left over hold a box that meets nothing.
    fn new(extents: &[Extent]) -> Self {
        let nothing = f32::INFINITY;
        let mut node = Self {
            west: [nothing; FANOUT],
            east: [-nothing; FANOUT],
            south: [nothing; FANOUT],
            north: [-nothing; FANOUT],
        };
        for (lane, extent) in extents.iter().enumerate() {
            node.west[lane] = extent.west;
            node.east[lane] = extent.east;
            node.south[lane] = extent.south;
            node.north[lane] = extent.north;
        }
        node
    }

    fn extent(&self, lane: usize) -> Extent {
        Extent { west: self.west[lane], east: self.east[lane], south: self.south[lane], north: self.north[lane] }
    }

    /// A bit for each child whose box meets this one.
    fn met(&self, extent: &Extent) -> u32 {
        let mut met = 0;
        for lane in 0..FANOUT {
            // Without shortcuts, which would be branches.
            let is_met = (self.west[lane] <= extent.east)
                & (self.east[lane] >= extent.west)
                & (self.south[lane] <= extent.north)
                & (self.north[lane] >= extent.south);
            met |= u32::from(is_met) << lane;
        }
        met
    }
}

/// Child `c` of node `n` is node `n * FANOUT + c` of the level below, or that entry of the ids.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// From the leaves to the root, which is the last level's only node; empty without boxes.
    levels: Vec<Vec<Node>>,
    ids: Vec<u32>,
}

impl Tree {
    pub(super) fn new(mut entries: Vec<(u32, Extent)>) -> Self {
        let Some(around) = entries.iter().map(|(_, extent)| *extent).reduce(|a, b| a.joined(&b)) else {
            return Self { levels: Vec::new(), ids: Vec::new() };
        };
        entries.sort_by_cached_key(|(_, extent)| hilbert(extent, &around));
        let ids = entries.iter().map(|(id, _)| *id).collect();
        let mut extents: Vec<Extent> = entries.into_iter().map(|(_, extent)| extent).collect();
        let mut levels = Vec::new();
        loop {
            let (nodes, above): (Vec<Node>, Vec<Extent>) = extents
                .chunks(FANOUT)
                .map(|children| {
                    let around = children.iter().skip(1).fold(children[0], |around, child| around.joined(child));
                    (Node::new(children), around)
                })
                .unzip();
            levels.push(nodes);
            if above.len() == 1 {
                return Self { levels, ids };
            }
            extents = above;
        }
    }

    /// Calls `visit` with the id of each box that meets the extent and that `is_met` agrees to.
    pub(super) fn visit(&self, extent: &Extent, is_met: &impl Fn(&Extent) -> bool, visit: &mut impl FnMut(usize)) {
        if let Some(root) = self.levels.len().checked_sub(1) {
            self.visit_node(root, 0, extent, is_met, visit);
        }
    }

    fn visit_node(
        &self,
        level: usize,
        index: usize,
        extent: &Extent,
        is_met: &impl Fn(&Extent) -> bool,
        visit: &mut impl FnMut(usize),
    ) {
        let node = &self.levels[level][index];
        let mut met = node.met(extent);
        while met != 0 {
            let lane = met.trailing_zeros() as usize;
            met &= met - 1;
            let child = index * FANOUT + lane;
            if level > 0 {
                self.visit_node(level - 1, child, extent, is_met, visit);
            } else if is_met(&node.extent(lane)) {
                visit(self.ids[child] as usize);
            }
        }
    }
}

/// The diagonal of a way's box, grown by a margin: far less than the box, if the way is long.
pub(super) struct Diagonal {
    west: f64,
    south: f64,
    north: f64,
    span: f64,
    is_rising: bool,
    margin_east: f64,
    margin_north: f64,
}

impl Diagonal {
    /// Of the way's box, and of the grown one around it.
    pub(super) fn new(way: &Bounds, around: &Bounds, is_rising: bool) -> Self {
        let margin_east = (around.span_deg - way.span_deg) / 2.0;
        Self {
            // Not the way's own: growing may have brought it over the antimeridian.
            west: around.west_deg + margin_east,
            south: way.south_deg,
            north: way.north_deg,
            span: way.span_deg,
            is_rising,
            margin_east,
            margin_north: way.south_deg - around.south_deg,
        }
    }

    /// Does it meet a box that meets the box around the way? The third separating axis, across the diagonal.
    pub(super) fn meets(&self, extent: &Extent) -> bool {
        let height = self.north - self.south;
        let slope = if self.is_rising { height } else { -height };
        let (west, east) = (f64::from(extent.west), f64::from(extent.east));
        let (south, north) = (f64::from(extent.south), f64::from(extent.north));
        let (half_east, half_north) =
            ((east - west) / 2.0 + self.margin_east, (north - south) / 2.0 + self.margin_north);
        let off_east = (west + east) / 2.0 - (self.west + self.span / 2.0);
        let off_north = (south + north) / 2.0 - (self.south + self.north) / 2.0;
        (off_north * self.span - off_east * slope).abs() <= half_north * self.span + half_east * height
    }
}

/// The place of a box's centre along a Hilbert curve of 2³² cells over all of them.
fn hilbert(extent: &Extent, around: &Extent) -> u32 {
    let cell = |from: f32, to: f32, least: f32, most: f32| {
        let part = (f64::from(from) + f64::from(to) - 2.0 * f64::from(least)) / 2.0 / f64::from(most - least);
        // A cast holds what lies outside at the ends.
        (part * 65_535.0) as u32
    };
    let mut x = cell(extent.west, extent.east, around.west, around.east);
    let mut y = cell(extent.south, extent.north, around.south, around.north);
    let mut along = 0;
    for bit in (0..16).rev() {
        let (right, up) = ((x >> bit) & 1, (y >> bit) & 1);
        along = (along << 2) | ((3 * right) ^ up);
        // The curve in a quarter is the whole one, turned.
        if up == 0 {
            if right == 1 {
                (x, y) = (65_535 - x, 65_535 - y);
            }
            (x, y) = (y, x);
        }
    }
    along
}
