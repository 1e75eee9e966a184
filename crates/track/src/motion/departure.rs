//! Leaving a spot: what was seen outside, when it set off, and from where it was parked.

use super::Turn;
use crate::belief::seconds;
use crate::saved::{point, time};
use crate::spot::Spot;
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A vehicle set off not longer than this before it was last seen at its spot, milliseconds.
const SETTING_OFF_MS: i64 = 60_000;
/// And at least so fast, metres a second: at a walk.
const SETTING_OFF_MPS: f64 = 1.5;

/// Fixes outside of the spot that are not believed to be a departure yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Out {
    #[serde(with = "time")]
    pub(super) since: Timestamp,
    /// The last of them.
    #[serde(with = "point")]
    pub(super) point: Point,
    pub(super) way_mm: i64,
    /// From the spot to the first of them.
    pub(super) first_mm: i64,
    pub(super) fixes: u32,
}

/// Where a vehicle was parked, when it left, and how far it came since, to the beginning of its spot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rest {
    #[serde(with = "point")]
    pub(super) centre: Point,
    #[serde(with = "time")]
    pub(super) left_at: Timestamp,
    pub(super) way_mm: i64,
}

impl Out {
    /// When the vehicle set off from the spot, as now it is outside: as long before the first fix outside as it needs
    /// from the middle at the speed that it has there.
    pub(super) fn left_at(&self, spot: &Spot, turn: &Turn<'_>) -> Timestamp {
        let after_mm = self.way_mm - self.first_mm;
        let seen_mps = after_mm as f64 / 1000.0 / seconds(turn.fix.at.ms_since(self.since));
        let told_mps = turn.seen.speed_kmh.unwrap_or(0.0) / 3.6;
        let mps = seen_mps.max(told_mps).max(SETTING_OFF_MPS);
        let drive_ms = (self.first_mm as f64 / mps) as i64;
        // Not before the stop began to be one, and not after the vehicle was seen outside.
        let earliest = spot.stood_since.max(spot.until.plus_ms(-SETTING_OFF_MS));
        self.since.plus_ms(-drive_ms).max(earliest).min(self.since)
    }
}
