//! A visit: one stay inside a fence.

use crate::FenceId;
use crate::saved::{optional_point, optional_time, point, time};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// From entering a fence to leaving it. Times between two fixes are interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// The fence's number.
    pub fence: FenceId,
    /// When the vehicle entered, or was first seen inside.
    #[serde(with = "time")]
    pub entered_at: Timestamp,
    /// Where it entered.
    #[serde(with = "point")]
    pub entered: Point,
    /// When it left; `None` while it is inside.
    #[serde(with = "optional_time")]
    pub left_at: Option<Timestamp>,
    /// Where it left.
    #[serde(with = "optional_point")]
    pub left: Option<Point>,
    /// Did it stay for the fence's dwell time?
    pub dwelt: bool,
    /// The highest speed inside so far, km/h.
    pub max_speed_kmh: f64,
}
