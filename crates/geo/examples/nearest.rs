//! Measures the index of places: the nearest 20 of many vehicles that move, and a move itself.
//!
//! `cargo run --release -p milepost-geo --example nearest [-- VEHICLES]`. Vehicles drive in 60 cities.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use milepost_geo::{PlaceIndex, Point};
use std::time::{Duration, Instant};

/// A sequence that is the same each time (D. Knuth, MMIX).
struct Sequence(u64);

impl Sequence {
    /// 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn near(&mut self, city: usize) -> Point {
        let (latitude, longitude) = ((city % 10) as f64 * 12.0 - 60.0, (city / 10) as f64 * 60.0 - 150.0);
        Point::from_degrees(latitude + self.next() * 0.3, longitude + self.next() * 0.3).unwrap()
    }
}

fn main() {
    let vehicles: u32 = std::env::args().nth(1).map_or(100_000, |text| text.parse().unwrap());
    let mut sequence = Sequence(7);
    let mut index = PlaceIndex::default();
    let mut places: Vec<Point> = (0..vehicles).map(|number| sequence.near(number as usize % 60)).collect();
    for (number, place) in (0..).zip(&places) {
        index.insert(number, *place, ());
    }
    let (mut moving, mut asking, mut found) = (Duration::ZERO, Duration::ZERO, 0);
    let rounds = 20_000;
    for round in 0..rounds {
        // 0.2 Hz of 100,000 vehicles are 20,000 moves a second.
        let begun = Instant::now();
        let number = (sequence.next() * f64::from(vehicles)) as usize;
        let from = places[number];
        let step = |degrees: f64, by: f64| (degrees + (by - 0.5) * 0.002).clamp(-90.0, 90.0);
        let to = Point::from_degrees(
            step(from.latitude.get(), sequence.next()),
            step(from.longitude.get(), sequence.next()),
        )
        .unwrap_or(from);
        index.shift(number as u32, from, to);
        places[number] = to;
        moving += begun.elapsed();
        let from = sequence.near(round % 60);
        let begun = Instant::now();
        found += index.nearest(from, 20, f64::INFINITY, |_| true).len();
        asking += begun.elapsed();
    }
    println!(
        "{vehicles} vehicles: nearest 20 in {:.1} µs, a move in {:.2} µs ({found} found)",
        asking.as_secs_f64() * 1e6 / rounds as f64,
        moving.as_secs_f64() * 1e6 / rounds as f64,
    );
}
