//! What each shape covers.

use super::{assert_near, point, points, polygon, rectangle};
use milepost_geo::{EARTH_RADIUS_M, Fence, distance_m};
use std::f64::consts::PI;

#[test]
fn a_hole_is_outside_and_its_edge_is_an_edge_of_the_fence() {
    let (outer, hole) = (rectangle(10.0, 20.0, 10.1, 20.1), rectangle(10.04, 20.04, 10.06, 20.06));
    let fence = Fence::polygon(&[outer.clone(), hole.clone()]).unwrap();
    assert!(!fence.contains(point(10.05, 20.05)) && fence.contains(point(10.02, 20.05)));
    // The hole's eastern and western edges are nearer than the others: a hundredth of a degree of a parallel.
    let to_hole_m = distance_m(point(10.05, 20.05), point(10.05, 20.06));
    assert_near(fence.edge_distance_m(point(10.05, 20.05)), to_hole_m, 0.1);
    let whole_m2 = Fence::polygon(&[outer]).unwrap().area_m2().unwrap();
    let hole_m2 = Fence::polygon(&[hole]).unwrap().area_m2().unwrap();
    assert_near(fence.area_m2().unwrap(), whole_m2 - hole_m2, 1e-3);
    // In, out into the hole, in again, out: at known places of the way.
    let crossings = fence.crossings(point(10.05, 19.9), point(10.05, 20.2));
    let got: Vec<f64> = crossings.iter().flat_map(|passage| [passage.enter * 0.3, passage.exit * 0.3]).collect();
    for (got, expected) in got.iter().zip([0.1, 0.14, 0.16, 0.2]) {
        assert_near(*got, expected, 1e-9);
    }
    assert_eq!(got.len(), 4);
}

#[test]
fn rings_may_be_open_or_closed_turn_either_way_and_repeat_a_corner() {
    let open = [(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0)];
    let closed = [(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0), (1.0, 1.0)];
    let backwards = [(2.0, 1.0), (2.0, 2.0), (1.0, 2.0), (1.0, 1.0)];
    let repeated = [(1.0, 1.0), (1.0, 2.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0), (1.0, 1.0), (1.0, 1.0)];
    for ring in [&open[..], &closed, &backwards, &repeated] {
        let fence = polygon(ring);
        assert!(fence.contains(point(1.5, 1.5)) && !fence.contains(point(2.5, 1.5)), "{ring:?}");
        assert_near(fence.area_m2().unwrap(), polygon(&open).area_m2().unwrap(), 1.0);
    }
}

#[test]
fn a_place_on_a_shared_border_is_in_exactly_one_of_two_neighbours() {
    let (west, east) = (rectangle(10.0, 20.0, 10.3, 20.1), rectangle(10.0, 20.1, 10.3, 20.2));
    let (west, east) = (Fence::polygon(&[west]).unwrap(), Fence::polygon(&[east]).unwrap());
    assert!(!west.contains(point(10.05, 20.1)) && east.contains(point(10.05, 20.1)));
    let border = [(48.1234, 11.5678), (48.2345, 11.4321)];
    let left = polygon(&[border[0], border[1], (48.1, 11.3)]);
    let right = polygon(&[border[1], border[0], (48.2, 11.7)]);
    for step in 1..1000 {
        let part = f64::from(step) / 1000.0;
        let place = point(48.1234 + part * (48.2345 - 48.1234), 11.5678 + part * (11.4321 - 11.5678));
        assert!(left.contains(place) != right.contains(place), "{place:?}");
        assert_near(left.edge_distance_m(place), 0.0, 1e-6);
    }
}

#[test]
fn several_polygons_are_one_fence_and_a_border_between_them_is_no_edge() {
    let fence = Fence::multi_polygon(&[
        [rectangle(10.0, 20.0, 10.1, 20.1)],
        [rectangle(10.0, 20.1, 10.1, 20.2)],
        [rectangle(10.0, 20.5, 10.1, 20.6)],
    ])
    .unwrap();
    assert!(fence.contains(point(10.05, 20.55)) && !fence.contains(point(10.05, 20.4)));
    let border = point(10.05, 20.1);
    assert!(fence.contains(border));
    let south_m = distance_m(border, point(10.0, 20.1));
    assert_near(fence.edge_distance_m(border), -south_m, south_m * 1e-4);
    assert_eq!(fence.crossings(point(10.05, 20.05), point(10.05, 20.15)).len(), 1);
    assert_eq!(fence.crossings(point(10.05, 19.0), point(10.05, 21.0)).len(), 2);
}

#[test]
fn an_island_may_lie_in_a_lake() {
    let lake = vec![rectangle(10.0, 20.0, 10.9, 20.9), rectangle(10.2, 20.2, 10.7, 20.7)];
    let fence = Fence::multi_polygon(&[lake, vec![rectangle(10.4, 20.4, 10.5, 20.5)]]).unwrap();
    let inside = |latitude| fence.contains(point(latitude, 20.45));
    assert_eq!([10.1, 10.3, 10.45, 10.6, 10.8].map(inside), [true, false, true, false, true]);
}

#[test]
fn rings_may_touch_in_a_point() {
    // Two triangles that meet in a corner, and a hole that meets its ring in one.
    let bow = polygon(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (2.0, 0.0), (1.0, 1.0), (0.0, 2.0)]);
    assert!(bow.contains(point(1.5, 1.2)) == bow.contains(point(0.5, 0.8)));
    let hole = points(&[(0.0, 1.0), (1.0, 0.8), (1.0, 1.2)]);
    let fence = Fence::polygon(&[rectangle(0.0, 0.0, 2.0, 2.0), hole]).unwrap();
    assert!(!fence.contains(point(0.9, 1.0)) && fence.contains(point(0.9, 0.5)));
}

#[test]
fn a_circle_is_crossed_where_its_radius_says() {
    let degree_m = EARTH_RADIUS_M * PI / 180.0;
    let centre = point(60.0, 25.0);
    let circle = Fence::circle(centre, 0.1 * degree_m).unwrap();
    assert_near(circle.edge_distance_m(centre), -0.1 * degree_m, 1e-6);
    let crossings = circle.crossings(point(59.8, 25.0), point(60.2, 25.0));
    assert_eq!(crossings.len(), 1);
    assert_near(crossings[0].enter, 0.25, 1e-7);
    assert_near(crossings[0].exit, 0.75, 1e-7);
    let cap_m2 = 2.0 * PI * EARTH_RADIUS_M.powi(2) * (1.0 - 0.1_f64.to_radians().cos());
    assert_near(circle.area_m2().unwrap(), cap_m2, cap_m2 * 1e-8);
    // A way past its top, a metre inside and a metre outside, halfway between fixes far apart.
    for (top_m, expected) in [(-1.0, 1), (1.0, 0)] {
        let top = 60.1 + top_m / degree_m;
        assert_eq!(circle.crossings(point(top, 24.0), point(top, 26.0)).len(), expected, "{top_m}");
    }
}

#[test]
fn a_corridor_follows_its_line_with_round_ends_and_may_cross_itself() {
    let degree_m = EARTH_RADIUS_M * PI / 180.0;
    let line = points(&[(0.0, 0.0), (0.0, 0.1), (0.05, 0.1), (0.05, 0.05), (-0.05, 0.05)]);
    let corridor = Fence::corridor(&line, 100.0).unwrap();
    for (latitude, longitude, beside_m) in
        [(0.0005, 0.02, 0.0005), (-0.002, 0.02, 0.002), (0.0, -0.003, 0.003), (-0.053, 0.05, 0.003), (0.02, 0.05, 0.0)]
    {
        let place = point(latitude, longitude);
        let expected_m = beside_m * degree_m - 100.0;
        assert_near(corridor.edge_distance_m(place), expected_m, 0.01);
        assert_eq!(corridor.contains(place), expected_m <= 0.0);
    }
    // Across the line twice: 100 m to both sides of it.
    let crossings = corridor.crossings(point(-0.02, 0.08), point(0.08, 0.08));
    let got: Vec<f64> = crossings.iter().flat_map(|passage| [passage.enter, passage.exit]).collect();
    let half = 100.0 / (0.1 * degree_m);
    for (got, expected) in got.iter().zip([0.2 - half, 0.2 + half, 0.7 - half, 0.7 + half]) {
        assert_near(*got, expected, 1e-6);
    }
    assert_eq!(got.len(), 4);
    assert_eq!(corridor.area_m2(), None);
}

#[test]
fn edges_are_straight_in_degrees_not_along_great_circles() {
    // Between these corners a great circle bulges more than a degree to the north of the parallel.
    let fence = polygon(&[(60.0, 0.0), (60.0, 40.0), (50.0, 40.0), (50.0, 0.0)]);
    assert!(fence.contains(point(59.999, 20.0)) && !fence.contains(point(60.001, 20.0)));
    let degree_m = EARTH_RADIUS_M * PI / 180.0;
    assert_near(fence.edge_distance_m(point(60.01, 20.0)), 0.01 * degree_m, 0.2);
    assert_near(fence.edge_distance_m(point(59.0, 20.0)), -degree_m, 20.0);
}
