//! Fences where longitudes jump: over the antimeridian and round the poles.

use super::{assert_near, point, points, polygon, rectangle};
use milepost_geo::{EARTH_RADIUS_M, Fence, FenceIndex, distance_m};
use std::f64::consts::PI;

#[test]
fn a_ring_over_the_antimeridian_is_the_small_one() {
    let fence = polygon(&[(-20.0, 177.0), (-20.0, -178.0), (-15.0, -178.0), (-15.0, 177.0)]);
    for longitude in [177.5, 180.0, -180.0, -178.5] {
        assert!(fence.contains(point(-17.0, longitude)), "{longitude}");
    }
    for longitude in [176.5, -177.5, 0.0] {
        assert!(!fence.contains(point(-17.0, longitude)), "{longitude}");
    }
    let (bounds, centre) = (fence.bounds(), point(-17.5, -180.0));
    assert_eq!((bounds.west().get(), bounds.east().get()), (177.0, -178.0));
    assert!(bounds.contains(centre) && !bounds.contains(point(-17.5, 0.0)));
    let south_m = distance_m(centre, point(-20.0, 180.0));
    let crossings = fence.crossings(point(-17.0, 176.0), point(-17.0, -176.0));
    assert_eq!(crossings.len(), 1);
    assert_near(crossings[0].enter, 1.0 / 8.0, 1e-9);
    assert_near(crossings[0].exit, 6.0 / 8.0, 1e-9);
    assert_near(fence.edge_distance_m(point(-19.0, 180.0)), -south_m / 2.5, south_m * 1e-3);
}

#[test]
fn a_polygon_cut_at_the_antimeridian_is_the_same_as_uncut() {
    let whole = polygon(&[(-20.0, 177.0), (-20.0, -178.0), (-15.0, -178.0), (-15.0, 177.0)]);
    // As RFC 7946 writes it; the second time with other corners on the two sides of the cut.
    let east = rectangle(-20.0, -180.0, -15.0, -178.0);
    let west = rectangle(-20.0, 177.0, -15.0, 180.0);
    let west_with_more =
        points(&[(-20.0, 177.0), (-20.0, 180.0), (-18.1, 180.0), (-16.3, 180.0), (-15.0, 180.0), (-15.0, 177.0)]);
    for west in [west, west_with_more] {
        let cut = Fence::multi_polygon(&[[west], [east.clone()]]).unwrap();
        assert_eq!(cut.bounds(), whole.bounds());
        assert_near(cut.area_m2().unwrap(), whole.area_m2().unwrap(), 1.0);
        for step in 0..400 {
            let longitude = 176.0 + f64::from(step) * 0.02;
            let place = point(-17.3, if longitude > 180.0 { longitude - 360.0 } else { longitude });
            assert_eq!(cut.contains(place), whole.contains(place), "{longitude}");
            assert_near(cut.edge_distance_m(place), whole.edge_distance_m(place), 1e-6);
            assert_eq!(cut.edge_distance_within_m(place, 40.0), whole.edge_distance_within_m(place, 40.0));
        }
        let way = (point(-17.0, 176.0), point(-16.0, -176.0));
        assert_eq!(cut.crossings(way.0, way.1), whole.crossings(way.0, way.1));
    }
}

#[test]
fn half_a_cut_alone_ends_at_the_antimeridian() {
    let fence = Fence::polygon(&[rectangle(-20.0, 177.0, -15.0, 180.0)]).unwrap();
    let beside = point(-17.0, -179.99);
    assert!(!fence.contains(beside) && fence.contains(point(-17.0, 179.99)));
    assert_near(fence.edge_distance_m(beside), distance_m(beside, point(-17.0, 180.0)), 1.0);
    assert_eq!(fence.crossings(point(-17.0, 179.9), point(-17.0, -179.9)).len(), 1);
}

#[test]
fn a_ring_round_a_pole_encloses_the_pole_on_its_side() {
    for side in [1.0, -1.0] {
        let fence = polygon(&[(side * 80.0, 0.0), (side * 80.0, 120.0), (side * 80.0, -120.0)]);
        for longitude in [-180.0, -90.0, 0.0, 59.0, 180.0] {
            assert!(fence.contains(point(side * 90.0, longitude)), "{side} {longitude}");
            assert!(fence.contains(point(side * 80.1, longitude)), "{side} {longitude}");
            assert!(!fence.contains(point(side * 79.9, longitude)), "{side} {longitude}");
            let inside = point(side * 80.1, longitude);
            let edge_m = distance_m(inside, point(side * 80.0, longitude));
            assert_near(fence.edge_distance_m(inside), -edge_m, edge_m * 1e-3);
        }
        let pole = point(side * 90.0, 0.0);
        let edge_m = distance_m(pole, point(side * 80.0, 0.0));
        assert_near(fence.edge_distance_m(pole), -edge_m, edge_m * 1e-6);
        assert_eq!(fence.edge_distance_within_m(pole, 500.0), -500.0);
        let bounds = fence.bounds();
        assert!(bounds.is_all_round() && bounds.contains(pole) && !bounds.contains(point(-side * 85.0, 0.0)));
        let cap_m2 = 2.0 * PI * EARTH_RADIUS_M.powi(2) * (1.0 - 10.0_f64.to_radians().cos());
        assert_near(fence.area_m2().unwrap(), cap_m2, cap_m2 * 1e-9);
        let crossings = fence.crossings(point(side * 79.0, 179.5), point(side * 81.0, -179.5));
        assert_eq!(crossings.len(), 1);
        assert_near(crossings[0].enter, 0.5, 1e-9);
        assert_eq!(crossings[0].exit, 1.0);
    }
}

#[test]
fn a_belt_round_a_pole_has_no_seam() {
    let cut = points(&[
        (80.0, -180.0),
        (80.0, -60.0),
        (80.0, 60.0),
        (80.0, 180.0),
        (85.0, 180.0),
        (85.0, 60.0),
        (85.0, -60.0),
        (85.0, -180.0),
    ]);
    let with_hole =
        [points(&[(80.0, 0.0), (80.0, 120.0), (80.0, -120.0)]), points(&[(85.0, 0.0), (85.0, 120.0), (85.0, -120.0)])];
    for fence in [Fence::polygon(&[cut]).unwrap(), Fence::polygon(&with_hole).unwrap()] {
        let seam = point(82.0, 180.0);
        let edge_m = distance_m(seam, point(80.0, 180.0));
        assert_near(fence.edge_distance_m(seam), -edge_m, edge_m * 1e-4);
        assert_eq!(fence.crossings(point(82.0, 179.0), point(82.0, -179.0)).len(), 1);
        assert!(!fence.contains(point(90.0, 0.0)) && !fence.contains(point(86.0, 180.0)));
        assert!(!fence.contains(point(79.0, -180.0)) && fence.contains(point(82.0, -180.0)));
    }
}

#[test]
fn a_circle_may_hold_a_pole_or_lie_over_the_antimeridian() {
    let polar = Fence::circle(point(89.9, 40.0), 50_000.0).unwrap();
    assert!(polar.contains(point(90.0, 0.0)) && polar.contains(point(89.8, -140.0)));
    assert!(polar.bounds().is_all_round() && !polar.contains(point(89.5, -140.0)));
    let pacific = Fence::circle(point(-17.0, 179.999), 500.0).unwrap();
    assert!(pacific.contains(point(-17.0, -179.999)) && pacific.bounds().contains(point(-17.0, -179.999)));
    assert_eq!(pacific.crossings(point(-17.0, 179.9), point(-17.0, -179.9)).len(), 1);
    assert_eq!(pacific.crossings(point(-17.0, -179.9), point(-17.0, 179.9)).len(), 1);
}

#[test]
fn a_corridor_may_lie_over_the_antimeridian() {
    let corridor = Fence::corridor(&points(&[(-17.0, 179.95), (-17.0, -179.95)]), 500.0).unwrap();
    for longitude in [179.96, 180.0, -180.0, -179.96] {
        assert_near(corridor.edge_distance_m(point(-17.0, longitude)), -500.0, 0.1);
    }
    assert_eq!(corridor.crossings(point(-17.1, -179.99), point(-16.9, -179.99)).len(), 1);
    assert_eq!(corridor.crossings(point(-17.1, 179.99), point(-16.9, 179.99)).len(), 1);
}

#[test]
fn the_index_finds_fences_over_the_antimeridian_and_round_a_pole() {
    let fences = [
        polygon(&[(-20.0, 177.0), (-20.0, -178.0), (-15.0, -178.0), (-15.0, 177.0)]),
        polygon(&[(80.0, 0.0), (80.0, 120.0), (80.0, -120.0)]),
        Fence::circle(point(-17.0, -179.5), 500.0).unwrap(),
        Fence::circle(point(89.99, 100.0), 5_000.0).unwrap(),
    ];
    let index = FenceIndex::new(&fences);
    let near = |latitude, longitude, margin_m| {
        let mut found = Vec::new();
        index.near(point(latitude, longitude), margin_m, |id| found.push(id));
        found.sort_unstable();
        found
    };
    assert_eq!(near(-17.0, 178.0, 0.0), [0]);
    assert_eq!(near(-17.0, -179.5, 0.0), [0, 2]);
    assert_eq!(near(-17.0, 180.0, 60_000.0), [0, 2]);
    assert_eq!(near(85.0, -70.0, 0.0), [1]);
    assert_eq!(near(89.99, -80.0, 0.0), [1, 3]);
    assert_eq!(near(0.0, 0.0, 1_000.0), [0; 0]);
    let mut found = Vec::new();
    index.near_segment(point(-17.0, 179.0), point(-17.0, -179.0), 0.0, |id| found.push(id));
    found.sort_unstable();
    assert_eq!(found, [0, 2]);
}
