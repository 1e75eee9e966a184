//! Rides that are made up, and what became of them.

use crate::support::{PATIENCE, json_of};
use milepost_clock::TurnableClock;
use milepost_domain::{
    AlertKind, Fact, FenceEvent, FleetViewer, Revision, TenantId, Timestamp, Trip, TripStatus, VehicleId, VehicleScope,
};
use milepost_store::{FenceVisit, Incident, StatsWindow, Store, TripFilter};
use reqwest::Client;
use serde_json::{Value, json};
use std::cell::Cell;
use std::fmt::Debug;
use std::time::Duration;

/// How often a test looks whether something has come.
const LOOK_EVERY: Duration = Duration::from_millis(25);
const MOST_TURNED: Duration = Duration::from_secs(20);

/// 2025-01-15T08:00:00Z.
pub const MORNING_MS: i64 = 1_736_928_000_000;

/// A full hour of yesterday: sums and saved states of longer ago are forgotten one day.
pub fn morning_ms() -> i64 {
    let hour_ms = 3_600_000;
    (milepost_clock::Clock::system().now().unix_ms() / hour_ms - 20) * hour_ms
}

/// Metres of a degree of latitude, and of one of longitude on the equator.
const DEGREE_M: f64 = 111_194.9;

/// A position at this distance east and north of 0° north, 0.5° east, which no filter mistakes for a missing fix.
pub fn fix(east_m: f64, north_m: f64, kmh: f64, ms: i64) -> Value {
    json!({
        "latitude": north_m / DEGREE_M, "longitude": 0.5 + east_m / DEGREE_M, "speed": kmh, "accuracy": 5.0, "timestamp": ms,
    })
}

/// A vehicle on the equator that reports every ten seconds.
pub struct Ride {
    pub ms: i64,
    east_m: f64,
    dice: fastrand::Rng,
    pub told: Vec<Value>,
}

impl Ride {
    pub fn new(start_ms: i64) -> Self {
        Self::starting(start_ms, 0.0)
    }

    /// So many metres east of where others start.
    pub fn starting(start_ms: i64, east_m: f64) -> Self {
        Self { ms: start_ms, east_m, dice: fastrand::Rng::with_seed(5), told: Vec::new() }
    }

    fn tell(&mut self, kmh: f64) {
        let mut noise_m = || self.dice.f64() * 8.0 - 4.0;
        let (north_m, east_m) = (noise_m(), self.east_m + noise_m());
        self.told.push(fix(east_m, north_m, kmh, self.ms));
        self.ms += 10_000;
    }

    pub fn stand(mut self, seconds: i64) -> Self {
        for _ in 0..seconds / 10 {
            self.tell(0.0);
        }
        self
    }

    /// Eastwards, or westwards if it is negative.
    pub fn go(mut self, metres: f64, kmh: f64) -> Self {
        let step_m = (kmh / 3.6 * 10.0).copysign(metres);
        let steps = (metres / step_m).ceil();
        for _ in 0..steps as i64 {
            self.east_m += metres / steps;
            self.tell(kmh);
        }
        self
    }

    /// Two trips of about 8 and 4 km with a stop of 15 minutes between, the second too fast on its way.
    pub fn two_trips(start_ms: i64) -> Vec<Value> {
        let ride = Self::new(start_ms).stand(300).go(5_000.0, 50.0).stand(60).go(3_000.0, 60.0).stand(900);
        ride.go(-2_000.0, 40.0).go(-2_000.0, 120.0).stand(900).told
    }
}

/// Tells a server positions of a vehicle, as one request.
pub async fn report(http: &Client, url: &str, token: &str, vehicle: &str, positions: &[Value]) {
    let body: Vec<Value> = positions
        .iter()
        .map(|position| {
            let mut position = position.clone();
            position["vehicle_id"] = json!(vehicle);
            position
        })
        .collect();
    let sent = http.post(format!("{url}/api/v1/positions")).bearer_auth(token).json(&body).send().await.unwrap();
    let answer = json_of(sent, 201).await;
    assert_eq!(answer["rejected"], json!([]), "{answer}");
}

/// What is known of a vehicle's past, without what each vehicle has of its own: ids and counts of versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    pub trips: Vec<Trip>,
    pub visits: Vec<FenceVisit>,
    pub incidents: Vec<Incident>,
    pub outliers: Vec<(Timestamp, String)>,
}

pub fn home() -> TenantId {
    TenantId::default_tenant()
}

pub fn id(vehicle: &str) -> VehicleId {
    VehicleId::new(vehicle).unwrap()
}

pub fn time(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms).unwrap()
}

fn ever() -> (Timestamp, Timestamp) {
    (time(0), time(0).plus_ms(i64::MAX))
}

/// Trips of a vehicle in the order of time, as they are stored.
pub async fn trips(store: &dyn Store, vehicle: &str) -> Vec<Trip> {
    let (from, to) = ever();
    let filter = TripFilter {
        scope: VehicleScope::All,
        vehicle: Some(id(vehicle)),
        from,
        begun_before: false,
        to,
        status: None,
    };
    let mut trips = store.list_trips(&home(), &filter, None, 10_000).await.unwrap();
    trips.reverse();
    trips
}

pub async fn past(store: &dyn Store, vehicle: &str) -> Past {
    let (from, to) = ever();
    let (nobody, nothing) = (id("nobody"), "nothing".to_owned());
    let alike = |trip: Trip| Trip {
        id: milepost_domain::TripId::new(&nothing).unwrap(),
        vehicle_id: nobody.clone(),
        version: 0,
        ..trip
    };
    Past {
        trips: trips(store, vehicle).await.into_iter().map(alike).collect(),
        visits: store.list_visits(&home(), &id(vehicle), from, to, 10_000).await.unwrap(),
        incidents: store.list_incidents(&home(), &id(vehicle), from, to, 10_000).await.unwrap(),
        outliers: store.list_outliers(&home(), &id(vehicle), from, to, 10_000).await.unwrap(),
    }
}

/// Way, motion, standing and fuel of all vehicles.
pub async fn sums(store: &dyn Store) -> [i64; 4] {
    let (from, to) = ever();
    let figures = store.fleet_stats(&home(), StatsWindow { from, to, active_since: from }).await.unwrap();
    [figures.distance_mm, figures.moving_ms, figures.idle_ms, figures.fuel_ml]
}

/// All facts so far.
pub async fn facts(store: &dyn Store) -> Vec<Fact> {
    store.events_after(&home(), 0, 100_000).await.unwrap().into_iter().map(|event| event.fact).collect()
}

/// The published changes of trips without progress: start, status and revision.
pub async fn published_trips(store: &dyn Store) -> Vec<(Timestamp, TripStatus, Revision)> {
    let facts = facts(store).await;
    let updates = facts.iter().filter_map(|fact| match fact {
        Fact::TripChanged(update) if !update.is_progress => Some(update),
        _ => None,
    });
    updates.map(|update| (update.trip.started_at, update.trip.status, update.revision)).collect()
}

pub async fn published_crossings(store: &dyn Store) -> Vec<(FenceEvent, Revision)> {
    let facts = facts(store).await;
    let crossings = facts.iter().filter_map(|fact| match fact {
        Fact::FenceCrossed(crossing) => Some((crossing.event, crossing.revision)),
        _ => None,
    });
    crossings.collect()
}

/// The alerts that stand, oldest first.
pub async fn alerts(store: &dyn Store) -> Vec<AlertKind> {
    let viewer = FleetViewer { company: true, user: None, driver: None };
    let now = milepost_clock::Clock::system().now();
    let alerts = store.list_alerts(&home(), viewer, false, None, 1_000, now).await.unwrap();
    alerts.iter().rev().map(|alert| alert.kind).collect()
}

/// Looks until something is as expected, and fails with what it is instead. For servers in other processes, whose clock
/// is the machine's.
pub async fn until<T: PartialEq + Debug>(expected: &T, look: impl AsyncFnMut() -> T) {
    look_until(expected, look, || {}).await;
}

/// The same for a server in this process: its clock runs ten times as fast meanwhile, for twenty seconds at most, so that
/// no socket that a test holds open and does not read falls silent for too long.
pub async fn turn_until<T: PartialEq + Debug>(clock: &TurnableClock, expected: &T, look: impl AsyncFnMut() -> T) {
    let turned = Cell::new(Duration::ZERO);
    let turn = || {
        if turned.get() < MOST_TURNED {
            clock.turn(10 * LOOK_EVERY);
            turned.set(turned.get() + 10 * LOOK_EVERY);
        }
    };
    look_until(expected, look, turn).await;
}

async fn look_until<T: PartialEq + Debug>(expected: &T, mut look: impl AsyncFnMut() -> T, between: impl Fn()) {
    let begun = tokio::time::Instant::now();
    loop {
        let found = look().await;
        if found == *expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{}", differences(&found, expected));
        between();
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The lines that differ, of what may be long.
fn differences<T: Debug>(found: &T, expected: &T) -> String {
    let (found, expected) = (format!("{found:#?}"), format!("{expected:#?}"));
    let (mut found, mut expected): (Vec<&str>, Vec<&str>) = (found.lines().collect(), expected.lines().collect());
    let lines = found.len().max(expected.len());
    found.resize(lines, "");
    expected.resize(lines, "");
    let pairs = found.iter().zip(&expected).enumerate().filter(|(_, (found, expected))| found != expected);
    pairs.map(|(line, (found, expected))| format!("{line}: {found} instead of {expected}\n")).collect()
}
