//! One vehicle's drive along its route: speeding up, braking, waiting at stops, turning at the ends.

use crate::Route;
use milepost_domain::{AccuracyM, AltitudeM, HeadingDeg, Latitude, Longitude, SpeedKmh};
use milepost_geo::{Point, destination};
use std::sync::Arc;

/// A bus with standing passengers: comfort ends at about 1.2 m/s² (Hoberock, "A Survey of Longitudinal Acceleration
/// Comfort Studies", 1977).
const ACCELERATION_MS2: f64 = 0.9;
const BRAKING_MS2: f64 = 1.1;

/// Longest step of the integration; a longer one would jump over a stop.
const STEP_S: f64 = 0.25;

/// Spread of a good receiver's fixes in the open, and how accurate it claims to be.
const NOISE_M: f64 = 2.5;
const CLAIMED_ACCURACY_M: f64 = 5.0;

/// Slower than this a receiver's heading is noise, so the last one is kept.
const STANDING_MS: f64 = 0.3;

/// The values that a device measures at one moment. The sender adds the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// Speed over ground.
    pub speed: Option<SpeedKmh>,
    /// Direction of travel.
    pub heading: Option<HeadingDeg>,
    /// Accuracy as the receiver reports it.
    pub accuracy: Option<AccuracyM>,
    /// Altitude, if a recording has it.
    pub altitude: Option<AltitudeM>,
}

/// A vehicle that drives. The same route, seed and steps give the same fixes.
#[derive(Debug, Clone)]
pub struct Walker {
    route: Arc<Route>,
    rng: fastrand::Rng,
    /// Distance from the route's start in metres.
    at_m: f64,
    speed_ms: f64,
    /// The speed that it reaches between stops: drivers and traffic differ.
    cruise_ms: f64,
    forward: bool,
    /// The next stop or end, as a distance from the route's start in metres.
    target_m: f64,
    /// Seconds that it still waits at the stop.
    waiting_s: f64,
}

impl Walker {
    /// A vehicle somewhere on the route, in either direction, by the seed.
    pub fn new(route: Arc<Route>, seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let at_m = rng.f64() * route.path.length_m();
        let forward = rng.bool();
        let cruise_ms = 9.0 + rng.f64() * 6.0;
        let mut walker = Self { route, rng, at_m, speed_ms: 0.0, cruise_ms, forward, target_m: 0.0, waiting_s: 0.0 };
        walker.target_m = walker.next_target_m();
        walker
    }

    /// Lets `seconds` pass, and returns what the device then measures.
    pub fn step(&mut self, seconds: f64) -> Fix {
        let mut left_s = seconds.clamp(0.0, 3600.0);
        while left_s > 0.0 {
            let step_s = left_s.min(STEP_S);
            self.advance(step_s);
            left_s -= step_s;
        }
        self.observe()
    }

    /// The true speed in metres a second.
    pub fn speed_ms(&self) -> f64 {
        self.speed_ms
    }

    /// The true distance from the route's start in metres.
    pub fn at_m(&self) -> f64 {
        self.at_m
    }

    fn advance(&mut self, step_s: f64) {
        if self.waiting_s > 0.0 {
            self.waiting_s -= step_s;
            return;
        }
        let left_m = (self.target_m - self.at_m).abs();
        // The speed from which it can still stop at the target, v² = 2·a·s, less the distance of this step.
        let room_m = (left_m - self.speed_ms * step_s).max(0.0);
        let braking_limit_ms = (2.0 * BRAKING_MS2 * room_m).sqrt().max(0.5);
        let faster_ms = self.speed_ms + ACCELERATION_MS2 * step_s;
        let slower_ms = self.speed_ms - BRAKING_MS2 * step_s;
        self.speed_ms = faster_ms.min(self.cruise_ms).min(braking_limit_ms).max(slower_ms).max(0.0);
        let move_m = self.speed_ms * step_s;
        if move_m >= left_m {
            self.arrive();
        } else {
            self.at_m += if self.forward { move_m } else { -move_m };
        }
    }

    fn arrive(&mut self) {
        self.at_m = self.target_m;
        self.speed_ms = 0.0;
        let at_end = self.at_m <= 0.0 || self.at_m >= self.route.path.length_m();
        if at_end {
            self.forward = !self.forward;
            self.waiting_s = 20.0 + self.rng.f64() * 40.0;
        } else {
            self.waiting_s = 6.0 + self.rng.f64() * 16.0;
        }
        self.cruise_ms = 9.0 + self.rng.f64() * 6.0;
        self.target_m = self.next_target_m();
    }

    fn next_target_m(&self) -> f64 {
        // One metre on, so that the stop where it stands is not the next one.
        if self.forward {
            let next = self.route.stops_m.iter().copied().find(|&stop| stop > self.at_m + 1.0);
            next.unwrap_or_else(|| self.route.path.length_m())
        } else {
            self.route.stops_m.iter().rev().copied().find(|&stop| stop < self.at_m - 1.0).unwrap_or(0.0)
        }
    }

    fn observe(&mut self) -> Fix {
        let place = self.route.path.along(self.at_m);
        let ahead_deg = if self.forward { place.heading.get() } else { (place.heading.get() + 180.0) % 360.0 };
        let standing = self.speed_ms < STANDING_MS;
        // A standing receiver smooths its position: a fifth of the noise is left.
        let spread_m = if standing { NOISE_M / 5.0 } else { NOISE_M };
        let away_m = (self.normal() * spread_m).abs().min(4.0 * NOISE_M);
        let direction = HeadingDeg::new(self.rng.f64() * 360.0).expect("a fraction of a turn");
        let Point { latitude, longitude } = destination(place.point, direction, away_m);
        let speed_kmh = if standing { 0.0 } else { (self.speed_ms * 3.6 + self.normal() * 0.5).max(0.0) };
        let wobble_deg = if standing { 0.0 } else { self.normal() * 1.5 };
        Fix {
            latitude: Latitude::new(round(latitude.get(), 1e6)).expect("rounding stays within the poles"),
            longitude: Longitude::new(round(longitude.get(), 1e6)).expect("rounding stays within 180"),
            speed: SpeedKmh::new(round(speed_kmh, 10.0)).ok(),
            heading: HeadingDeg::new(round((ahead_deg + wobble_deg).rem_euclid(360.0), 10.0)).ok(),
            accuracy: AccuracyM::new(CLAIMED_ACCURACY_M).ok(),
            altitude: None,
        }
    }

    /// A number of the standard normal distribution (G. Box and M. Muller, 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.rng.f64()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.rng.f64()).cos()
    }
}

fn round(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}
