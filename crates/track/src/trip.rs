//! A trip, and how its figures grow.

use crate::saved::{optional_time, point, time};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// What a trip's fuel was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FuelBasis {
    /// The tank's level at both ends, refuelling added.
    Measured,
    /// The way times the vehicle's litres for 100 km.
    Estimated,
}

/// Why a trip ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TripEnd {
    /// It stood for [`stop_after_s`](crate::Thresholds::stop_after_s).
    Stopped,
    /// The ignition was turned off.
    IgnitionOff,
    /// It told nothing for too long.
    Silence,
}

/// From setting off to standing for good. A vehicle has no two with the same start: `started_at` is its key.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    /// When it set off.
    #[serde(with = "time")]
    pub started_at: Timestamp,
    /// Where.
    #[serde(with = "point")]
    pub start: Point,
    /// When it came to stand; `None` while it runs.
    #[serde(with = "optional_time")]
    pub ended_at: Option<Timestamp>,
    /// Where it ended, or is now.
    #[serde(with = "point")]
    pub end: Point,
    /// Why it ended.
    pub ended_by: Option<TripEnd>,
    /// The last position that these figures know of; after `ended_at` where the end was found later.
    #[serde(with = "time")]
    pub told_at: Timestamp,
    /// Way, millimetres. Counts no jitter while standing.
    pub distance_mm: i64,
    /// Time in motion, milliseconds; with `idle_ms` it is the whole.
    pub moving_ms: i64,
    /// Time standing, milliseconds.
    pub idle_ms: i64,
    /// The highest believed speed, km/h.
    pub max_speed_kmh: f64,
    /// Fuel burnt, millilitres, if there is anything to tell it by.
    pub fuel_ml: Option<i64>,
    /// What the fuel was taken from.
    pub fuel_basis: Option<FuelBasis>,
}

impl Trip {
    /// Way, km.
    pub fn distance_km(&self) -> f64 {
        self.distance_mm as f64 / 1e6
    }

    /// How long it took, or takes so far, milliseconds.
    pub const fn duration_ms(&self) -> i64 {
        self.moving_ms + self.idle_ms
    }
}

/// Metres as whole millimetres: half a millimetre a step is lost at most.
pub(crate) fn millimetres(metres: f64) -> i64 {
    (metres * 1000.0).round() as i64
}
