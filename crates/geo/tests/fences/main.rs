//! Fences against published cases and real districts, and the rules that must hold for any fence.
#![allow(clippy::unwrap_used, reason = "tests")]

mod antimeridian;
mod districts;
mod index;
mod properties;
mod questions;
mod refusals;
mod shapes;
mod traccar;

use milepost_geo::{Fence, Point};

fn point(latitude: f64, longitude: f64) -> Point {
    Point::from_degrees(latitude, longitude).unwrap()
}

fn points(places: &[(f64, f64)]) -> Vec<Point> {
    places.iter().map(|&(latitude, longitude)| point(latitude, longitude)).collect()
}

fn polygon(ring: &[(f64, f64)]) -> Fence {
    Fence::polygon(&[points(ring)]).unwrap()
}

/// A rectangle from south-west to north-east.
fn rectangle(south: f64, west: f64, north: f64, east: f64) -> Vec<Point> {
    points(&[(south, west), (south, east), (north, east), (north, west)])
}

#[track_caller]
fn assert_near(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{got} for {expected}");
}
