//! Refuses outlines with edges that cross or overlap.

use super::frame::{Corner, Edge, Frame};
use super::invalid_fence::InvalidFence;

/// Edges that come nearer than this touch but do not cross, degrees: a tenth of a millimetre. A corner that was put on an
/// edge misses it by rounding.
const TOUCH_DEG: f64 = 1e-9;

/// An edge and the polygon of a multipolygon that it belongs to.
pub(super) struct Owned {
    pub(super) edge: Edge,
    pub(super) polygon: usize,
}

/// Refuses edges that cross or overlap; touching is allowed.
///
/// Each edge is compared with those that begin, from west to east, before it ends. That is fast for outlines as people
/// draw them; the worst case, [`crate::Fence::MAX_CORNERS`] edges above one another, takes some tenths of a second.
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
    // Two polygons may share a border. So may a polygon round the whole Earth with itself, where it was cut. The inside is
    // on the left of an edge, so the two edges of such a border run in opposite directions.
    let may_share = first.polygon != second.polygon || frame.is_seam(e);
    match (may_share, is_same_way) {
        (true, false) => Ok(()),
        (true, true) if first.polygon != second.polygon => {
            Err(InvalidFence::geometry_at("must not have polygons that overlap", place.point()))
        }
        _ => Err(InvalidFence::geometry_at("must not have edges that lie on each other", place.point())),
    }
}

/// Do both ends of an edge lie clearly on one side of the other edge's line? A fast test for pairs that do not meet.
fn is_apart(Edge { a, b }: Edge, other: Edge) -> bool {
    let (east, north) = (other.b.x - other.a.x, other.b.y - other.a.y);
    let touch = TOUCH_DEG * (east.abs() + north.abs());
    let off = |place: Corner| east * (place.y - other.a.y) - north * (place.x - other.a.x);
    let (a_off, b_off) = (off(a), off(b));
    a_off > touch && b_off > touch || a_off < -touch && b_off < -touch
}

/// Distance of the place to the left of the edge's line, degrees; 0 if it touches.
fn aside(place: Corner, Edge { a, b }: Edge) -> f64 {
    let (east, north) = (b.x - a.x, b.y - a.y);
    let off_deg = (east * (place.y - a.y) - north * (place.x - a.x)) / east.hypot(north);
    if off_deg.abs() < TOUCH_DEG { 0.0 } else { off_deg }
}

/// For two edges on one line: the middle of their overlap, if it is longer than a touch, and whether they have the same
/// direction.
fn shared(e: Edge, f: Edge) -> Option<(Corner, bool)> {
    let (east, north) = (e.b.x - e.a.x, e.b.y - e.a.y);
    let length = east.hypot(north);
    let along = |place: Corner| (east * (place.x - e.a.x) + north * (place.y - e.a.y)) / length;
    let (start, end) = (along(f.a), along(f.b));
    let (from, to) = (start.min(end).max(0.0), start.max(end).min(length));
    (to - from > TOUCH_DEG).then(|| (e.a.towards(e.b, (from + to) / 2.0 / length), start < end))
}
