//! Trips.

use super::position::PositionJson;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A trip to be started by hand.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewTripJson {
    pub vehicle_id: String,
    /// Number of the user who drives; the vehicle's driver if absent.
    pub driver_id: Option<i64>,
    /// For a superadmin: the vehicle's tenant; its own if absent.
    pub tenant: Option<String>,
}

/// A point on the map.
#[derive(Serialize, ToSchema)]
pub(crate) struct TripPlaceJson {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A trip.
#[derive(Serialize, ToSchema)]
pub(crate) struct TripJson {
    pub id: String,
    pub vehicle_id: String,
    /// Number of the user who drove.
    pub driver_id: Option<i64>,
    /// auto: found in the positions; manual: started by hand.
    pub origin: String,
    /// started, completed or cancelled.
    pub status: String,
    /// RFC 3339, UTC, milliseconds.
    pub start_time: String,
    /// Null while it is under way.
    pub end_time: Option<String>,
    /// Distance, km.
    pub distance: f64,
    /// Minutes from start to end, or to the last position.
    pub duration: f64,
    /// Time in motion, minutes.
    pub moving_minutes: f64,
    /// Time standing, minutes.
    pub idle_minutes: f64,
    /// Highest speed, km/h.
    pub max_speed: Option<f64>,
    /// Fuel used, litres; null if neither a level nor a consumption is known.
    pub fuel_l: Option<f64>,
    /// measured: by the tank's level; estimated: by the distance.
    pub fuel_source: Option<String>,
    /// Where it began; null before the first position.
    pub start_place: Option<TripPlaceJson>,
    /// Where it ended, or where the vehicle is now.
    pub end_place: Option<TripPlaceJson>,
    /// Time of the last position that the statistics include.
    pub followed_to: String,
    /// Up to 1000 positions, oldest first, without outliers. Lists leave this out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub path: Option<Vec<PositionJson>>,
    /// The `cursor` for the rest of the path; null if there is none. Lists leave this out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    #[allow(clippy::option_option, reason = "left out of lists, null at the end")]
    pub path_next: Option<Option<String>>,
}
