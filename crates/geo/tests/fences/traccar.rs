//! The cases of Traccar's geofence tests (commit 9e5c458, Apache-2.0): see `../data/CREDITS.md`.

use super::{point, points, polygon};
use milepost_geo::Fence;

const MOSCOW: &[(f64, f64)] = &[(55.75474, 37.61823), (55.75513, 37.61888), (55.7535, 37.6222), (55.75315, 37.62165)];

const ZERO_MERIDIAN: &[(f64, f64)] = &[(51.1966, -0.6207), (51.1897, 0.4147), (50.9377, 0.5136), (50.8675, -0.6082)];

const STREET: &[(f64, f64)] = &[(56.83777, 60.59833), (56.83766, 60.5968)];

const STREETS: &[(f64, f64)] = &[(56.836, 60.6126), (56.8393, 60.6114), (56.83887, 60.60811), (56.83782, 60.5988)];

const QUEENSLAND: &[(f64, f64)] = &[
    (-23.559204099194773, 148.8653145299711),
    (-23.6000443437826, 148.85956016213584),
    (-23.600411843430095, 148.89462111436828),
    (-23.5626384786532, 148.90278297873897),
    (-23.5574863232753, 148.88137329347367),
    (-23.559204099194773, 148.8653145299711),
];

fn check(fence: &Fence, inside: &[(f64, f64)], outside: &[(f64, f64)]) {
    for &(latitude, longitude) in inside {
        let place = point(latitude, longitude);
        assert!(fence.contains(place) && fence.edge_distance_m(place) < 0.0, "{latitude} {longitude}");
    }
    for &(latitude, longitude) in outside {
        let place = point(latitude, longitude);
        assert!(!fence.contains(place) && fence.edge_distance_m(place) > 0.0, "{latitude} {longitude}");
    }
}

#[test]
fn a_circle_contains_points_within_its_radius_and_is_crossed_by_a_segment_through_it() {
    let circle = Fence::circle(point(55.75414, 37.6204), 100.0).unwrap();
    check(&circle, &[(55.75477, 37.62025)], &[(55.75545, 37.61921)]);
    assert_eq!(circle.crossings(point(55.75214, 37.6204), point(55.75614, 37.6204)).len(), 1);
    assert!(circle.crossings(point(55.76414, 37.6204), point(55.77414, 37.6204)).is_empty());
}

#[test]
fn a_polygon_contains_points_inside_and_is_crossed_by_a_segment_through_it() {
    let fence = polygon(MOSCOW);
    check(&fence, &[(55.75476, 37.61915)], &[(55.75545, 37.61921)]);
    assert_eq!(fence.crossings(point(55.752, 37.61915), point(55.756, 37.61915)).len(), 1);
    assert!(fence.crossings(point(55.76, 37.61915), point(55.77, 37.61915)).is_empty());
}

#[test]
fn the_zero_meridian_is_no_edge() {
    check(&polygon(ZERO_MERIDIAN), &[(51.0466, -0.0165), (51.0466, 0.018)], &[(50.9477, 0.5836)]);
}

#[test]
fn a_corridor_contains_points_within_its_width_to_either_side() {
    let beside = (56.83801, 60.59748);
    check(&Fence::corridor(&points(STREET), 35.0).unwrap(), &[beside], &[]);
    check(&Fence::corridor(&points(STREET), 15.0).unwrap(), &[], &[beside]);
    let around_corners = Fence::corridor(&points(STREETS), 15.0).unwrap();
    check(&around_corners, &[(56.83847, 60.60458)], &[(56.83764, 60.59725), (56.83861, 60.60822)]);
}

#[test]
fn an_area_is_measured_on_the_ground() {
    let area_m2 = polygon(QUEENSLAND).area_m2().unwrap();
    assert!((16e6..=18e6).contains(&area_m2), "{area_m2}");
}
