//! Distances and bearings against published values, and the rules that must hold for any points.
#![allow(clippy::unwrap_used)]

mod reference;

use milepost_domain::HeadingDeg;
use milepost_geo::{
    EARTH_RADIUS_M, Path, Point, destination, distance_m, initial_bearing, interpolate, length_m, nearest_on_segment,
    segment_distance_m,
};
use proptest::prelude::*;
use std::f64::consts::PI;

fn point(latitude: f64, longitude: f64) -> Point {
    Point::from_degrees(latitude, longitude).unwrap()
}

/// The goal is 0.56 %; the ellipsoid's flattening allows no sphere to come below 0.50 %.
const TOLERANCE: f64 = 0.00506;

#[test]
fn every_distance_is_within_0_51_percent_of_the_wgs84_geodesic() {
    for &(lat1, lon1, lat2, lon2, wgs84_m) in reference::WGS84 {
        let got_m = distance_m(point(lat1, lon1), point(lat2, lon2));
        // And the millimetre of the reference.
        let limit_m = wgs84_m * TOLERANCE + 0.001;
        assert!((got_m - wgs84_m).abs() <= limit_m, "{lat1} {lon1} {lat2} {lon2}: {got_m} for {wgs84_m}");
    }
}

/// Metres for a radian along the meridian and along the parallel of the WGS 84 ellipsoid.
fn wgs84_metres_per_radian(latitude_rad: f64) -> (f64, f64) {
    const EQUATOR_M: f64 = 6_378_137.0;
    const E2: f64 = 0.006_694_379_990_141_317;
    let w2 = 1.0 - E2 * latitude_rad.sin().powi(2);
    (EQUATOR_M * (1.0 - E2) / w2.powf(1.5), EQUATOR_M / w2.sqrt() * latitude_rad.cos())
}

#[test]
fn great_circles_of_other_radii_agree_to_the_published_digit() {
    for &(lat1, lon1, lat2, lon2, radius_m, expected_m, tolerance_m) in reference::SPHERE {
        let got_m = distance_m(point(lat1, lon1), point(lat2, lon2)) * radius_m / EARTH_RADIUS_M;
        assert!((got_m - expected_m).abs() <= tolerance_m, "{got_m} for {expected_m}");
    }
}

#[test]
fn antipodes_are_half_the_globe_apart_to_the_micrometre() {
    for (lat, lon) in [(0.0, 0.0), (12.34, 56.78), (-45.0, 179.5), (90.0, 0.0), (89.999_999, 10.0)] {
        let opposite = point(-lat, if lon > 0.0 { lon - 180.0 } else { lon + 180.0 });
        let got_m = distance_m(point(lat, lon), opposite);
        assert!((got_m - PI * EARTH_RADIUS_M).abs() < 1e-6, "{lat} {lon}: {got_m}");
    }
    // A metre short of the antipode is a metre less.
    let short = point(0.0, 180.0 - 1.0 / (EARTH_RADIUS_M * PI / 180.0));
    assert!((PI * EARTH_RADIUS_M - distance_m(point(0.0, 0.0), short) - 1.0).abs() < 1e-6);
}

#[test]
fn a_tenth_of_a_millimetre_is_still_a_distance() {
    let step_deg = 0.0001 / (EARTH_RADIUS_M * PI / 180.0);
    let got_m = distance_m(point(60.0, 20.0), point(60.0 + step_deg, 20.0));
    assert!((got_m - 0.0001).abs() < 1e-8, "{got_m}");
}

#[test]
fn the_antimeridian_is_no_edge() {
    let (west, east) = (point(10.0, -179.999), point(10.0, 179.999));
    let inland = distance_m(point(10.0, 5.0), point(10.0, 5.002));
    assert!((distance_m(west, east) - inland).abs() < 1e-3);
    assert!((initial_bearing(east, west).unwrap().get() - 90.0).abs() < 0.01);
    assert_eq!(distance_m(point(10.0, 180.0), point(10.0, -180.0)), 0.0);
    let over = interpolate(east, west, 0.75);
    assert!((over.longitude.get() + 179.9995).abs() < 1e-6, "{over:?}");
}

#[test]
fn at_a_pole_all_longitudes_are_one_place() {
    assert!(distance_m(point(90.0, 0.0), point(90.0, 123.0)) < 1e-8);
    let over_the_pole = destination(point(89.0, 0.0), HeadingDeg::new(0.0).unwrap(), 2.0 * EARTH_RADIUS_M.to_radians());
    assert!((over_the_pole.latitude.get() - 89.0).abs() < 1e-5, "{over_the_pole:?}");
    assert!((over_the_pole.longitude.get().abs() - 180.0).abs() < 1e-6, "{over_the_pole:?}");
}

#[test]
fn bearings_point_in_the_four_directions() {
    let here = point(48.0, 11.0);
    for (there, deg) in [(point(49.0, 11.0), 0.0), (point(47.0, 11.0), 180.0)] {
        assert_eq!(initial_bearing(here, there).unwrap().get(), deg);
    }
    assert!((initial_bearing(point(0.0, 0.0), point(0.0, 1.0)).unwrap().get() - 90.0).abs() < 1e-12);
    assert!((initial_bearing(point(0.0, 0.0), point(0.0, -1.0)).unwrap().get() - 270.0).abs() < 1e-12);
}

#[test]
fn equal_and_antipodal_points_have_no_bearing() {
    assert_eq!(initial_bearing(point(10.0, 20.0), point(10.0, 20.0)), None);
    assert_eq!(initial_bearing(point(0.0, 0.0), point(0.0, 180.0)), None);
}

#[test]
fn segment_distance_agrees_with_traccar() {
    // Values of Traccar's DistanceCalculatorTest (Apache-2.0), right to 5 m.
    let (start, end) = (point(56.83777, 60.59833), point(56.83766, 60.5968));
    assert!((segment_distance_m(point(56.83801, 60.59748), start, end) - 33.0).abs() < 5.0);
    assert!((segment_distance_m(point(56.83753, 60.59508), start, end) - 105.0).abs() < 5.0);
}

#[test]
fn before_and_after_a_segment_its_ends_are_nearest() {
    let (start, end) = (point(0.0, 0.0), point(0.0, 1.0));
    let before = nearest_on_segment(point(0.0, -0.5), start, end);
    assert_eq!(before.along_m, 0.0);
    assert!((before.distance_m - 0.5 * EARTH_RADIUS_M.to_radians()).abs() < 1e-6);
    let behind = nearest_on_segment(point(0.1, 1.5), start, end);
    assert_eq!(behind.along_m, distance_m(start, end));
    let point_like = nearest_on_segment(point(0.0, 1.0), start, start);
    assert_eq!((point_like.along_m, point_like.distance_m), (0.0, distance_m(start, end)));
}

#[test]
fn a_path_has_a_point_and_heading_at_each_distance() {
    let points = [point(0.0, 0.0), point(0.0, 0.0), point(0.0, 1.0), point(1.0, 1.0)];
    let path = Path::new(points).unwrap();
    let leg_m = distance_m(points[0], points[2]);

    assert_eq!(path.points().len(), 3, "the repeated point is dropped");
    assert!((path.length_m() - length_m(&points)).abs() < 1e-6);
    assert!((path.along(leg_m / 2.0).heading.get() - 90.0).abs() < 1e-6);
    assert!((path.along(leg_m * 1.5).heading.get() - 0.0).abs() < 1e-6);
    assert!((path.along(leg_m * 1.5).point.latitude.get() - 0.5).abs() < 1e-6);
    assert_eq!(path.along(-5.0).point, points[0]);
    assert_eq!(path.along(1e12).point, points[3]);
    assert_eq!(path.along(f64::NAN).point, points[0]);
    assert_eq!(Path::new([points[0], points[1]]), None);
}

fn any_point() -> impl Strategy<Value = Point> {
    // Poles and the antimeridian come up as often as everything else together.
    let latitude = prop_oneof![-90.0..=90.0, Just(90.0), Just(-90.0), Just(0.0), 89.999..=90.0];
    let longitude = prop_oneof![-180.0..=180.0, Just(180.0), Just(-180.0), Just(0.0), 179.999..=180.0];
    (latitude, longitude).prop_map(|(latitude, longitude)| point(latitude, longitude))
}

proptest! {
    /// No way is off by more than its worst piece, so that short steps at every latitude and in every direction bound
    /// all distances.
    #[test]
    fn a_short_step_anywhere_and_anyhow_is_within_0_51_percent_of_the_ellipsoid(
        latitude in prop_oneof![-89.9..=89.9, Just(0.0), Just(89.9), Just(-89.9)],
        longitude in -180.0..=180.0,
        way in prop_oneof![0.0..std::f64::consts::TAU, Just(0.0), Just(PI / 2.0)],
    ) {
        const STEP_RAD: f64 = 1e-6; // about 6 m
        let step_deg = STEP_RAD.to_degrees();
        let east_deg = step_deg * way.sin() / f64::cos(f64::to_radians(latitude));
        let (from, to) = (latitude - step_deg * way.cos() / 2.0, latitude + step_deg * way.cos() / 2.0);
        let longitude: f64 = if longitude + east_deg > 180.0 { longitude - 2.0 * east_deg } else { longitude };
        prop_assume!((longitude + east_deg).abs() <= 180.0);
        let got_m = distance_m(point(from, longitude), point(to, longitude + east_deg));
        let (north_m, east_m) = wgs84_metres_per_radian(f64::to_radians(latitude));
        let wgs84_m = (STEP_RAD * way.cos() * north_m).hypot(f64::to_radians(east_deg) * east_m);
        prop_assert!((got_m / wgs84_m - 1.0).abs() <= TOLERANCE, "{got_m} for {wgs84_m}");
    }

    #[test]
    fn distance_is_the_same_both_ways(a in any_point(), b in any_point()) {
        prop_assert!((distance_m(a, b) - distance_m(b, a)).abs() < 1e-6);
        prop_assert!(distance_m(a, b) <= PI * EARTH_RADIUS_M + 1e-6);
    }

    #[test]
    fn a_detour_is_never_shorter(a in any_point(), b in any_point(), c in any_point()) {
        prop_assert!(distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 1e-3);
    }

    #[test]
    fn a_turn_of_the_globe_changes_nothing(a in any_point(), b in any_point(), turn in -180.0..180.0) {
        let turned = |p: Point| {
            let longitude: f64 = p.longitude.get() + turn;
            point(p.latitude.get(), if longitude.abs() <= 180.0 { longitude } else { longitude - 360.0 * longitude.signum() })
        };
        prop_assert!((distance_m(a, b) - distance_m(turned(a), turned(b))).abs() < 1e-3);
    }

    #[test]
    fn a_destination_lies_as_far_away_as_asked(a in any_point(), bearing in 0.0..=360.0, way_m in 0.0..2.0e7) {
        let there = destination(a, HeadingDeg::new(bearing).unwrap(), way_m);
        prop_assert!((distance_m(a, there) - way_m).abs() < 1e-3 , "{there:?}");
    }

    #[test]
    fn bearing_and_distance_lead_to_the_point(a in any_point(), b in any_point()) {
        if let Some(bearing) = initial_bearing(a, b) {
            let reached = destination(a, bearing, distance_m(a, b));
            prop_assert!(distance_m(reached, b) < 0.05, "{} m beside", distance_m(reached, b));
        }
    }

    #[test]
    fn the_midpoint_is_equally_far_from_both_ends(a in any_point(), b in any_point()) {
        let middle = interpolate(a, b, 0.5);
        prop_assert!((distance_m(a, middle) - distance_m(middle, b)).abs() < 0.05);
        prop_assert_eq!(interpolate(a, b, 0.0), a);
        prop_assert_eq!(interpolate(a, b, 1.0), b);
    }

    #[test]
    fn no_point_of_a_segment_is_nearer_than_the_nearest_one(
        a in any_point(), b in any_point(), p in any_point(), fraction in 0.0..=1.0,
    ) {
        let nearest = nearest_on_segment(p, a, b);
        prop_assert!(nearest.distance_m <= distance_m(p, interpolate(a, b, fraction)) + 0.05);
        prop_assert!(nearest.along_m >= 0.0 && nearest.along_m <= distance_m(a, b) + 1e-3);
    }
}

proptest! {
    #[test]
    fn a_path_passes_where_its_segments_do(
        turns in prop::collection::vec((-0.5_f64..0.5, 1.0_f64..400.0), 2..120),
        latitude in -80.0_f64..80.0,
        (aside_m, bearing) in (0.0_f64..600.0, 0.0_f64..360.0),
        at in 0.0_f64..1.0,
    ) {
        let heading = |degrees: f64| HeadingDeg::new(degrees.rem_euclid(360.0)).unwrap();
        let (mut towards, mut points) = (40.0, vec![point(latitude, 179.99)]);
        for (turn, step_m) in turns {
            towards += turn * 90.0;
            points.push(destination(*points.last().unwrap(), heading(towards), step_m));
        }
        let path = Path::new(points).unwrap();
        let near = destination(path.along(at * path.length_m()).point, heading(bearing), aside_m);
        // One segment after the other.
        let (mut expected, mut best, mut along_m) = (Vec::new(), None::<(f64, f64)>, 0.0);
        for pair in path.points().windows(2) {
            let found = nearest_on_segment(near, pair[0], pair[1]);
            if found.distance_m > 120.0 {
                expected.extend(best.take());
            } else if best.is_none_or(|(least, _)| found.distance_m < least) {
                best = Some((found.distance_m, along_m + found.along_m));
            }
            along_m += distance_m(pair[0], pair[1]);
        }
        expected.extend(best);
        let passes: Vec<_> = path.passes(near, 120.0).iter().map(|pass| (pass.distance_m, pass.along_m)).collect();
        prop_assert_eq!(passes, expected);
    }
}
