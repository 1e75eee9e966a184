//! How fast a tenant's riders go, by place and hour, learned from their finished rides.

use super::pace::Counted;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m, interpolate};
use std::collections::HashMap;

/// A cell is half a hundredth of a degree high, 556 m, and about as wide.
const CELL_DEG: f64 = 0.005;
/// Cells of one tenant: a city of 35 km by 35 km. When they are used up, what was learned is halved, and hardly known cells go.
const MAX_CELLS: usize = 4096;
/// A cell with less driving than this is forgotten when room is needed. Seconds.
const HARDLY_KNOWN_S: f32 = 20.0;
/// A cell that knows more driving than this forgets half of it, so that it follows the seasons. Seconds.
const CELL_MEMORY_S: f32 = 4.0 * 3600.0;
/// The day is divided into parts of two hours. They are counted in UTC: summer time moves an hour by half a part.
const DAY_PARTS: usize = 12;
const DAY_PART_MS: i64 = 2 * 3600 * 1000;
/// The pace of all places weighs as much as this many seconds of driving in the cell.
const AROUND_S: f64 = 300.0;
/// The pace of all hours weighs as much as this many seconds of driving in the part of the day.
const ALL_DAY_S: f64 = 600.0;
/// The pace of a rider weighs as much as this many seconds of driving anywhere.
const RIDER_S: f64 = 1200.0;
/// The straight line to the destination is looked up at places this far from each other, metres.
const SAMPLE_M: f64 = 250.0;
/// Of a long way, this many places are looked up.
const MAX_SAMPLES: u32 = 32;

/// Driving in a cell. `f32` is exact enough for sums that are halved at four hours.
#[derive(Debug, Clone, Copy, Default)]
struct Driven {
    metres: f32,
    seconds: f32,
}

impl Driven {
    fn add(&mut self, counted: Counted) {
        self.metres += counted.metres as f32;
        self.seconds += counted.seconds as f32;
    }

    fn halve(&mut self) {
        self.metres *= 0.5;
        self.seconds *= 0.5;
    }

    /// Metres a second, with a prior that weighs as much as `prior_s` seconds of driving.
    fn pace_mps(self, prior_mps: f64, prior_s: f64) -> f64 {
        (f64::from(self.metres) + prior_mps * prior_s) / (f64::from(self.seconds) + prior_s)
    }
}

#[derive(Debug, Clone, Default)]
struct Cell {
    all_day: Driven,
    by_part: [Driven; DAY_PARTS],
}

impl Cell {
    fn halve(&mut self) {
        self.all_day.halve();
        self.by_part.iter_mut().for_each(Driven::halve);
    }
}

/// Row and column of a cell.
type CellKey = (i16, i32);

/// The pace of a tenant's riders by cell and part of the day. Empty by default.
#[derive(Debug, Clone, Default)]
pub(super) struct PaceMap {
    cells: HashMap<CellKey, Cell>,
    /// The driving in all cells.
    anywhere: Driven,
}

impl PaceMap {
    /// Adds driving near a place.
    pub(super) fn learn(&mut self, place: Point, at: Timestamp, counted: Counted) {
        if counted.seconds <= 0.0 {
            return;
        }
        self.anywhere.add(counted);
        if self.anywhere.seconds > CELL_MEMORY_S {
            self.anywhere.halve();
        }
        let key = cell_of(place);
        if self.cells.len() >= MAX_CELLS && !self.cells.contains_key(&key) {
            self.cells.values_mut().for_each(Cell::halve);
            self.cells.retain(|_, cell| cell.all_day.seconds >= HARDLY_KNOWN_S);
            if self.cells.len() >= MAX_CELLS {
                return;
            }
        }
        let cell = self.cells.entry(key).or_default();
        cell.all_day.add(counted);
        cell.by_part[part_of_day(at)].add(counted);
        if cell.all_day.seconds > CELL_MEMORY_S {
            cell.halve();
        }
    }

    /// Metres a second on the straight line between two places at that time of day. It is close to `rider_mps` where little
    /// was learned, and `None` before anything was.
    pub(super) fn pace_mps(&self, from: Point, to: Point, at: Timestamp, rider_mps: f64) -> Option<f64> {
        if self.cells.is_empty() {
            return None;
        }
        let anywhere_mps = self.anywhere.pace_mps(rider_mps, RIDER_S);
        let part = part_of_day(at);
        let samples = ((distance_m(from, to) / SAMPLE_M) as u32 + 1).min(MAX_SAMPLES);
        let seconds_a_metre: f64 = (0..samples)
            .map(|index| {
                let place = interpolate(from, to, (f64::from(index) + 0.5) / f64::from(samples));
                let Some(cell) = self.cells.get(&cell_of(place)) else { return 1.0 / anywhere_mps };
                let here_mps = cell.all_day.pace_mps(anywhere_mps, AROUND_S);
                1.0 / cell.by_part[part].pace_mps(here_mps, ALL_DAY_S)
            })
            .sum();
        let pace_mps = f64::from(samples) / seconds_a_metre;
        pace_mps.is_finite().then_some(pace_mps)
    }

    /// About the memory in use, bytes.
    pub(super) fn bytes(&self) -> usize {
        self.cells.capacity() * (size_of::<(CellKey, Cell)>() + 1)
    }
}

/// Degrees of longitude are made about as long as those of latitude, row by row.
fn cell_of(place: Point) -> CellKey {
    let row = (place.latitude.get() / CELL_DEG).floor();
    let shrink = (row * CELL_DEG).to_radians().cos().max(0.01);
    (row as i16, (place.longitude.get() * shrink / CELL_DEG).floor() as i32)
}

fn part_of_day(at: Timestamp) -> usize {
    usize::try_from(at.unix_ms().div_euclid(DAY_PART_MS).rem_euclid(DAY_PARTS as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    const NOON_MS: i64 = 1_704_110_400_000;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_unix_ms(NOON_MS + hours * 3_600_000).unwrap()
    }

    fn place(latitude: f64, longitude: f64) -> Point {
        Point::from_degrees(latitude, longitude).unwrap()
    }

    /// An hour of driving in steps of ten seconds.
    fn drive(map: &mut PaceMap, place: Point, at: Timestamp, pace_mps: f64) {
        for _ in 0..360 {
            map.learn(place, at, Counted { metres: pace_mps * 10.0, seconds: 10.0 });
        }
    }

    #[test]
    fn slow_places_and_slow_hours_are_known_and_others_are_as_fast_as_usual() {
        let mut map = PaceMap::default();
        let (market, road) = (place(5.5025, 0.0025), place(5.6025, 0.0025));
        assert_eq!(map.pace_mps(market, market, at(0), 7.0), None);
        drive(&mut map, market, at(0), 2.0);
        drive(&mut map, market, at(8), 8.0);
        drive(&mut map, road, at(0), 14.0);
        let pace = |place, hours| map.pace_mps(place, place, at(hours), 7.0).unwrap();
        assert!(pace(market, 0) < 3.5, "{}", pace(market, 0));
        assert!(pace(market, 24) < 3.5, "it is noon again");
        assert!(pace(market, 8) > 6.5, "{}", pace(market, 8));
        assert!(pace(road, 0) > 12.0, "{}", pace(road, 0));
        let elsewhere = pace(place(7.0, 7.0), 0);
        assert!((7.0..8.5).contains(&elsewhere), "{elsewhere}");
    }

    #[test]
    fn a_tenant_that_drives_everywhere_keeps_a_bounded_number_of_cells() {
        let mut map = PaceMap::default();
        for index in 0..3 * MAX_CELLS {
            let place = place(-89.0 + (index % 178) as f64, -179.0 + (index / 178) as f64);
            map.learn(place, at(0), Counted { metres: 70.0, seconds: 10.0 });
        }
        assert!(map.cells.len() <= MAX_CELLS, "{}", map.cells.len());
        let busy = place(5.5, 0.1);
        drive(&mut map, busy, at(0), 3.0);
        assert!(map.pace_mps(busy, busy, at(0), 7.0).unwrap() < 4.5, "a new place is learned all the same");
    }

    #[test]
    fn poles_and_the_date_line_have_cells() {
        let mut map = PaceMap::default();
        for place in [place(90.0, 180.0), place(-90.0, -180.0), place(0.0, 180.0), place(0.0, -180.0)] {
            drive(&mut map, place, at(0), 5.0);
            assert!(map.pace_mps(place, place, at(0), 5.0).unwrap() > 0.0);
        }
    }
}
