//! Trips.

use super::position::PositionJson;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A trip to be started by hand.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewTripJson {
    /// Which vehicle drives.
    pub vehicle_id: String,
    /// Number of the user who drives; the vehicle's driver if absent.
    pub driver_id: Option<i64>,
    /// For a superadmin: whose vehicle; its own tenant's if absent.
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
    /// auto: found by the positions; manual: started by hand.
    pub origin: String,
    /// started, completed or cancelled.
    pub status: String,
    /// RFC 3339, UTC, milliseconds.
    pub start_time: String,
    /// Null while it is under way.
    pub end_time: Option<String>,
    /// Way, km.
    pub distance: f64,
    /// Minutes.
    pub duration: f64,
    /// In motion, minutes.
    pub moving_minutes: f64,
    /// Standing, minutes.
    pub idle_minutes: f64,
    /// km/h.
    pub max_speed: Option<f64>,
    /// Litres; null where there is nothing to tell it by.
    pub fuel_l: Option<f64>,
    /// measured: by the tank's level; estimated: by the way.
    pub fuel_source: Option<String>,
    /// Where it began; null before the first position.
    pub start_place: Option<TripPlaceJson>,
    /// Where it ended, or is now.
    pub end_place: Option<TripPlaceJson>,
    /// The last position's time that the figures know of.
    pub followed_to: String,
    /// Of one trip shown by itself: up to 1000 positions, oldest first, without those that count for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub path: Option<Vec<PositionJson>>,
    /// Of one trip shown by itself: the `cursor` for the rest of its path; null if that is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    #[allow(clippy::option_option, reason = "left out of lists, null at the end")]
    pub path_next: Option<Option<String>>,
}
