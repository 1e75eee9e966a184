//! The edges of a fence, in runs with a bounding box each, so that most runs are skipped as a whole.

use super::bounds::Bounds;
use super::frame::{Corner, Edge, Frame};

/// Edges in a run. Shorter runs need more boxes, longer runs have larger ones.
const RUN_EDGES: usize = 16;

/// A box in a frame, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    pub(super) west: f64,
    pub(super) east: f64,
    pub(super) south: f64,
    pub(super) north: f64,
}

impl Extent {
    pub(super) fn of(corners: &[Corner]) -> Self {
        let nothing = f64::INFINITY;
        let none = Self { west: nothing, east: -nothing, south: nothing, north: -nothing };
        corners.iter().fold(none, |extent, corner| Self {
            west: extent.west.min(corner.x),
            east: extent.east.max(corner.x),
            south: extent.south.min(corner.y),
            north: extent.north.max(corner.y),
        })
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.west <= other.east && self.east >= other.west && self.south <= other.north && self.north >= other.south
    }

    pub(super) fn centre(&self) -> Corner {
        Corner { x: (self.west + self.east) / 2.0, y: (self.south + self.north) / 2.0 }
    }

    /// Distance from a place to the box along each axis, degrees; 0 where the place lies within the box's range.
    pub(super) fn aside(&self, place: Corner) -> (f64, f64) {
        let east = (self.west - place.x).max(place.x - self.east).max(0.0);
        let north = (self.south - place.y).max(place.y - self.north).max(0.0);
        (east, north)
    }
}

/// Consecutive edges.
#[derive(Debug, Clone, PartialEq)]
struct Run {
    extent: Extent,
    first: u32,
    /// Number of corners: one more than edges.
    len: u32,
}

/// Edges in a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outline {
    frame: Frame,
    extent: Extent,
    runs: Box<[Run]>,
    corners: Box<[Corner]>,
}

impl Outline {
    /// From at least one edge.
    pub(super) fn new(frame: Frame, edges: &[Edge]) -> Self {
        let (mut runs, mut corners) = (Vec::new(), Vec::with_capacity(edges.len() + 1));
        let mut rest = edges;
        while let Some(first) = rest.first() {
            let joined = rest.windows(2).take(RUN_EDGES - 1).take_while(|pair| pair[0].b == pair[1].a).count();
            // If a run begins where the last one ended, the corner between them is stored once.
            if corners.last() != Some(&first.a) {
                corners.push(first.a);
            }
            let start = corners.len() - 1;
            corners.extend(rest[..=joined].iter().map(|edge| edge.b));
            let extent = Extent::of(&corners[start..]);
            runs.push(Run { extent, first: index(start), len: index(corners.len() - start) });
            rest = &rest[joined + 1..];
        }
        let extent = Extent::of(&corners);
        Self { frame, extent, runs: runs.into(), corners: corners.into() }
    }

    pub(super) fn frame(&self) -> Frame {
        self.frame
    }

    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    pub(super) fn bounds(&self) -> Bounds {
        let Extent { west, east, south, north } = self.extent;
        let span = if self.frame.is_all_round { 360.0 } else { east - west };
        Bounds::from_degrees(south, north, west, span)
    }

    /// All runs, each with its box and corners.
    pub(super) fn runs(&self) -> impl Iterator<Item = (&Extent, &[Corner])> {
        self.runs.iter().map(|run| {
            let first = run.first as usize;
            (&run.extent, &self.corners[first..first + run.len as usize])
        })
    }

    /// Does an odd number of edges lie south of the place?
    pub(super) fn is_odd_north(&self, place: Corner) -> bool {
        let mut is_odd = false;
        for (extent, corners) in self.runs() {
            if place.x < extent.west || place.x > extent.east || place.y < extent.south {
                continue;
            }
            if place.y > extent.north {
                // The whole run lies south of the place. It counts if it ends on the other side of the place's meridian.
                is_odd ^= (corners[0].x <= place.x) != (corners[corners.len() - 1].x <= place.x);
                continue;
            }
            for pair in corners.windows(2) {
                is_odd ^= super::ring::is_north_of(place, Edge { a: pair[0], b: pair[1] });
            }
        }
        is_odd
    }

    /// Multiples of 360° that may bring a longitude near the outline; nearly always only the first does.
    pub(super) const TURNS_DEG: [f64; 3] = [0.0, 360.0, -360.0];

    /// Calls `found` with the fraction of the segment at each crossing with an edge, in no order. A crossing may come twice.
    pub(super) fn cross(&self, way: Edge, mut found: impl FnMut(f64)) {
        for turn_deg in Self::TURNS_DEG {
            let (from, to) = (way.a.moved(turn_deg), way.b.moved(turn_deg));
            let around = Extent::of(&[from, to]);
            if !around.meets(&self.extent) {
                continue;
            }
            for (_, corners) in self.runs().filter(|(extent, _)| around.meets(extent)) {
                for pair in corners.windows(2) {
                    if let Some(fraction) = crossing(Edge { a: from, b: to }, Edge { a: pair[0], b: pair[1] }) {
                        found(fraction);
                    }
                }
            }
        }
    }
}

/// The fraction of `way` at which it meets the edge; `None` if they do not meet, and if they are parallel.
fn crossing(way: Edge, edge: Edge) -> Option<f64> {
    /// So that a segment through a corner never passes between its two edges.
    const SLACK: f64 = 1e-12;
    let (way_x, way_y) = (way.b.x - way.a.x, way.b.y - way.a.y);
    let (edge_x, edge_y) = (edge.b.x - edge.a.x, edge.b.y - edge.a.y);
    let (to_x, to_y) = (edge.a.x - way.a.x, edge.a.y - way.a.y);
    let cross = way_x * edge_y - way_y * edge_x;
    let on_way = (to_x * edge_y - to_y * edge_x) / cross;
    let on_edge = (to_x * way_y - to_y * way_x) / cross;
    // Dividing by 0 gives NaN or an infinity, which no range contains.
    let is_met = (0.0..=1.0).contains(&on_way) && (-SLACK..=1.0 + SLACK).contains(&on_edge);
    is_met.then_some(on_way)
}

fn index(count: usize) -> u32 {
    u32::try_from(count).expect("a fence's corners are bounded, and so are the edges made of them")
}
