//! Made-up rides, and readers of the history that they leave.

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

/// How often a test checks whether something has happened.
const CHECK_EVERY: Duration = Duration::from_millis(25);
const MOST_TURNED: Duration = Duration::from_secs(20);

/// 2025-01-15T08:00:00Z.
pub const MORNING_MS: i64 = 1_736_928_000_000;

/// The start of an hour of yesterday: older sums and saved states are removed by upkeep.
pub fn morning_ms() -> i64 {
    let hour_ms = 3_600_000;
    (milepost_clock::Clock::system().now().unix_ms() / hour_ms - 20) * hour_ms
}

/// Metres in a degree of latitude, and of longitude on the equator.
const DEGREE_M: f64 = 111_194.9;

/// A position this far east and north of 0° north, 0.5° east, a place that no filter takes for a missing fix.
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
    pub positions: Vec<Value>,
}

impl Ride {
    pub fn new(start_ms: i64) -> Self {
        Self::starting(start_ms, 0.0)
    }

    /// Starts this many metres east of where other rides start.
    pub fn starting(start_ms: i64, east_m: f64) -> Self {
        Self { ms: start_ms, east_m, dice: fastrand::Rng::with_seed(5), positions: Vec::new() }
    }

    fn report(&mut self, kmh: f64) {
        let mut noise_m = || self.dice.f64() * 8.0 - 4.0;
        let (north_m, east_m) = (noise_m(), self.east_m + noise_m());
        self.positions.push(fix(east_m, north_m, kmh, self.ms));
        self.ms += 10_000;
    }

    pub fn stand(mut self, seconds: i64) -> Self {
        for _ in 0..seconds / 10 {
            self.report(0.0);
        }
        self
    }

    /// Drives east, or west if `metres` is negative.
    pub fn go(mut self, metres: f64, kmh: f64) -> Self {
        let step_m = (kmh / 3.6 * 10.0).copysign(metres);
        let steps = (metres / step_m).ceil();
        for _ in 0..steps as i64 {
            self.east_m += metres / steps;
            self.report(kmh);
        }
        self
    }

    /// Two trips of about 8 and 4 km with a stop of 15 minutes between, the second too fast on its way.
    pub fn two_trips(start_ms: i64) -> Vec<Value> {
        let ride = Self::new(start_ms).stand(300).go(5_000.0, 50.0).stand(60).go(3_000.0, 60.0).stand(900);
        ride.go(-2_000.0, 40.0).go(-2_000.0, 120.0).stand(900).positions
    }
}

/// Reports positions of a vehicle in one request.
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

/// What is known of a vehicle's past, without ids and version counts, which differ between vehicles.
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

fn all_time() -> (Timestamp, Timestamp) {
    (time(0), time(0).plus_ms(i64::MAX))
}

/// Trips of a vehicle in the order of time, as they are stored.
pub async fn trips(store: &dyn Store, vehicle: &str) -> Vec<Trip> {
    let (from, to) = all_time();
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
    let (from, to) = all_time();
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

/// Sums of distance, motion, standing and fuel of all vehicles.
pub async fn sums(store: &dyn Store) -> [i64; 4] {
    let (from, to) = all_time();
    let figures = store.fleet_stats(&home(), StatsWindow { from, to, active_since: from }).await.unwrap();
    [figures.distance_mm, figures.moving_ms, figures.idle_ms, figures.fuel_ml]
}

/// All facts so far.
pub async fn facts(store: &dyn Store) -> Vec<Fact> {
    store.events_after(&home(), 0, 100_000).await.unwrap().into_iter().map(|event| event.fact).collect()
}

/// The published changes of trips: start, status and revision.
pub async fn published_trips(store: &dyn Store) -> Vec<(Timestamp, TripStatus, Revision)> {
    let facts = facts(store).await;
    let updates = facts.iter().filter_map(|fact| match fact {
        Fact::TripChanged(update) => Some(update),
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

/// The kinds of the alerts that exist, oldest first.
pub async fn alerts(store: &dyn Store) -> Vec<AlertKind> {
    let viewer = FleetViewer { company: true, user: None, driver: None };
    let now = milepost_clock::Clock::system().now();
    let alerts = store.list_alerts(&home(), viewer, false, None, 1_000, now).await.unwrap();
    alerts.iter().rev().map(|alert| alert.kind).collect()
}

/// Repeats `read` until its result is as expected, and fails with the last result. For servers in other processes, which use
/// the machine's clock.
pub async fn until<T: PartialEq + Debug>(expected: &T, read: impl AsyncFnMut() -> T) {
    repeat_until(expected, read, || {}).await;
}

/// The same for a server in this process. Meanwhile its clock runs ten times as fast, for at most twenty seconds, so that
/// no socket that a test holds open without reading is closed for silence.
pub async fn turn_until<T: PartialEq + Debug>(clock: &TurnableClock, expected: &T, read: impl AsyncFnMut() -> T) {
    let turned = Cell::new(Duration::ZERO);
    let turn = || {
        if turned.get() < MOST_TURNED {
            clock.turn(10 * CHECK_EVERY);
            turned.set(turned.get() + 10 * CHECK_EVERY);
        }
    };
    repeat_until(expected, read, turn).await;
}

async fn repeat_until<T: PartialEq + Debug>(expected: &T, mut read: impl AsyncFnMut() -> T, between: impl Fn()) {
    let begun = tokio::time::Instant::now();
    loop {
        let found = read().await;
        if found == *expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{}", differences(&found, expected));
        between();
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

/// The lines that differ, because the values may be long.
fn differences<T: Debug>(found: &T, expected: &T) -> String {
    let (found, expected) = (format!("{found:#?}"), format!("{expected:#?}"));
    let (mut found, mut expected): (Vec<&str>, Vec<&str>) = (found.lines().collect(), expected.lines().collect());
    let lines = found.len().max(expected.len());
    found.resize(lines, "");
    expected.resize(lines, "");
    let pairs = found.iter().zip(&expected).enumerate().filter(|(_, (found, expected))| found != expected);
    pairs.map(|(line, (found, expected))| format!("{line}: {found} instead of {expected}\n")).collect()
}
