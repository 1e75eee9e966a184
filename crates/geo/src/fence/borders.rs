//! Removes the borders that two polygons share: they are drawn as edges but separate nothing.

use super::frame::{Corner, Edge};

/// Returns the edges without those that two polygons share: edges with the same corners, and shared stretches of a
/// meridian.
///
/// A multipolygon that was cut at the antimeridian (RFC 7946, 3.1.9) has such a stretch there, and a vehicle that crosses
/// it does not leave the fence. By the even–odd rule, inside and outside stay the same.
pub(super) fn without_shared(edges: Vec<Edge>) -> Vec<Edge> {
    let (on_meridian, others): (Vec<_>, Vec<_>) = edges.into_iter().partition(|edge| edge.a.x == edge.b.x);
    let mut kept = unpaired(others);
    kept.extend(odd_stretches(&on_meridian));
    kept
}

/// The ends of an edge, in the same order for both directions.
fn ends(edge: &Edge) -> [(u64, u64); 2] {
    // Adding 0.0 turns -0.0 into 0.0.
    let bits = |corner: Corner| ((corner.x + 0.0).to_bits(), (corner.y + 0.0).to_bits());
    let (a, b) = (bits(edge.a), bits(edge.b));
    if a < b { [a, b] } else { [b, a] }
}

/// Removes pairs of equal edges. The order stays, so that consecutive edges remain consecutive.
fn unpaired(edges: Vec<Edge>) -> Vec<Edge> {
    let mut order: Vec<usize> = (0..edges.len()).collect();
    order.sort_unstable_by_key(|&index| ends(&edges[index]));
    let mut is_kept = vec![true; edges.len()];
    for same in order.chunk_by(|&a, &b| ends(&edges[a]) == ends(&edges[b])) {
        for index in &same[..same.len() - same.len() % 2] {
            is_kept[*index] = false;
        }
    }
    edges.into_iter().zip(is_kept).filter_map(|(edge, is_kept)| is_kept.then_some(edge)).collect()
}

/// The stretches of meridians that are covered by an odd number of edges.
fn odd_stretches(edges: &[Edge]) -> Vec<Edge> {
    let mut ends: Vec<Corner> = edges.iter().flat_map(|edge| [edge.a, edge.b]).collect();
    ends.sort_unstable_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    // In order of latitude, between the first and the second end an odd number of edges lie, between the second and the
    // third an even number, and so on.
    ends.chunks_exact(2).map(|pair| Edge { a: pair[0], b: pair[1] }).filter(|edge| edge.a != edge.b).collect()
}
