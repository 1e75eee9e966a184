//! Bus stops in real districts: see `../data/CREDITS.md`.

use super::point;
use milepost_geo::{Fence, FenceIndex, Point};

const DISTRICTS: &str = include_str!("../data/austin_districts.csv");
const STOPS: &str = include_str!("../data/austin_stops.csv");

fn districts() -> Vec<(&'static str, Fence)> {
    let mut rings: Vec<(&str, Vec<Point>)> = Vec::new();
    for line in DISTRICTS.lines().skip(1) {
        let [name, latitude, longitude] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        let corner = point(latitude.parse().unwrap(), longitude.parse().unwrap());
        match rings.last_mut() {
            Some((last, ring)) if *last == name => ring.push(corner),
            _ => rings.push((name, vec![corner])),
        }
    }
    rings.into_iter().map(|(name, ring)| (name, Fence::polygon(&[ring]).unwrap())).collect()
}

#[test]
fn every_stop_is_in_the_district_that_it_is_known_to_be_in_and_in_no_other() {
    let districts = districts();
    assert_eq!(districts.len(), 6);
    let index = FenceIndex::new(districts.iter().map(|(_, fence)| fence));
    let (mut inside, mut outside) = (0, 0);
    for line in STOPS.lines().skip(1) {
        let [stop, latitude, longitude, expected] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        let place = point(latitude.parse().unwrap(), longitude.parse().unwrap());
        let mut found = Vec::new();
        index.near(place, 0.0, |id| {
            if districts[id].1.contains(place) {
                found.push(districts[id].0);
            }
        });
        assert_eq!(found.join(","), expected, "stop {stop}");
        for (name, district) in &districts {
            assert_eq!(district.edge_distance_m(place) < 0.0, *name == expected, "stop {stop}, {name}");
        }
        *if expected.is_empty() { &mut outside } else { &mut inside } += 1;
    }
    assert_eq!((inside, outside), (150, 111));
}

#[test]
fn a_stop_in_one_district_goes_over_its_edge_to_one_in_another() {
    let districts = districts();
    let stops: Vec<(Point, &str)> = STOPS
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .map(|row| (point(row[1].parse().unwrap(), row[2].parse().unwrap()), row[3]))
        .collect();
    for pair in stops.windows(2) {
        for (name, district) in &districts {
            let crossings = district.crossings(pair[0].0, pair[1].0);
            assert_eq!(crossings.first().is_some_and(|first| first.enter == 0.0), pair[0].1 == *name);
            assert_eq!(crossings.last().is_some_and(|last| last.exit == 1.0), pair[1].1 == *name);
        }
    }
}
