//! The index names every fence that a look at each one finds, and none twice.

use super::properties::fences;
use super::{point, rectangle};
use milepost_geo::{Bounds, Fence, FenceIndex, Point};
use proptest::prelude::*;

fn found(search: impl FnOnce(&mut dyn FnMut(usize))) -> Result<Vec<usize>, TestCaseError> {
    let mut ids = Vec::new();
    search(&mut |id| ids.push(id));
    ids.sort_unstable();
    prop_assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "named twice: {ids:?}");
    Ok(ids)
}

/// Anywhere, and often where longitudes jump.
fn places() -> impl Strategy<Value = Point> {
    let latitudes = prop_oneof![-90.0..=90.0_f64, 89.0..=90.0_f64, -90.0..=-89.0_f64, -20.0..=-19.0_f64];
    let longitudes = prop_oneof![-180.0..=180.0_f64, 179.0..=180.0_f64, -180.0..=-179.0_f64];
    (latitudes, longitudes).prop_map(|(latitude, longitude)| point(latitude, longitude))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_fence_within_the_margin_is_found(
        fences in prop::collection::vec(places().prop_flat_map(fences), 1..80),
        place in places(),
        near in prop::option::of(any::<prop::sample::Index>()),
        margin_m in prop_oneof![Just(0.0), 0.0..500.0, 0.0..200_000.0_f64],
        step in (-0.2..0.2_f64, -1.0..1.0_f64),
    ) {
        let index = FenceIndex::new(&fences);
        prop_assert_eq!(index.len(), fences.len());
        // Else hardly any place would be near any fence.
        let place = near.map_or(place, |near| {
            let bounds = fences[near.index(fences.len())].bounds();
            Point::new(bounds.south(), bounds.west())
        });
        let ids = found(|visit| index.near(place, margin_m, visit))?;
        let expected = (0..fences.len()).filter(|&id| fences[id].edge_distance_m(place) <= margin_m);
        for id in expected {
            prop_assert!(ids.contains(&id), "{id} of {ids:?}");
        }
        for &id in &ids {
            // A little more, for single precision.
            let is_beside = fences[id].bounds().grown(margin_m * 1.1 + 20.0).contains(place);
            prop_assert!(is_beside || place.latitude.get().abs() > 80.0);
        }
        let longitude = place.longitude.get() + step.1;
        let longitude = if longitude.abs() > 180.0 { longitude - 360.0 * longitude.signum() } else { longitude };
        let to = point((place.latitude.get() + step.0).clamp(-90.0, 90.0), longitude);
        let on_way = found(|visit| index.near_segment(place, to, margin_m, visit))?;
        for id in (0..fences.len()).filter(|&id| {
            let is_near = |place| fences[id].edge_distance_m(place) <= margin_m;
            is_near(place) || is_near(to) || !fences[id].crossings(place, to).is_empty()
        }) {
            prop_assert!(on_way.contains(&id), "{id} of {on_way:?} to {to:?}");
        }
    }
}

#[test]
fn an_empty_index_finds_no_fence() {
    let index = FenceIndex::new(&[]);
    assert!(index.is_empty());
    index.near(point(0.0, 0.0), 1e9, |_| panic!("there is none"));
}

#[test]
fn a_long_segment_finds_few_of_the_fences_beside_it() {
    let fences: Vec<Fence> = (0..10_000)
        .map(|id| point(50.0 + f64::from(id % 100) * 0.01, 10.0 + f64::from(id / 100) * 0.01))
        .map(|centre| Fence::circle(centre, 100.0).unwrap())
        .collect();
    let index = FenceIndex::new(&fences);
    let mut on_way = Vec::new();
    index.near_segment(point(50.0, 10.0), point(50.99, 10.99), 10.0, |id| on_way.push(id));
    on_way.sort_unstable();
    assert_eq!(on_way, (0..100).map(|step| step * 101).collect::<Vec<_>>());
    let mut falling = 0;
    index.near_segment(point(50.99, 10.0), point(50.0, 10.99), 10.0, |_| falling += 1);
    assert_eq!(falling, 100);
}

#[test]
fn a_search_finds_a_fence_only_within_its_margin() {
    let index = FenceIndex::new(&[Fence::polygon(&[rectangle(10.0, 20.0, 10.1, 20.1)]).unwrap()]);
    let count = |latitude, margin_m| {
        let mut count = 0;
        index.near(point(latitude, 20.05), margin_m, |_| count += 1);
        count
    };
    // A thousandth of a degree is 111.1 m.
    assert_eq!((count(10.101, 105.0), count(10.101, 115.0)), (0, 1));
    assert_eq!((count(10.101, f64::NAN), count(10.05, -7.0), count(-80.0, f64::INFINITY)), (0, 1, 1));
}

#[test]
fn bounds_grow_by_at_least_their_margin() {
    let bounds = Bounds::of_point(point(60.0, 179.9)).grown(10_000.0);
    assert!(bounds.contains(point(60.0, -179.93)) && !bounds.contains(point(60.0, -179.9)));
    assert!(Bounds::of_point(point(89.99, 0.0)).grown(2_000.0).is_all_round());
    let way = Bounds::of_segment(point(1.0, 179.0), point(2.0, -179.0));
    assert_eq!((way.west().get(), way.east().get()), (179.0, -179.0));
    assert_eq!((way.south().get(), way.north().get()), (1.0, 2.0));
    assert!(way.contains(point(1.5, 180.0)) && !way.contains(point(1.5, 178.9)));
}
