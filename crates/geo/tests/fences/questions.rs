//! Distances and crossings where formulas change or end.

use super::{assert_near, point, points, polygon, rectangle};
use milepost_geo::{Fence, distance_m};

#[test]
fn the_distance_has_no_step_where_the_fast_formula_ends() {
    let fence = polygon(&[(60.0, 25.0), (60.0, 25.02), (60.01, 25.01)]);
    let corridor = Fence::corridor(&points(&[(60.0, 25.0), (60.0, 25.02), (60.01, 25.01)]), 500.0).unwrap();
    let circle = Fence::circle(point(60.0, 25.0), 500.0).unwrap();
    for fence in [fence, corridor, circle] {
        let mut last_m = fence.edge_distance_m(point(59.7, 24.8));
        for step in 1..=3_000 {
            let place = point(59.7 + f64::from(step) * 1e-4, 24.8);
            let here_m = fence.edge_distance_m(place);
            // 11.1 m a step at most, and a ten-thousandth of the distance.
            assert!((here_m - last_m).abs() < 11.2 + last_m.abs() * 2e-4, "{step}: {last_m} {here_m}");
            last_m = here_m;
        }
    }
}

#[test]
fn a_fence_on_the_other_side_of_the_earth_is_as_far_as_its_nearest_corner() {
    let fence = Fence::polygon(&[rectangle(-1.0, 175.0, 1.0, 177.0)]).unwrap();
    let from = point(0.5, 0.0);
    let corners = rectangle(-1.0, 175.0, 1.0, 177.0);
    let nearest_m = corners.iter().map(|&corner| distance_m(from, corner)).fold(f64::INFINITY, f64::min);
    let got_m = fence.edge_distance_m(from);
    assert!(got_m <= nearest_m && got_m > nearest_m - 200_000.0, "{got_m} {nearest_m}");
    assert_eq!(fence.edge_distance_within_m(from, 100.0), 100.0);
    // Over the pole is nearer than along the parallel.
    let north = Fence::polygon(&[rectangle(88.0, 0.0, 88.5, 1.0)]).unwrap();
    let across = point(89.0, -179.5);
    assert_near(north.edge_distance_m(across), distance_m(across, point(88.5, 0.5)), 20.0);
}

#[test]
fn a_limit_that_is_not_a_distance_counts_as_zero() {
    let fence = Fence::polygon(&[rectangle(10.0, 20.0, 10.1, 20.1)]).unwrap();
    for limit_m in [f64::NAN, -5.0, 0.0] {
        assert_eq!(fence.edge_distance_within_m(point(10.05, 20.05), limit_m), 0.0);
    }
    let (inside, far) = (point(10.05, 20.05), point(-10.0, 150.0));
    for limit_m in [1e6, f64::INFINITY] {
        assert_near(fence.edge_distance_within_m(inside, limit_m), fence.edge_distance_m(inside), 1.0);
    }
    assert_eq!(fence.edge_distance_within_m(far, f64::INFINITY), fence.edge_distance_m(far));
}

#[test]
fn a_fence_of_150_metres_between_two_fixes_is_seen_with_its_times() {
    // 30 s at 100 km/h: 833 m, fence in the middle, both fixes far outside.
    let fence = Fence::polygon(&[rectangle(52.0, 13.0, 52.001_35, 13.002_19)]).unwrap();
    let crossings = fence.crossings(point(52.000_7, 12.995), point(52.000_7, 13.007_17));
    assert_eq!(crossings.len(), 1);
    assert_near(crossings[0].enter, 0.005 / 0.012_17, 1e-9);
    assert_near(crossings[0].exit, 0.007_19 / 0.012_17, 1e-9);
}

#[test]
fn a_segment_through_corners_or_along_edges_has_the_right_crossings() {
    let fence = Fence::polygon(&[rectangle(10.0, 20.0, 11.0, 21.0)]).unwrap();
    let crossings = |from: (f64, f64), to: (f64, f64)| {
        let crossings = fence.crossings(point(from.0, from.1), point(to.0, to.1));
        crossings.iter().map(|passage| (passage.enter, passage.exit)).collect::<Vec<_>>()
    };
    // Through two opposite corners, past one corner, and standing.
    assert_eq!(crossings((9.0, 19.0), (12.0, 22.0)), [(1.0 / 3.0, 2.0 / 3.0)]);
    assert_eq!(crossings((9.0, 20.0), (10.5, 18.5)), []);
    assert_eq!(crossings((10.0, 19.0), (9.0, 21.0)), []);
    assert_eq!(crossings((10.5, 20.5), (10.5, 20.5)), [(0.0, 1.0)]);
    assert_eq!(crossings((10.5, 22.5), (10.5, 22.5)), []);
    // Along a side: as `contains` says of places on it.
    assert_eq!(crossings((9.0, 20.0), (12.0, 20.0)), [(1.0 / 3.0, 2.0 / 3.0)]);
    assert_eq!(crossings((9.0, 21.0), (12.0, 21.0)), []);
}

#[test]
fn many_crossings_of_one_segment_are_all_found() {
    let teeth = 50;
    let mut comb = points(&[(0.0, 0.0)]);
    for tooth in 0..teeth {
        let west = f64::from(tooth) * 0.02;
        comb.extend(points(&[(1.0, west), (1.0, west + 0.01), (0.1, west + 0.01), (0.1, west + 0.02)]));
    }
    comb.extend(points(&[(0.0, 1.0)]));
    let fence = Fence::polygon(&[comb]).unwrap();
    let crossings = fence.crossings(point(0.5, -0.01), point(0.5, 1.01));
    assert_eq!(crossings.len(), teeth as usize);
    for (tooth, passage) in crossings.iter().enumerate() {
        assert_near(passage.enter * 1.02, 0.01 + tooth as f64 * 0.02, 1e-9);
        assert_near(passage.exit * 1.02, 0.02 + tooth as f64 * 0.02, 1e-9);
    }
}
