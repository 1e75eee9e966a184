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
    /// For a `Point`: the circle's radius, metres, 10 to 100000.
    #[schema(example = 150)]
    pub radius_m: Option<f64>,
    /// For a `LineString`: the distance from the line to the edge on either side, metres, 5 to 5000.
    pub width_m: Option<f64>,
    /// Which crossings are published: enter, exit, or both; both if absent.
    pub on: Option<Vec<String>>,
    /// A visit that lasts this long is published once as dwelling, seconds, 1 to 2592000.
    pub dwell_s: Option<u32>,
    /// The speed limit inside, km/h.
    pub speed_limit_kmh: Option<f64>,
    /// The vehicles that it applies to, 1 to 1000; all if absent.
    pub vehicle_ids: Option<Vec<String>>,
    /// When it applies; always if absent.
    pub schedule: Option<ScheduleJson>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// The changes of a geofence. Absent fields stay; null removes the value of an optional one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeGeofenceJson {
    /// Name for people.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// A GeoJSON geometry. The stored radius or width stays, if the new geometry can have it, unless it is named too.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Object, required = false)]
    pub geometry: Option<Box<RawValue>>,
    /// Radius of a circle, metres.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub radius_m: Option<Option<f64>>,
    /// Width of a corridor to either side, metres.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub width_m: Option<Option<f64>>,
    /// enter, exit, or both; null for both.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub on: Option<Option<Vec<String>>>,
    /// Length of a visit that is published as dwelling, seconds.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub dwell_s: Option<Option<u32>>,
    /// The speed limit inside, km/h.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub speed_limit_kmh: Option<Option<f64>>,
    /// The vehicles that it applies to; null for all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub vehicle_ids: Option<Option<Vec<String>>>,
    /// When it applies; null for always.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ScheduleJson>)]
    pub schedule: Option<Option<ScheduleJson>>,
}

/// The hours of the week in which a geofence applies.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleJson {
    /// The days on which the time begins: mon, tue, wed, thu, fri, sat, sun.
    #[schema(example = json!(["mon", "tue", "wed", "thu", "fri"]))]
    pub days: Vec<String>,
    /// From this time of day, `07:00` or `07:00:00`.
    #[schema(example = "07:00")]
    pub from: String,
    /// Until this time of day, on the next day if it is not after `from`.
    #[schema(example = "16:30")]
    pub to: String,
    /// The clock's offset from UTC all year round, minutes, -840 to 840; 0 if neither it nor `timezone` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_minutes: Option<i64>,
    /// In place of the offset: the IANA time zone whose clock it is, summer time included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub timezone: Option<String>,
}

/// A geofence.
#[derive(Serialize, ToSchema)]
pub(crate) struct GeofenceJson {
    pub id: i64,
    pub name: String,
    /// The GeoJSON geometry as it was sent.
    #[schema(value_type = Object)]
    pub geometry: Box<RawValue>,
    /// Radius, metres; null unless it is a circle.
    pub radius_m: Option<f64>,
    /// Width to either side, metres; null unless it is a corridor.
    pub width_m: Option<f64>,
    /// Which crossings are published: enter, exit, or both.
    pub on: Vec<String>,
    /// Length of a visit that is published as dwelling, seconds.
    pub dwell_s: Option<u32>,
    /// The speed limit inside, km/h.
    pub speed_limit_kmh: Option<f64>,
    /// The vehicles that it applies to; null for all.
    pub vehicle_ids: Option<Vec<String>>,
    /// When it applies; null for always.
    pub schedule: Option<ScheduleJson>,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// RFC 3339, UTC, milliseconds.
    pub changed_at: String,
}
