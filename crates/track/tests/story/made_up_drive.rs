//! Made-up drives on a flat plane around one place, in metres, by receivers with noise; and round fences.

use milepost_domain::{AccuracyM, FuelLevelL, HeadingDeg, OdometerKm, Position, SpeedKmh, Timestamp, VehicleId};
use milepost_geo::{Fence, Point, destination};
use milepost_track::{
    FenceId, FenceSet, Fences, NoFences, PlacedFence, Rules, TrackFact, TrackHistory, TrackState, fold,
};

/// 2024-06-01T08:00:00Z.
pub(crate) const MORNING_MS: i64 = 1_717_228_800_000;

pub(crate) fn time(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(MORNING_MS + ms).unwrap()
}

/// The point this many metres east and north of a place in Austin.
pub(crate) fn point(east_m: f64, north_m: f64) -> Point {
    let heading = |deg: f64| HeadingDeg::new(deg).unwrap();
    let place = Point::from_degrees(30.2672, -97.7431).unwrap();
    destination(destination(place, heading(90.0), east_m), heading(0.0), north_m)
}

pub(crate) fn position(ms: i64, point: Point) -> Position {
    Position::new(VehicleId::new("v1").unwrap(), time(ms), point.latitude, point.longitude)
}

/// A drive of one vehicle: where it is now, and the positions that its receiver reported.
pub(crate) struct Drive {
    pub(crate) ms: i64,
    pub(crate) east_m: f64,
    pub(crate) north_m: f64,
    pub(crate) every_ms: i64,
    pub(crate) noise_m: f64,
    pub(crate) reports_speed: bool,
    pub(crate) accuracy_m: Option<f64>,
    pub(crate) ignition: Option<bool>,
    pub(crate) fuel_l: Option<f64>,
    pub(crate) odometer_km: Option<f64>,
    dice: fastrand::Rng,
    pub(crate) positions: Vec<Position>,
}

impl Drive {
    pub(crate) fn new(every_s: f64) -> Self {
        Self {
            ms: 0,
            east_m: 0.0,
            north_m: 0.0,
            every_ms: (every_s * 1000.0) as i64,
            noise_m: 0.0,
            reports_speed: false,
            accuracy_m: None,
            ignition: None,
            fuel_l: None,
            odometer_km: None,
            dice: fastrand::Rng::with_seed(7),
            positions: Vec::new(),
        }
    }

    pub(crate) fn with_noise(mut self, noise_m: f64, seed: u64) -> Self {
        (self.noise_m, self.dice) = (noise_m, fastrand::Rng::with_seed(seed));
        self
    }

    /// A normally distributed number (Box-Muller method).
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.dice.f64(), self.dice.f64() * std::f64::consts::TAU);
        (-2.0 * radius.ln()).sqrt() * angle.cos()
    }

    pub(crate) fn report(&mut self, speed_kmh: f64, heading_deg: f64) {
        let (east_m, north_m) =
            (self.east_m + self.noise_m * self.normal(), self.north_m + self.noise_m * self.normal());
        let mut position = position(self.ms, point(east_m, north_m));
        if self.reports_speed {
            position.speed = Some(SpeedKmh::new(speed_kmh).unwrap());
            position.heading = Some(HeadingDeg::new(heading_deg).unwrap());
        }
        position.accuracy = self.accuracy_m.map(|m| AccuracyM::new(m).unwrap());
        position.ignition = self.ignition;
        position.fuel_level = self.fuel_l.map(|litres| FuelLevelL::new(litres).unwrap());
        position.odometer = self.odometer_km.map(|km| OdometerKm::new(km).unwrap());
        self.positions.push(position);
        self.ms += self.every_ms;
    }

    pub(crate) fn stand(&mut self, seconds: i64) -> &mut Self {
        let end_ms = self.ms + seconds * 1000;
        while self.ms < end_ms {
            self.report(0.0, 0.0);
        }
        self
    }

    /// Drives straight to a point this far away, at a constant speed.
    pub(crate) fn go(&mut self, east_m: f64, north_m: f64, kmh: f64) -> &mut Self {
        let length_m = east_m.hypot(north_m);
        let (from_east_m, from_north_m, from_ms) = (self.east_m, self.north_m, self.ms);
        let drive_ms = (length_m / (kmh / 3.6) * 1000.0) as i64;
        let heading_deg = east_m.atan2(north_m).to_degrees().rem_euclid(360.0);
        while self.ms < from_ms + drive_ms {
            let part = (self.ms - from_ms) as f64 / drive_ms as f64;
            (self.east_m, self.north_m) = (from_east_m + part * east_m, from_north_m + part * north_m);
            self.report(kmh, heading_deg);
        }
        (self.east_m, self.north_m) = (from_east_m + east_m, from_north_m + north_m);
        self
    }

    /// Lets time pass without a position.
    pub(crate) fn silent(&mut self, seconds: i64) -> &mut Self {
        self.ms += seconds * 1000;
        self
    }
}

/// All facts of positions in order.
pub(crate) fn facts(positions: &[Position], rules: &Rules, fences: &impl Fences) -> Vec<TrackFact> {
    let (mut state, mut facts) = (TrackState::default(), Vec::new());
    for position in positions {
        fold(&mut state, position, rules, fences, &mut facts);
    }
    facts
}

pub(crate) fn track_history(facts: &[TrackFact]) -> TrackHistory {
    let mut history = TrackHistory::default();
    facts.iter().for_each(|fact| history.apply(fact));
    history
}

pub(crate) fn history(positions: &[Position]) -> TrackHistory {
    track_history(&facts(positions, &Rules::default(), &NoFences))
}

/// A round fence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circle {
    pub(crate) centre: Point,
    pub(crate) radius_m: f64,
    pub(crate) dwell_ms: Option<i64>,
    pub(crate) limit_kmh: Option<f64>,
}

impl Circle {
    pub(crate) fn new(east_m: f64, north_m: f64, radius_m: f64) -> Self {
        Self { centre: point(east_m, north_m), radius_m, dwell_ms: None, limit_kmh: None }
    }
}

/// Round fences, numbered from 0.
pub(crate) fn circles(circles: impl IntoIterator<Item = Circle>) -> FenceSet {
    let fences = circles.into_iter().enumerate().map(|(index, circle)| PlacedFence {
        id: FenceId(index as u64),
        fence: Fence::circle(circle.centre, circle.radius_m).unwrap(),
        dwell_ms: circle.dwell_ms,
        speed_limit_kmh: circle.limit_kmh,
    });
    FenceSet::new(fences.collect())
}
