//! Leaving a stay point: the fixes outside, when the vehicle set off, and where it was parked.

use super::Input;
use crate::saved::{point, time};
use crate::stay_point::StayPoint;
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A vehicle set off at most this long before its last fix at the stay point, milliseconds.
pub(super) const SETTING_OFF_MS: i64 = 60_000;
/// A vehicle sets off at least this fast, metres a second: walking speed.
const SETTING_OFF_MPS: f64 = 1.5;

/// Fixes outside of the stay point that may be a departure or noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Departure {
    /// Time of the first of them.
    #[serde(with = "time")]
    pub(super) since: Timestamp,
    /// Place of the last of them.
    #[serde(with = "point")]
    pub(super) point: Point,
    /// From the stay point along all of them, millimetres.
    #[serde(rename = "way_mm")]
    pub(super) driven_mm: i64,
    /// From the stay point to the first of them, millimetres.
    pub(super) first_mm: i64,
    pub(super) fixes: u32,
}

/// Where a vehicle was parked, when it left, and how far it drove since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Parked {
    #[serde(with = "point")]
    pub(super) centre: Point,
    #[serde(with = "time")]
    pub(super) left_at: Timestamp,
    /// Up to the first fix of the present stay point, millimetres.
    #[serde(rename = "way_mm")]
    pub(super) driven_mm: i64,
}

impl Departure {
    /// When the vehicle set off: as long before the first fix outside as it needs from the centre to there, at the speed
    /// that it has outside.
    pub(super) fn left_at(&self, stay: &StayPoint, input: &Input<'_>) -> Timestamp {
        let after_mm = self.driven_mm - self.first_mm;
        let derived_mps = after_mm as f64 / 1000.0 / input.fix.seconds_since(self.since);
        let reported_mps = input.signals.speed_kmh.unwrap_or(0.0) / 3.6;
        let mps = derived_mps.max(reported_mps).max(SETTING_OFF_MPS);
        let drive_ms = (self.first_mm as f64 / mps) as i64;
        // After the stop began, and before the first fix outside.
        let earliest = stay.stood_since.max(stay.until.plus_ms(-SETTING_OFF_MS));
        self.since.plus_ms(-drive_ms).max(earliest).min(self.since)
    }
}
