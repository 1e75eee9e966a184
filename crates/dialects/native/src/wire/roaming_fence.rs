//! Roaming fences.

use super::fleet::{not_null, present};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Vehicles that have one of these ids, kinds or routes; without any, all vehicles.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleSelectionJson {
    /// Ids, 1 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicle_ids: Option<Vec<String>>,
    /// Kinds, at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["bus"]))]
    pub kinds: Option<Vec<String>>,
    /// Routes, at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<String>>,
}

/// An object or null. A derived reader would also take an array for the fields in their order.
fn selection<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VehicleSelectionJson>, D::Error> {
    let object: Option<Map<String, Value>> = Option::deserialize(deserializer)?;
    object.map(|object| serde_json::from_value(Value::Object(object)).map_err(D::Error::custom)).transpose()
}

#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
fn present_selection<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<VehicleSelectionJson>>, D::Error> {
    selection(deserializer).map(Some)
}

/// A roaming fence to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewRoamingFenceJson {
    /// At most 200 characters.
    #[schema(example = "Buses that bunch")]
    pub name: String,
    /// Two vehicles that are no farther from each other are near, metres, 10 to 100000.
    #[schema(example = 150)]
    pub radius_m: f64,
    /// They meet when they have been near for so long, seconds, 1 to 2592000; at once if absent.
    pub dwell_s: Option<u32>,
    /// What raises alerts: meet, part, or both; both if absent.
    pub on: Option<Vec<String>>,
    /// The vehicles that it moves with; all if absent.
    #[serde(default, deserialize_with = "selection")]
    pub vehicles: Option<VehicleSelectionJson>,
    /// The vehicles that come near; other ones of `vehicles` if absent.
    #[serde(default, deserialize_with = "selection")]
    pub others: Option<VehicleSelectionJson>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// The changes of a roaming fence. Absent fields stay; null removes the value of an optional one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeRoamingFenceJson {
    /// Name for people.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Two vehicles that are no farther from each other are near, metres.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub radius_m: Option<f64>,
    /// How long they are near before they meet, seconds; null for at once.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub dwell_s: Option<Option<u32>>,
    /// meet, part, or both; null for both.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub on: Option<Option<Vec<String>>>,
    /// The vehicles that it moves with; null for all.
    #[serde(default, deserialize_with = "present_selection")]
    #[schema(value_type = Option<VehicleSelectionJson>)]
    pub vehicles: Option<Option<VehicleSelectionJson>>,
    /// The vehicles that come near; null for other ones of `vehicles`.
    #[serde(default, deserialize_with = "present_selection")]
    #[schema(value_type = Option<VehicleSelectionJson>)]
    pub others: Option<Option<VehicleSelectionJson>>,
}

/// A roaming fence: a circle that moves with a vehicle.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoamingFenceJson {
    pub id: i64,
    pub name: String,
    /// Two vehicles that are no farther from each other are near, metres.
    pub radius_m: f64,
    /// How long they are near before they meet, seconds; null for at once.
    pub dwell_s: Option<u32>,
    /// What raises alerts: meet, part, or both.
    pub on: Vec<String>,
    /// The vehicles that it moves with.
    pub vehicles: VehicleSelectionJson,
    /// The vehicles that come near; null for other ones of `vehicles`.
    pub others: Option<VehicleSelectionJson>,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// RFC 3339, UTC, milliseconds.
    pub changed_at: String,
}

/// Two vehicles that met.
#[derive(Serialize, ToSchema)]
pub(crate) struct EncounterJson {
    /// One of them.
    pub vehicle_id: String,
    /// The other one.
    pub other_vehicle_id: String,
    /// Since when they were near, by the time of their positions.
    pub began_at: String,
    /// When they had been near for long enough.
    pub met_at: Option<String>,
    /// When they were far from each other again; null while they are near.
    pub parted_at: Option<String>,
}
