//! Geofences.

use super::fleet::{not_null, present};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A geofence to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewGeofenceJson {
    /// At most 200 characters.
    #[schema(example = "Depot")]
    pub name: String,
    /// A GeoJSON geometry, RFC 7946: `Polygon` (with holes or without), `MultiPolygon`, `Point` with `radius_m`, or
    /// `LineString` with `width_m`; at most 10,000 corners and 1 MiB.
    #[schema(value_type = Object, example = json!({"type": "Point", "coordinates": [88.3639, 22.5726]}))]
    pub geometry: Box<RawValue>,
    /// With a `Point`: from its centre to its edge, metres, 10 to 100000.
    #[schema(example = 150)]
    pub radius_m: Option<f64>,
    /// With a `LineString`: from the line to the edge on either side, metres, 5 to 5000.
    pub width_m: Option<f64>,
    /// Which crossings are told, of enter and exit; both if absent.
    pub on: Option<Vec<String>>,
    /// Told once a visit that lasts so long, seconds, 1 to 2592000.
    pub dwell_s: Option<u32>,
    /// The speed limit inside, km/h.
    pub speed_limit_kmh: Option<f64>,
    /// The vehicles that it is about, 1 to 1000; all if absent.
    pub vehicle_ids: Option<Vec<String>>,
    /// When it is on; always if absent.
    pub schedule: Option<ScheduleJson>,
    /// For a superadmin: whose; its own tenant's if absent.
    pub tenant: Option<String>,
}

/// What to change of a geofence; absent fields stay, null takes an optional one away.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeGeofenceJson {
    /// Name for people.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// GeoJSON; a radius or width that goes with it stays unless it is named too.
    #[serde(deserialize_with = "not_null")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub geometry: Option<Box<RawValue>>,
    /// Metres.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub radius_m: Option<Option<f64>>,
    /// Metres.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub width_m: Option<Option<f64>>,
    /// Of enter and exit; null for both.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub on: Option<Option<Vec<String>>>,
    /// Seconds.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub dwell_s: Option<Option<u32>>,
    /// km/h.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub speed_limit_kmh: Option<Option<f64>>,
    /// null for all.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub vehicle_ids: Option<Option<Vec<String>>>,
    /// null for always.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<ScheduleJson>)]
    pub schedule: Option<Option<ScheduleJson>>,
}

/// The hours of the week in which a geofence is on.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleJson {
    /// On which days it begins, of mon, tue, wed, thu, fri, sat, sun.
    #[schema(example = json!(["mon", "tue", "wed", "thu", "fri"]))]
    pub days: Vec<String>,
    /// From this time of day, `07:00` or `07:00:00`.
    #[schema(example = "07:00")]
    pub from: String,
    /// To before this time of day; on the next day if it is not after `from`.
    #[schema(example = "16:30")]
    pub to: String,
    /// How far its clock is ahead of UTC, minutes, -840 to 840; 0 if absent.
    #[serde(default)]
    #[schema(example = 330)]
    pub utc_offset_minutes: i64,
}

/// A geofence.
#[derive(Serialize, ToSchema)]
pub(crate) struct GeofenceJson {
    pub id: i64,
    pub name: String,
    /// GeoJSON, as it was given.
    #[schema(value_type = Object)]
    pub geometry: Box<RawValue>,
    /// Metres; null unless it is a circle.
    pub radius_m: Option<f64>,
    /// Metres; null unless it is a corridor.
    pub width_m: Option<f64>,
    /// Which crossings are told, of enter and exit.
    pub on: Vec<String>,
    /// Seconds.
    pub dwell_s: Option<u32>,
    /// km/h.
    pub speed_limit_kmh: Option<f64>,
    /// Null for all.
    pub vehicle_ids: Option<Vec<String>>,
    /// Null for always.
    pub schedule: Option<ScheduleJson>,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// RFC 3339, UTC, milliseconds.
    pub changed_at: String,
}
