//! The index of moving places against looking at every one, at the antimeridian and the poles too.
#![allow(clippy::unwrap_used)]

use milepost_domain::{Latitude, Longitude};
use milepost_geo::{Bounds, PlaceIndex, Point, distance_m};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Places that are close to each other, to the poles, to the antimeridian and to the edges of cells, more often than chance has it.
fn place() -> impl Strategy<Value = Point> {
    let latitude = prop_oneof![
        -90.0..=90.0,
        48.0..48.01,
        89.9..=90.0,
        -90.0..=-89.9,
        Just(90.0),
        Just(-90.0),
        Just(0.0),
        Just(45.0),
    ];
    let longitude = prop_oneof![
        -180.0..=180.0,
        2.0..2.01,
        179.9..=180.0,
        -180.0..=-179.9,
        Just(180.0),
        Just(-180.0),
        Just(0.0),
        Just(90.0),
    ];
    (latitude, longitude).prop_map(|(latitude, longitude)| Point::from_degrees(latitude, longitude).unwrap())
}

#[derive(Debug, Clone)]
enum Step {
    Put(u32, Point),
    Remove(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..200_u32, place()).prop_map(|(number, place)| Step::Put(number, place)),
        1 => (0..200_u32).prop_map(Step::Remove),
    ];
    proptest::collection::vec(step, 0..300)
}

fn play(steps: &[Step]) -> (PlaceIndex<char>, BTreeMap<u32, Point>) {
    let (mut index, mut places) = (PlaceIndex::default(), BTreeMap::new());
    for step in steps {
        match *step {
            Step::Put(number, place) => match places.insert(number, place) {
                None => index.insert(number, place, if number % 2 == 0 { 'a' } else { 'b' }),
                Some(before) => index.shift(number, before, place),
            },
            Step::Remove(number) => {
                if let Some(place) = places.remove(&number) {
                    assert!(index.remove(number, place).is_some());
                }
            }
        }
    }
    assert_eq!(index.len(), places.len());
    (index, places)
}

fn edges() -> impl Strategy<Value = Bounds> {
    (place(), place()).prop_map(|(one, other)| {
        let (south, north) =
            (one.latitude.get().min(other.latitude.get()), one.latitude.get().max(other.latitude.get()));
        let (south, north) = (Latitude::new(south).unwrap(), Latitude::new(north).unwrap());
        Bounds::of_edges(one.longitude, south, other.longitude, north).unwrap()
    })
}

proptest! {
    #[test]
    fn the_nearest_are_those_that_looking_at_all_finds(
        steps in steps(), from in place(), limit in 0..30_usize,
        within_m in prop_oneof![Just(f64::INFINITY), 0.0..2e7, Just(500.0)],
    ) {
        let (index, places) = play(&steps);
        let mut all: Vec<(f64, u32)> =
            places.iter().filter(|(number, _)| *number % 2 == 0).map(|(number, place)| (distance_m(from, *place), *number)).collect();
        all.retain(|(distance_m, _)| *distance_m <= within_m);
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        all.truncate(limit);
        let found: Vec<(f64, u32)> = index
            .nearest(from, limit, within_m, |placed| placed.value == 'a')
            .iter()
            .map(|near| (near.distance_m, near.placed.number))
            .collect();
        prop_assert_eq!(found, all);
    }

    #[test]
    fn a_box_holds_those_that_looking_at_all_finds(steps in steps(), bounds in edges()) {
        let (index, places) = play(&steps);
        let mut found = Vec::new();
        index.within(&bounds, |placed| found.push(placed.number));
        found.sort_unstable();
        let all: Vec<u32> = places.iter().filter(|(_, place)| bounds.contains(**place)).map(|(number, _)| *number).collect();
        prop_assert_eq!(index.count_within(&bounds), all.len());
        prop_assert_eq!(found, all);
    }

    #[test]
    fn what_left_leaves_nothing(steps in steps()) {
        let (mut index, places) = play(&steps);
        for (number, place) in places {
            index.replace(number, place, 'c');
            prop_assert_eq!(index.remove(number, place), Some('c'));
        }
        prop_assert!(index.is_empty());
    }
}

#[test]
fn a_box_across_the_antimeridian_holds_both_signs_of_it_and_one_at_a_pole_every_longitude() {
    let bounds = |west, south, east, north| {
        let (west, east) = (Longitude::new(west).unwrap(), Longitude::new(east).unwrap());
        Bounds::of_edges(west, Latitude::new(south).unwrap(), east, Latitude::new(north).unwrap()).unwrap()
    };
    let check = |bounds: Bounds, latitude, longitude, expected| {
        let place = Point::from_degrees(latitude, longitude).unwrap();
        let mut index = PlaceIndex::default();
        index.insert(1, place, ());
        assert_eq!(index.count_within(&bounds) == 1, expected, "{place:?} in {bounds:?}");
    };
    for (longitude, expected) in
        [(175.0, true), (180.0, true), (-180.0, true), (-175.0, true), (0.0, false), (-169.0, false)]
    {
        check(bounds(170.0, -5.0, -170.0, 5.0), 0.0, longitude, expected);
    }
    check(bounds(170.0, -5.0, 180.0, 5.0), 0.0, -180.0, true);
    check(bounds(-180.0, -5.0, -170.0, 5.0), 0.0, 180.0, true);
    check(bounds(10.0, 80.0, 20.0, 90.0), 90.0, -100.0, true);
    check(bounds(10.0, 80.0, 20.0, 89.0), 89.0, -100.0, false);
    check(bounds(-180.0, -90.0, 180.0, 90.0), -90.0, 33.0, true);
}
