//! Refuses outlines whose edges cross or lie on one another.

use super::frame::{Corner, Edge, Frame};
use super::invalid_fence::InvalidFence;

/// Nearer than this is a touch and neither a crossing nor a distance, degrees: a tenth of a millimetre. Corners that
/// were put on an edge miss it by the rounding of their digits.
const TOUCH_DEG: f64 = 1e-9;

/// An edge and the polygon of a multipolygon that it belongs to.
pub(super) struct Owned {
    pub(super) edge: Edge,
    pub(super) polygon: usize,
}

/// Do the edges of all rings meet in touches only?
///
/// Edges are looked at from west to east, each against those that begin before it ends: quick for outlines as people
/// draw them; at worst, with [`crate::Fence::MAX_CORNERS`] edges over one another, all pairs, some tenths of a second.
pub(super) fn check_simple(frame: Frame, mut edges: Vec<Owned>) -> Result<(), InvalidFence> {
    let west = |owned: &Owned| owned.edge.a.x.min(owned.edge.b.x);
    edges.sort_unstable_by(|a, b| west(a).total_cmp(&west(b)));
    for (index, first) in edges.iter().enumerate() {
        let east = first.edge.a.x.max(first.edge.b.x) + TOUCH_DEG;
        let (south, north) = (first.edge.a.y.min(first.edge.b.y), first.edge.a.y.max(first.edge.b.y));
        for second in edges[index + 1..].iter().take_while(|second| west(second) <= east) {
            let Edge { a, b } = second.edge;
            if a.y.min(b.y) <= north + TOUCH_DEG && a.y.max(b.y) >= south - TOUCH_DEG {
                check_pair(frame, first, second)?;
            }
        }
    }
    Ok(())
}

fn check_pair(frame: Frame, first: &Owned, second: &Owned) -> Result<(), InvalidFence> {
    let (e, f) = (first.edge, second.edge);
    if is_apart(e, f) || is_apart(f, e) {
        return Ok(());
    }
    let (a_off, b_off) = (aside(e.a, f), aside(e.b, f));
    let (c_off, d_off) = (aside(f.a, e), aside(f.b, e));
    if a_off * b_off < 0.0 && c_off * d_off < 0.0 {
        let place = e.a.towards(e.b, a_off / (a_off - b_off)).point();
        let message = if first.polygon == second.polygon {
            "must not have edges that cross each other"
        } else {
            "must not have polygons that overlap"
        };
        return Err(InvalidFence::geometry_at(message, place));
    }
    let are_in_line = a_off == 0.0 && b_off == 0.0 || c_off == 0.0 && d_off == 0.0;
    if !are_in_line {
        return Ok(());
    }
    let Some((place, is_same_way)) = shared(e, f) else {
        return Ok(());
    };
    // Two polygons may share a border, and one that goes all the way round with itself, where it was cut. What is
    // inside lies on an edge's left, so that the edges of a border run in opposite directions.
    let may_share = first.polygon != second.polygon || frame.is_seam(e);
    match (may_share, is_same_way) {
        (true, false) => Ok(()),
        (true, true) if first.polygon != second.polygon => {
            Err(InvalidFence::geometry_at("must not have polygons that overlap", place.point()))
        }
        _ => Err(InvalidFence::geometry_at("must not have edges that lie on each other", place.point())),
    }
}

/// Do both ends of an edge lie clearly on one side of the other's line? Quick, for the many pairs that don't meet.
fn is_apart(Edge { a, b }: Edge, other: Edge) -> bool {
    let (east, north) = (other.b.x - other.a.x, other.b.y - other.a.y);
    let touch = TOUCH_DEG * (east.abs() + north.abs());
    let off = |place: Corner| east * (place.y - other.a.y) - north * (place.x - other.a.x);
    let (a_off, b_off) = (off(a), off(b));
    a_off > touch && b_off > touch || a_off < -touch && b_off < -touch
}

/// How far the place lies left of the edge's line, degrees; 0 within a touch.
fn aside(place: Corner, Edge { a, b }: Edge) -> f64 {
    let (east, north) = (b.x - a.x, b.y - a.y);
    let off_deg = (east * (place.y - a.y) - north * (place.x - a.x)) / east.hypot(north);
    if off_deg.abs() < TOUCH_DEG { 0.0 } else { off_deg }
}

/// The middle of what two edges in one line have in common, if it is more than a touch; do they run the same way?
fn shared(e: Edge, f: Edge) -> Option<(Corner, bool)> {
    let (east, north) = (e.b.x - e.a.x, e.b.y - e.a.y);
    let length = east.hypot(north);
    let along = |place: Corner| (east * (place.x - e.a.x) + north * (place.y - e.a.y)) / length;
    let (start, end) = (along(f.a), along(f.b));
    let (from, to) = (start.min(end).max(0.0), start.max(end).min(length));
    (to - from > TOUCH_DEG).then(|| (e.a.towards(e.b, (from + to) / 2.0 / length), start < end))
}
