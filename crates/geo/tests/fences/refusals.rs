//! What is no fence, and how it is said.

use super::{point, points, rectangle};
use milepost_domain::Invalid;
use milepost_geo::{Fence, InvalidFence, Point};

#[track_caller]
fn refused(fence: Result<Fence, InvalidFence>, field: &str, message: &str) -> Option<Point> {
    let refused = fence.unwrap_err();
    assert_eq!(refused.reason.field, field, "{refused}");
    assert!(refused.reason.message.contains(message), "{refused}");
    assert_eq!(Invalid::from(refused.clone()), refused.reason);
    refused.place
}

fn ring(corners: &[(f64, f64)]) -> Result<Fence, InvalidFence> {
    Fence::polygon(&[points(corners)])
}

#[test]
fn a_ring_needs_three_different_corners_and_a_square_metre() {
    let two = [(1.0, 1.0), (2.0, 2.0), (1.0, 1.0), (2.0, 2.0), (1.0, 1.0)];
    for corners in [&[][..], &two[..1], &two[..2], &two[..3], &two] {
        refused(ring(corners), "geometry", "at least 3 different corners");
    }
    refused(ring(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]), "geometry", "at least a square metre");
    refused(ring(&[(0.0, 0.0), (0.0, 5e-6), (5e-6, 0.0)]), "geometry", "at least a square metre");
    ring(&[(0.0, 0.0), (0.0, 2e-5), (2e-5, 0.0)]).unwrap();
    refused(Fence::polygon::<Vec<Point>>(&[]), "geometry", "at least one ring");
    refused(Fence::multi_polygon::<Vec<Vec<Point>>, Vec<Point>>(&[]), "geometry", "at least one ring");
}

#[test]
fn a_ring_that_crosses_itself_is_refused_with_the_place() {
    let place =
        refused(ring(&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 4.0)]), "geometry", "cross each other").unwrap();
    let (latitude, longitude) = (place.latitude.get(), place.longitude.get());
    assert!((latitude - 4.0 / 3.0).abs() < 1e-9 && (longitude - 4.0 / 3.0).abs() < 1e-9, "{place:?}");
    let said = ring(&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 4.0)]).unwrap_err().to_string();
    assert_eq!(said, "geometry must not have edges that cross each other (see latitude 1.333333, longitude 1.333333)");
    // Over the antimeridian too.
    let place =
        refused(ring(&[(0.0, 179.0), (2.0, -179.0), (2.0, 179.0), (0.0, -179.0)]), "geometry", "cross").unwrap();
    assert!(
        (place.longitude.get().abs() - 180.0).abs() < 1e-9 && (place.latitude.get() - 1.0).abs() < 1e-9,
        "{place:?}"
    );
}

#[test]
fn a_ring_that_runs_back_along_itself_is_refused() {
    let spike = [(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 4.0), (2.0, 2.0), (2.0, 0.0)];
    refused(ring(&spike), "geometry", "lie on each other");
}

#[test]
fn holes_must_lie_in_their_ring_and_not_in_each_other() {
    let outer = || rectangle(0.0, 0.0, 10.0, 10.0);
    let with = |holes: &[Vec<Point>]| Fence::polygon(&[&[outer()], holes].concat());
    with(&[rectangle(1.0, 1.0, 2.0, 2.0), rectangle(3.0, 3.0, 4.0, 4.0)]).unwrap();
    let place = refused(with(&[rectangle(11.0, 11.0, 12.0, 12.0)]), "geometry", "holes inside their ring");
    assert_eq!(place, Some(point(11.0, 11.0)));
    refused(with(&[rectangle(-1.0, -1.0, 11.0, 11.0)]), "geometry", "holes inside their ring");
    refused(with(&[rectangle(9.0, 9.0, 11.0, 11.0)]), "geometry", "cross each other");
    refused(with(&[rectangle(0.0, 0.0, 2.0, 2.0)]), "geometry", "lie on each other");
    refused(with(&[rectangle(1.0, 1.0, 5.0, 5.0), rectangle(2.0, 2.0, 3.0, 3.0)]), "geometry", "holes in holes");
    refused(with(&[outer()]), "geometry", "lie on each other");
}

#[test]
fn polygons_of_one_fence_must_not_overlap() {
    let both = |other| Fence::multi_polygon(&[[rectangle(0.0, 0.0, 10.0, 10.0)], [other]]);
    both(rectangle(0.0, 10.0, 10.0, 20.0)).unwrap();
    for other in [
        rectangle(5.0, 5.0, 15.0, 15.0),
        rectangle(1.0, 1.0, 2.0, 2.0),
        rectangle(-5.0, -5.0, 15.0, 15.0),
        rectangle(0.0, 0.0, 10.0, 10.0),
        // Their sides lie on each other or end on each other, and none crosses one.
        rectangle(0.0, 5.0, 10.0, 15.0),
    ] {
        refused(both(other), "geometry", "polygons that overlap");
    }
}

#[test]
fn too_many_corners_are_refused_and_the_largest_number_is_accepted() {
    let circle = |corners: usize| {
        let angles = (0..corners).map(|corner| corner as f64 / corners as f64 * std::f64::consts::TAU);
        angles.map(|angle| point(50.0 + angle.sin(), 10.0 + angle.cos())).collect::<Vec<_>>()
    };
    Fence::polygon(&[circle(Fence::MAX_CORNERS)]).unwrap();
    refused(Fence::polygon(&[circle(Fence::MAX_CORNERS + 1)]), "geometry", "at most 10000 corners");
    Fence::corridor(&circle(Fence::MAX_CORNERS), 5.0).unwrap();
    refused(Fence::corridor(&circle(Fence::MAX_CORNERS + 1), 5.0), "geometry", "at most 10000 corners");
    let triangles: Vec<_> = (0..3_334).map(|_| vec![rectangle(0.0, 0.0, 1.0, 1.0)[..3].to_vec()]).collect();
    refused(Fence::multi_polygon(&triangles), "geometry", "at most 10000 corners");
}

#[test]
fn radius_and_width_have_a_range_without_nan() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0];
    for radius_m in odd.into_iter().chain([9.999, 100_000.1]) {
        refused(Fence::circle(point(1.0, 1.0), radius_m), "radius_m", "from 10 to 100000");
    }
    for width_m in odd.into_iter().chain([4.999, 5_000.1]) {
        refused(Fence::corridor(&points(&[(1.0, 1.0), (1.0, 2.0)]), width_m), "width_m", "from 5 to 5000");
    }
    for radius_m in [10.0, 100_000.0] {
        Fence::circle(point(1.0, 1.0), radius_m).unwrap();
    }
}

#[test]
fn a_corridor_needs_a_line_away_from_the_poles() {
    let corridor = |line: &[(f64, f64)]| Fence::corridor(&points(line), 100.0);
    for line in [&[][..], &[(1.0, 1.0)], &[(1.0, 1.0), (1.0, 1.0)], &[(1.0, 180.0), (1.0, -180.0)]] {
        refused(corridor(line), "geometry", "at least 2 different corners");
    }
    refused(corridor(&[(85.1, 1.0), (84.0, 1.0)]), "geometry", "within 85 degrees");
    let round = [(1.0, 0.0), (1.0, 120.0), (1.0, -120.0), (1.0, 0.0), (1.0, 10.0)];
    refused(corridor(&round), "geometry", "at most 360 degrees of longitude");
}

#[test]
fn rings_that_cannot_be_drawn_in_a_plane_are_refused() {
    refused(ring(&[(90.0, 0.0), (80.0, 0.0), (80.0, 10.0)]), "geometry", "corner at a pole");
    refused(ring(&[(-80.0, 0.0), (80.0, 179.0), (0.0, 90.0)]), "geometry", "longer than half the Earth");
    refused(ring(&[(10.0, 0.0), (10.0, 120.0), (-10.0, -120.0)]), "geometry", "one side of the equator");
    let twice = [(70.0, 0.0), (70.0, 120.0), (70.0, -120.0), (60.0, 0.0), (60.0, 120.0), (60.0, -120.0)];
    refused(ring(&twice), "geometry", "only once");
}
