//! Vehicles.

use super::position::PositionJson;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Distinguishes a field that is null from one that is absent.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A field that may be absent, but not null.
pub(crate) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A vehicle to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewVehicleJson {
    /// A UUID if absent.
    pub id: Option<String>,
    /// bus, car, van, truck, bike, person, …
    #[schema(example = "bus")]
    pub kind: String,
    /// Name for people.
    #[schema(example = "Bus 7")]
    pub label: String,
    /// Licence plate.
    pub license_plate: Option<String>,
    /// The route that it serves.
    pub route: Option<String>,
    /// `active` if absent.
    pub status: Option<String>,
    /// Number of the user who drives it.
    pub driver_id: Option<i64>,
    /// The vehicle's own speed limit, km/h.
    pub speed_limit_kmh: Option<f64>,
    /// Litres per 100 km.
    pub fuel_l_per_100km: Option<f64>,
    /// Price of a litre.
    pub fuel_price_per_l: Option<f64>,
    /// Odometer, km.
    pub odometer_km: Option<f64>,
    /// The odometer's reading at which the next service is due, km.
    pub service_due_km: Option<f64>,
    /// When the next service is due: RFC 3339, Unix seconds or Unix milliseconds.
    #[schema(value_type = Option<String>, example = "2027-01-15T00:00:00.000Z")]
    pub service_due_at: Option<Value>,
    /// For a superadmin: the vehicle's tenant; its own if absent.
    pub tenant: Option<String>,
}

/// The changes of a vehicle. Absent fields stay; null removes the value of an optional one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeVehicleJson {
    /// bus, car, van, truck, bike, person, …
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub kind: Option<String>,
    /// Name for people.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub label: Option<String>,
    /// Licence plate.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub license_plate: Option<Option<String>>,
    /// The route that it serves.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub route: Option<Option<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub status: Option<String>,
    /// Number of the user who drives it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub driver_id: Option<Option<i64>>,
    /// The vehicle's own speed limit, km/h.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub speed_limit_kmh: Option<Option<f64>>,
    /// Litres per 100 km.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub fuel_l_per_100km: Option<Option<f64>>,
    /// Price of a litre.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub fuel_price_per_l: Option<Option<f64>>,
    /// Odometer, km.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub odometer_km: Option<Option<f64>>,
    /// The odometer's reading at which the next service is due, km.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub service_due_km: Option<Option<f64>>,
    /// When the next service is due: RFC 3339, Unix seconds or Unix milliseconds.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub service_due_at: Option<Option<Value>>,
}

/// A vehicle with its last position.
#[derive(Serialize, ToSchema)]
pub(crate) struct VehicleJson {
    pub id: String,
    pub kind: String,
    pub label: String,
    pub license_plate: Option<String>,
    pub route: Option<String>,
    pub status: String,
    pub driver_id: Option<i64>,
    pub speed_limit_kmh: Option<f64>,
    pub fuel_l_per_100km: Option<f64>,
    pub fuel_price_per_l: Option<f64>,
    pub odometer_km: Option<f64>,
    /// The odometer's reading at which the next service is due, km.
    pub service_due_km: Option<f64>,
    /// When the next service is due: RFC 3339, UTC, milliseconds.
    pub service_due_at: Option<String>,
    /// The last position; null before the first, and while its driver is off duty.
    pub position: Option<PositionJson>,
    /// Since when its driver is off duty: RFC 3339, UTC, milliseconds; absent on duty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_duty_since: Option<String>,
    /// With `near`: metres from the place to the vehicle, on the sphere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
}

/// Which vehicles to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpaceQuery {
    /// The vehicles nearest to a place, the nearest first: its latitude and longitude in degrees, by a comma.
    pub near: Option<String>,
    /// With `near`: only vehicles within so many metres.
    pub radius: Option<f64>,
    /// The vehicles in a region: `west,south,east,north` in degrees, `geofence:` and a geofence's number, or a GeoJSON `Polygon` or
    /// `MultiPolygon` of up to 8 KiB.
    pub within: Option<String>,
}
