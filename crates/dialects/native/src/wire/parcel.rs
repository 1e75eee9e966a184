//! Parcels.

use super::fleet::{not_null, present};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The place of a parcel's pickup or destination.
#[derive(Deserialize, Serialize, ToSchema)]
pub(crate) struct PlaceJson {
    /// Degrees north.
    #[schema(example = 28.6139)]
    pub lat: f64,
    /// Degrees east.
    #[schema(example = 77.209)]
    pub lng: f64,
    /// Street address, at most 500 characters.
    pub address: Option<String>,
}

/// A parcel to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewParcelJson {
    /// Number of the user who sends it.
    pub client_id: i64,
    /// Number of the user who drives it. With a driver the parcel is `assigned`, without one `pending`.
    pub driver_id: Option<i64>,
    /// Where the driver fetches it.
    pub pickup: PlaceJson,
    /// Where the driver brings it.
    pub destination: PlaceJson,
    /// For a superadmin: the parcel's tenant; its own if absent.
    pub tenant: Option<String>,
}

/// The changes of a parcel. Absent fields stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeParcelJson {
    /// Number of the user who drives it. Null removes the driver.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub driver_id: Option<Option<i64>>,
    /// pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub status: Option<String>,
}

/// A parcel.
#[derive(Serialize, ToSchema)]
pub(crate) struct ParcelJson {
    pub id: i64,
    /// Number of the user who sends it.
    pub client_id: i64,
    /// Number of the user who drives it.
    pub driver_id: Option<i64>,
    /// Where the driver fetches it.
    pub pickup: PlaceJson,
    /// Where the driver brings it.
    pub destination: PlaceJson,
    /// pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
    pub status: String,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// RFC 3339, UTC, milliseconds.
    pub updated_at: String,
}

/// Where a parcel's driver was.
#[derive(Serialize, ToSchema)]
pub(crate) struct PathPointJson {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// The same as `latitude`, under the name that a parcel's places use.
    pub lat: f64,
    /// The same as `longitude`, under the name that a parcel's places use.
    pub lng: f64,
    /// Street address; empty if the driver's phone sent none.
    pub address: String,
    /// Number of the user who drove it then.
    pub driver_id: i64,
    /// RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}
