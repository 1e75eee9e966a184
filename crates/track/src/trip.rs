//! A trip and its figures.

use crate::saved::{optional_time, point, time};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// What a trip's fuel was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FuelBasis {
    /// The tank's level at both ends, refuelling added.
    Measured,
    /// The distance times the vehicle's litres for 100 km.
    Estimated,
}

/// Why a trip ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TripEnd {
    /// The vehicle stood for [`stop_after_s`](crate::Thresholds::stop_after_s).
    Stopped,
    /// The ignition was turned off.
    IgnitionOff,
    /// No position came for too long.
    Silence,
}

/// From setting off to standing for good. A vehicle has no two trips with the same start: `started_at` is the key.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    /// When it set off.
    #[serde(with = "time")]
    pub started_at: Timestamp,
    /// Where it set off.
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
    /// Time of the last position in these figures; after `ended_at` where the end was found later.
    #[serde(with = "time", rename = "told_at")]
    pub as_of: Timestamp,
    /// Length, millimetres. Noise while standing adds nothing.
    pub distance_mm: i64,
    /// Time in motion, milliseconds; with `idle_ms` it is the whole duration.
    pub moving_ms: i64,
    /// Time standing, milliseconds.
    pub idle_ms: i64,
    /// The highest trusted speed, km/h.
    pub max_speed_kmh: f64,
    /// Fuel burnt, millilitres; `None` without a level sensor or a consumption to compute it from.
    pub fuel_ml: Option<i64>,
    /// What the fuel was computed from.
    pub fuel_basis: Option<FuelBasis>,
}

impl Trip {
    /// Length, km.
    pub fn distance_km(&self) -> f64 {
        self.distance_mm as f64 / 1e6
    }

    /// Duration so far, milliseconds.
    pub const fn duration_ms(&self) -> i64 {
        self.moving_ms + self.idle_ms
    }
}

/// Metres as whole millimetres; rounding costs half a millimetre at most.
pub(crate) fn millimetres(metres: f64) -> i64 {
    (metres * 1000.0).round() as i64
}
