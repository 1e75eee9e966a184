//! A static R-tree: boxes sorted along a Hilbert curve and packed into full nodes (I. Kamel and C. Faloutsos, "On
//! Packing R-trees", 1993). `docs/decisions` compares it with libraries.

use crate::fence::Bounds;

/// Children of a node. Their boxes fill four cache lines and are compared several at a time.
const FANOUT: usize = 16;

/// A box, degrees. In single precision, rounded outwards, it is a metre or two too large and takes half the memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) west: f32,
    pub(super) east: f32,
    pub(super) south: f32,
    pub(super) north: f32,
}

impl Rect {
    pub(super) fn of(bounds: &Bounds) -> Self {
        Self {
            west: (bounds.west_deg as f32).next_down(),
            east: ((bounds.west_deg + bounds.span_deg) as f32).next_up(),
            south: (bounds.south_deg as f32).next_down(),
            north: (bounds.north_deg as f32).next_up(),
        }
    }

    /// The box with these latitudes and all longitudes.
    pub(super) fn all_round(bounds: &Bounds) -> Self {
        Self { west: f32::NEG_INFINITY, east: f32::INFINITY, ..Self::of(bounds) }
    }

    pub(super) fn moved(&self, east_deg: f32) -> Self {
        // Rounded outwards again, except for the usual turn of 0.
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

/// Up to [`FANOUT`] boxes, coordinate by coordinate, so that one instruction compares several.
#[derive(Debug, Clone)]
struct Node {
    west: [f32; FANOUT],
    east: [f32; FANOUT],
    south: [f32; FANOUT],
    north: [f32; FANOUT],
}

impl Node {
    /// Unused places hold a box that meets nothing.
    fn new(rects: &[Rect]) -> Self {
        let nothing = f32::INFINITY;
        let mut node = Self {
            west: [nothing; FANOUT],
            east: [-nothing; FANOUT],
            south: [nothing; FANOUT],
            north: [-nothing; FANOUT],
        };
        for (lane, rect) in rects.iter().enumerate() {
            node.west[lane] = rect.west;
            node.east[lane] = rect.east;
            node.south[lane] = rect.south;
            node.north[lane] = rect.north;
        }
        node
    }

    fn rect(&self, lane: usize) -> Rect {
        Rect { west: self.west[lane], east: self.east[lane], south: self.south[lane], north: self.north[lane] }
    }

    /// A bit for each child whose box meets this one.
    fn met(&self, rect: &Rect) -> u32 {
        let mut met = 0;
        for lane in 0..FANOUT {
            // `&` and not `&&`, which would branch.
            let is_met = (self.west[lane] <= rect.east)
                & (self.east[lane] >= rect.west)
                & (self.south[lane] <= rect.north)
                & (self.north[lane] >= rect.south);
            met |= u32::from(is_met) << lane;
        }
        met
    }
}

/// Child `c` of node `n` is node `n * FANOUT + c` of the level below, or that entry of the ids.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// From the leaves to the root, the only node of the last level; empty without boxes.
    levels: Vec<Vec<Node>>,
    ids: Vec<u32>,
}

impl Tree {
    pub(super) fn new(mut entries: Vec<(u32, Rect)>) -> Self {
        let Some(around) = entries.iter().map(|(_, rect)| *rect).reduce(|a, b| a.joined(&b)) else {
            return Self { levels: Vec::new(), ids: Vec::new() };
        };
        entries.sort_by_cached_key(|(_, rect)| hilbert(rect, &around));
        let ids = entries.iter().map(|(id, _)| *id).collect();
        let mut rects: Vec<Rect> = entries.into_iter().map(|(_, rect)| rect).collect();
        let mut levels = Vec::new();
        loop {
            let (nodes, above): (Vec<Node>, Vec<Rect>) = rects
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
            rects = above;
        }
    }

    /// Calls `visit` with the id of each box that meets `rect` and passes the test `is_met`.
    pub(super) fn visit(&self, rect: &Rect, is_met: &impl Fn(&Rect) -> bool, visit: &mut impl FnMut(usize)) {
        if let Some(root) = self.levels.len().checked_sub(1) {
            self.visit_node(root, 0, rect, is_met, visit);
        }
    }

    fn visit_node(
        &self,
        level: usize,
        index: usize,
        rect: &Rect,
        is_met: &impl Fn(&Rect) -> bool,
        visit: &mut impl FnMut(usize),
    ) {
        let node = &self.levels[level][index];
        let mut met = node.met(rect);
        while met != 0 {
            let lane = met.trailing_zeros() as usize;
            met &= met - 1;
            let child = index * FANOUT + lane;
            if level > 0 {
                self.visit_node(level - 1, child, rect, is_met, visit);
            } else if is_met(&node.rect(lane)) {
                visit(self.ids[child] as usize);
            }
        }
    }
}

/// The position of a box's centre along a Hilbert curve of 2³² cells over all boxes.
fn hilbert(rect: &Rect, around: &Rect) -> u32 {
    let cell = |from: f32, to: f32, least: f32, most: f32| {
        let part = (f64::from(from) + f64::from(to) - 2.0 * f64::from(least)) / 2.0 / f64::from(most - least);
        // The cast saturates.
        (part * 65_535.0) as u32
    };
    let mut x = cell(rect.west, rect.east, around.west, around.east);
    let mut y = cell(rect.south, rect.north, around.south, around.north);
    let mut along = 0;
    for bit in (0..16).rev() {
        let (right, up) = ((x >> bit) & 1, (y >> bit) & 1);
        along = (along << 2) | ((3 * right) ^ up);
        // The curve in a quarter is the whole curve, rotated or mirrored.
        if up == 0 {
            if right == 1 {
                (x, y) = (65_535 - x, 65_535 - y);
            }
            (x, y) = (y, x);
        }
    }
    along
}
