//! What must hold for any fence.

use super::point;
use milepost_geo::{Fence, Point, distance_m};
use proptest::prelude::*;
use std::f64::consts::TAU;

/// A fence about any centre: offsets are degrees of latitude, north and as far east.
#[derive(Debug, Clone)]
enum Drawing {
    /// Rings of corners around the centre, so that no two edges cross.
    Polygon {
        rings: Vec<Vec<(f64, f64)>>,
    },
    Circle {
        reach: f64,
    },
    Corridor {
        line: Vec<(f64, f64)>,
        width_m: f64,
    },
}

fn moved(centre: Point, (north, east): (f64, f64)) -> Point {
    let latitude = centre.latitude.get();
    let longitude = centre.longitude.get() + east / latitude.to_radians().cos();
    point(latitude + north, longitude - 360.0 * (longitude / 360.0).round())
}

impl Drawing {
    fn around(&self, centre: Point) -> Fence {
        let place = |offsets: &[(f64, f64)]| offsets.iter().map(|&offset| moved(centre, offset)).collect::<Vec<_>>();
        match self {
            Self::Polygon { rings } => {
                Fence::polygon(&rings.iter().map(|ring| place(ring)).collect::<Vec<_>>()).unwrap()
            }
            Self::Circle { reach } => Fence::circle(centre, reach * 111_000.0).unwrap(),
            Self::Corridor { line, width_m } => Fence::corridor(&place(line), *width_m).unwrap(),
        }
    }
}

fn drawings() -> impl Strategy<Value = Drawing> {
    let sizes = prop_oneof![0.001..0.01_f64, 0.1..0.5_f64].boxed();
    let star = (sizes.clone(), prop::collection::vec((0.3..1.0_f64, 0.0..0.8_f64), 6..60), any::<bool>());
    let polygon = star.prop_map(|(size, corners, has_hole)| {
        let count = corners.len() as f64;
        let ring = |size: f64| {
            let corners = corners.iter().enumerate().map(|(corner, &(reach, turn))| {
                let angle = (corner as f64 + turn) / count * TAU;
                (size * reach * angle.sin(), size * reach * angle.cos())
            });
            corners.collect()
        };
        // The same star, smaller, lies inside.
        let sizes = if has_hole { &[size, size / 2.0][..] } else { &[size] };
        Drawing::Polygon { rings: sizes.iter().map(|&size| ring(size)).collect() }
    });
    let offsets = prop::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64), 2..20);
    let corridor = (sizes.clone(), offsets, 5.0..5_000.0_f64).prop_map(|(size, offsets, width_m)| {
        let line = offsets.into_iter().map(|(north, east)| (size * north, size * east)).collect();
        Drawing::Corridor { line, width_m }
    });
    prop_oneof![3 => polygon, 1 => sizes.prop_map(|reach| Drawing::Circle { reach }), 2 => corridor]
}

/// Fences about a centre; near a pole circles and rings round it.
pub(super) fn fences(centre: Point) -> BoxedStrategy<Fence> {
    if centre.latitude.get().abs() < 80.0 {
        return drawings().prop_map(move |drawing| drawing.around(centre)).boxed();
    }
    let ring = move |turn: f64| {
        let latitude = centre.latitude.get().clamp(-89.9, 89.9);
        Fence::polygon(&[[0.0, 120.0, -120.0].map(|longitude| point(latitude, longitude + turn))]).unwrap()
    };
    prop_oneof![
        (10.0..100_000.0_f64).prop_map(move |radius_m| Fence::circle(centre, radius_m).unwrap()),
        (-60.0..60.0_f64).prop_map(ring),
    ]
    .boxed()
}

fn centres() -> impl Strategy<Value = Point> {
    (-79.0..79.0_f64, prop_oneof![-180.0..=180.0_f64, 179.0..=180.0_f64, -180.0..=-179.0_f64])
        .prop_map(|(latitude, longitude)| point(latitude, longitude))
}

/// Near the fence's edge, anywhere about it, and far away.
fn offsets() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        3 => (-0.012..0.012_f64, -0.012..0.012_f64),
        3 => (-0.6..0.6_f64, -0.6..0.6_f64),
        1 => (-8.0..8.0_f64, -10.0..10.0_f64),
    ]
}

/// Of how many places on an edge the nearest is looked for.
const SAMPLES: u32 = 500;

/// Metres from a place to the nearest of many on the drawing's lines, or to the circle's centre; how far one of them
/// may lie from the nearest place of all; how far inside the fence's edge the lines are.
fn sampled_m(drawing: &Drawing, centre: Point, from: Point) -> (f64, f64, f64) {
    let sample = |offsets: &[(f64, f64)], is_closed: bool| {
        let next = offsets[1..].iter().chain(is_closed.then_some(&offsets[0]));
        let (mut nearest_m, mut longest_m) = (f64::INFINITY, 0.0_f64);
        for (a, b) in offsets.iter().zip(next) {
            longest_m = longest_m.max((b.0 - a.0).hypot(b.1 - a.1) * 112_000.0);
            for step in 0..=SAMPLES {
                let part = f64::from(step) / f64::from(SAMPLES);
                let offset = (a.0 + part * (b.0 - a.0), a.1 + part * (b.1 - a.1));
                nearest_m = nearest_m.min(distance_m(from, moved(centre, offset)));
            }
        }
        (nearest_m, longest_m / f64::from(SAMPLES))
    };
    match drawing {
        Drawing::Polygon { rings } => {
            let sampled = rings.iter().map(|ring| sample(ring, true));
            let (nearest_m, step_m) = sampled.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap();
            (nearest_m, step_m, 0.0)
        }
        Drawing::Circle { reach } => (distance_m(from, centre), 0.0, reach * 111_000.0),
        Drawing::Corridor { line, width_m } => {
            let (nearest_m, step_m) = sample(line, false);
            (nearest_m, step_m, *width_m)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_distance_is_negative_inside_and_its_limited_form_agrees(
        drawing in drawings(),
        centre in centres(),
        offset in offsets(),
        limit_m in prop_oneof![0.0..200.0_f64, 0.0..50_000.0_f64],
    ) {
        let (fence, place) = (drawing.around(centre), moved(centre, offset));
        let exact_m = fence.edge_distance_m(place);
        prop_assert_eq!(fence.contains(place), exact_m < 0.0, "{}", exact_m);
        let limited_m = fence.edge_distance_within_m(place, limit_m);
        let tolerance_m = 0.001 + exact_m.abs() * 2e-4;
        prop_assert!((limited_m - exact_m.clamp(-limit_m, limit_m)).abs() < tolerance_m, "{limited_m} for {exact_m}");
        prop_assert!(limited_m == 0.0 || (limited_m < 0.0) == (exact_m < 0.0));
    }

    #[test]
    fn the_distance_is_measured_to_the_nearest_point_of_the_edge(
        drawing in drawings(),
        centre in centres(),
        offset in offsets(),
    ) {
        let (fence, place) = (drawing.around(centre), moved(centre, offset));
        let (sampled_m, step_m, inside_m) = sampled_m(&drawing, centre, place);
        let signed_m = fence.edge_distance_m(place);
        let got_m = if matches!(drawing, Drawing::Polygon { .. }) { signed_m.abs() } else { signed_m + inside_m };
        // At right angles the nearest place is half a step from the nearest sample at most. A parallel may be longer
        // than the one through the centre: at these latitudes by a tenth.
        let half_m = step_m * 0.6;
        let aside_m = (got_m.hypot(half_m) - got_m) + got_m * 1e-4 + 0.001;
        prop_assert!((got_m - sampled_m).abs() < aside_m, "{got_m} for {sampled_m}");
    }

    #[test]
    fn crossings_agree_with_points_sampled_along_the_segment(
        drawing in drawings(),
        centre in centres(),
        from in offsets(),
        to in offsets(),
    ) {
        let (fence, start) = (drawing.around(centre), moved(centre, from));
        let at = |part: f64| moved(centre, (from.0 + part * (to.0 - from.0), from.1 + part * (to.1 - from.1)));
        let crossings = fence.crossings(start, at(1.0));
        prop_assert!(crossings.iter().all(|passage| passage.enter < passage.exit));
        prop_assert!(crossings.windows(2).all(|pair| pair[0].exit < pair[1].enter));
        prop_assert!(crossings.iter().all(|passage| passage.enter >= 0.0 && passage.exit <= 1.0));
        for step in 0..=400 {
            let part = f64::from(step) / 400.0;
            let is_passed = crossings.iter().any(|passage| (passage.enter..=passage.exit).contains(&part));
            let off_m = fence.edge_distance_m(at(part));
            // At the edge itself a few centimetres may be either.
            prop_assert!(is_passed == (off_m < 0.0) || off_m.abs() < 0.05, "{part}: {off_m} {crossings:?}");
        }
        for passage in crossings.iter() {
            for end in [passage.enter, passage.exit] {
                let off_m = fence.edge_distance_m(at(end));
                prop_assert!(off_m.abs() < 0.05 || (end == 0.0 || end == 1.0) && off_m < 0.0, "{end}: {off_m}");
            }
        }
    }

    #[test]
    fn a_fence_moved_over_the_antimeridian_answers_the_same(
        drawing in drawings(),
        latitude in -79.0..79.0_f64,
        beside in -0.6..0.6_f64,
        from in offsets(),
        to in offsets(),
    ) {
        let here = point(latitude, 11.0);
        let there = moved(point(latitude, 180.0), (0.0, beside));
        let (fence, over) = (drawing.around(here), drawing.around(there));
        let (a, b) = (fence.edge_distance_m(moved(here, from)), over.edge_distance_m(moved(there, from)));
        prop_assert!((a - b).abs() < 1e-5, "{a} {b}");
        prop_assert_eq!(fence.contains(moved(here, from)), over.contains(moved(there, from)));
        let a = fence.crossings(moved(here, from), moved(here, to));
        let b = over.crossings(moved(there, from), moved(there, to));
        prop_assert_eq!(a.len(), b.len());
        for (a, b) in a.iter().zip(b.iter()) {
            prop_assert!((a.enter - b.enter).abs() < 1e-5 && (a.exit - b.exit).abs() < 1e-5, "{a:?} {b:?}");
        }
        let (a, b) = (fence.area_m2().unwrap_or(0.0), over.area_m2().unwrap_or(0.0));
        prop_assert!((a - b).abs() <= 0.01 + a * 1e-7, "{a} {b}");
    }
}
