//! Parcels.

use super::fleet::{not_null, present};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A place where a parcel is fetched or brought.
#[derive(Deserialize, Serialize, ToSchema)]
pub(crate) struct PlaceJson {
    /// Degrees north.
    #[schema(example = 28.6139)]
    pub lat: f64,
    /// Degrees east.
    #[schema(example = 77.209)]
    pub lng: f64,
    /// In words, at most 500 characters.
    pub address: Option<String>,
}

/// A parcel to be entered.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewParcelJson {
    /// Number of the user whose it is.
    pub client_id: i64,
    /// Number of the user who brings it; it is then `assigned`, else `pending`.
    pub driver_id: Option<i64>,
    /// Where it is fetched.
    pub pickup: PlaceJson,
    /// Where it is brought.
    pub destination: PlaceJson,
    /// For a superadmin: whose parcel; its own tenant's if absent.
    pub tenant: Option<String>,
}

/// What to change of a parcel; absent fields stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeParcelJson {
    /// Number of the user who brings it; null takes the driver away.
    #[serde(deserialize_with = "present")]
    pub driver_id: Option<Option<i64>>,
    /// pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub status: Option<String>,
}

/// A parcel.
#[derive(Serialize, ToSchema)]
pub(crate) struct ParcelJson {
    pub id: i64,
    /// Number of the user whose it is.
    pub client_id: i64,
    /// Number of the user who brings it.
    pub driver_id: Option<i64>,
    /// Where it is fetched.
    pub pickup: PlaceJson,
    /// Where it is brought.
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
    /// The same as `latitude`, as the parcel's places name it.
    pub lat: f64,
    /// The same as `longitude`, as the parcel's places name it.
    pub lng: f64,
    /// In words; empty if the driver's phone said none.
    pub address: String,
    /// Number of the user who brought it then.
    pub driver_id: i64,
    /// RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}
