//! Positions, as they are sent and as they are answered.

use crate::wire::attributes::AttributesJson;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A position as a device sends it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPositionJson {
    /// A device may leave it out: it reports for its own vehicle.
    pub vehicle_id: Option<String>,
    /// Degrees north, -90 to 90.
    #[schema(example = 22.5726)]
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    #[schema(example = 88.3639)]
    pub longitude: f64,
    /// km/h, 0 to 1000.
    pub speed: Option<f64>,
    /// Degrees from north, 0 to 360.
    pub heading: Option<f64>,
    /// Metres, from 0.
    pub accuracy: Option<f64>,
    /// Metres.
    pub altitude: Option<f64>,
    /// km.
    pub odometer_km: Option<f64>,
    /// Litres.
    pub fuel_level_l: Option<f64>,
    /// On or off.
    pub ignition: Option<bool>,
    /// What else the device knows: up to 64 names with numbers, booleans or texts of up to 256 bytes.
    #[schema(value_type = Option<Object>, example = json!({"battery_percent": 54, "satellites": 9}))]
    pub attributes: Option<AttributesJson>,
    /// RFC 3339, Unix seconds or Unix milliseconds; now if absent; at most 5 minutes ahead.
    #[schema(value_type = Option<String>, example = "2025-01-15T10:30:45.123Z")]
    pub timestamp: Option<Value>,
}

/// A stored position.
#[derive(Serialize, ToSchema)]
pub(crate) struct PositionJson {
    pub vehicle_id: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// km/h.
    pub speed: Option<f64>,
    /// Degrees from north.
    pub heading: Option<f64>,
    /// Metres.
    pub accuracy: Option<f64>,
    /// Metres.
    pub altitude: Option<f64>,
    /// km.
    pub odometer_km: Option<f64>,
    /// Litres.
    pub fuel_level_l: Option<f64>,
    pub ignition: Option<bool>,
    /// What else the device reported.
    #[schema(value_type = Option<Object>)]
    pub attributes: Option<AttributesJson>,
    /// RFC 3339, UTC, milliseconds.
    pub timestamp: String,
    /// The position is held to be wrong: the vehicle was not there.
    pub outlier: bool,
}

/// One refused position.
#[derive(Serialize, ToSchema)]
pub(crate) struct RejectedJson {
    /// Index in the request's array, from 0.
    pub index: usize,
    /// Why it was refused.
    pub detail: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What happened to each position of a request. All but the rejected ones and those of off-duty time are on disk.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordedJson {
    /// Number of positions that were stored now.
    pub accepted: usize,
    /// Number of positions that had been stored before.
    pub duplicates: usize,
    /// Number of positions of off-duty time, of which nothing is kept; absent if there were none.
    #[serde(skip_serializing_if = "is_zero")]
    pub off_duty: usize,
    /// The positions that were refused.
    pub rejected: Vec<RejectedJson>,
}
