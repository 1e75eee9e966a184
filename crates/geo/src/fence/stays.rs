//! Finds the parts of a segment where a distance is below a limit: for circles and corridors, whose edges are curved.

use super::crossings::Passage;
use super::frame::Edge;
use super::nearest::lowest;

/// Divides a segment into pieces, each with the fractions where it begins and ends. Along a short piece the distance to a
/// place or edge has one minimum.
pub(super) fn for_pieces(way: Edge, longest_piece_deg: f64, mut visit: impl FnMut(Edge, f64, f64)) {
    let longest_deg = (way.b.x - way.a.x).abs().max((way.b.y - way.a.y).abs());
    let pieces = (longest_deg / longest_piece_deg).ceil().max(1.0);
    let mut start = 0.0;
    for piece in 1..=pieces as u32 {
        let end = f64::from(piece) / pieces;
        visit(Edge { a: way.a.towards(way.b, start), b: way.a.towards(way.b, end) }, start, end);
        start = end;
    }
}

/// Turns fractions of a piece into fractions of the segment.
pub(super) fn within(stay: Passage, start: f64, end: f64) -> Passage {
    // The end is used as it is, so that the passages of neighbouring pieces join.
    let at = |fraction: f64| if fraction >= 1.0 { end } else { start + fraction * (end - start) };
    Passage { enter: at(stay.enter), exit: at(stay.exit) }
}

/// Where a function with one minimum is at most 0, if it changes by no more than `length_m` from 0 to 1.
pub(super) fn find_stay(outside_m: impl Fn(f64) -> f64, length_m: f64) -> Option<Passage> {
    let (at_start_m, at_end_m) = (outside_m(0.0), outside_m(1.0));
    let is_start_inside = at_start_m <= 0.0;
    let is_end_inside = at_end_m <= 0.0;
    if !is_start_inside && !is_end_inside {
        // To enter and leave, the segment must be as long as both distances to the edge.
        if at_start_m + at_end_m > length_m {
            return None;
        }
        let is_enough = |lowest_m: f64, width: f64| lowest_m <= 0.0 || lowest_m > width * length_m;
        let (inside, lowest_m) = lowest(&outside_m, is_enough);
        if lowest_m > 0.0 {
            return None;
        }
        let inside_m = (inside, lowest_m);
        return Some(Passage {
            enter: find_edge(&outside_m, inside_m, (0.0, at_start_m), length_m),
            exit: find_edge(&outside_m, inside_m, (1.0, at_end_m), length_m),
        });
    }
    let (start, end) = ((0.0, at_start_m), (1.0, at_end_m));
    Some(Passage {
        enter: if is_start_inside { 0.0 } else { find_edge(&outside_m, end, start, length_m) },
        exit: if is_end_inside { 1.0 } else { find_edge(&outside_m, start, end, length_m) },
    })
}

/// Where the edge lies between a place inside and one outside, each with its value. Exact to a millimetre: regula falsi in
/// the Illinois form (M. Dowell and P. Jarratt, BIT 11, 1971).
fn find_edge(outside_m: impl Fn(f64) -> f64, inside: (f64, f64), outside: (f64, f64), length_m: f64) -> f64 {
    const PRECISION_M: f64 = 0.001;
    let ((mut inside, mut inside_m), (mut outside, mut outside_m_there)) = (inside, outside);
    let mut was_inside = None;
    // Bounded: if steps become too small to count, the ends are near enough.
    for _ in 0..100 {
        if (outside - inside).abs() * length_m <= PRECISION_M {
            break;
        }
        let middle = inside + (outside - inside) * inside_m / (inside_m - outside_m_there);
        let middle_m = outside_m(middle);
        let is_inside = middle_m <= 0.0;
        if middle_m.abs() <= PRECISION_M / 2.0 {
            return middle;
        }
        // Twice in a row on the same side: the value of the other end is halved, so that it moves too.
        let is_again = was_inside == Some(is_inside);
        if is_inside {
            (inside, inside_m) = (middle, middle_m);
            outside_m_there = if is_again { outside_m_there / 2.0 } else { outside_m_there };
        } else {
            (outside, outside_m_there) = (middle, middle_m);
            inside_m = if is_again { inside_m / 2.0 } else { inside_m };
        }
        was_inside = Some(is_inside);
    }
    inside
}
