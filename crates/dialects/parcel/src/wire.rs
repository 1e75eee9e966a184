//! The parcel dialect's JSON, as clients of the system that it replaces know it. Foreign names stop here.

use milepost_domain::{Parcel, ParcelId, Timestamp, Zone};
use milepost_http::rfc3339;
use serde::Serialize;

/// Server to viewer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToViewer<'a> {
    /// Where the driver of a parcel is.
    LocationUpdate(DriverLocation<'a>),
    /// A parcel is at another stage.
    StatusUpdate(ParcelStatusChange),
    /// A parcel has come to its end: no location follows.
    TrackingEnded(ParcelStatusChange),
    /// The driver came to one of a parcel's places, or left it.
    Geofence(ZoneCrossing),
    /// The socket follows this parcel from now on.
    Subscribed {
        /// Which.
        parcel_id: i64,
    },
    /// The socket does not follow this parcel any more.
    Unsubscribed {
        /// Which.
        parcel_id: i64,
        /// Why, when nobody asked for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    /// Answer to `ping`.
    Pong,
    /// What the viewer sent could not be done; the connection stays, unless a close frame follows.
    Error {
        /// Why.
        message: &'a str,
    },
}

/// A driver's location, for one of its parcels.
#[derive(Debug, Serialize)]
pub struct DriverLocation<'a> {
    /// The driver's number, as text.
    pub driver_id: String,
    /// Where.
    pub location: LocationJson<'a>,
    /// For which parcel.
    pub parcel_id: i64,
    /// When the fix was taken: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
    /// Seconds to the next of the parcel's places; null when the fix is older than 90 s.
    pub eta_seconds: Option<u32>,
}

/// A place.
#[derive(Debug, Serialize)]
pub struct LocationJson<'a> {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// In words; empty if the driver's phone said none.
    pub address: &'a str,
}

/// How far a parcel is.
#[derive(Debug, Serialize)]
pub struct ParcelStatusChange {
    /// Which.
    pub parcel_id: i64,
    /// pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
    pub status: &'static str,
    /// Since when: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}

impl ParcelStatusChange {
    pub(crate) fn of(parcel: &Parcel) -> Self {
        Self { parcel_id: parcel.id.get(), status: parcel.status.as_str(), timestamp: rfc3339(parcel.updated_at) }
    }
}

/// A driver at the edge of a parcel's place.
#[derive(Debug, Serialize)]
pub struct ZoneCrossing {
    /// pickup or destination.
    pub zone: &'static str,
    /// enter or exit.
    pub event: &'static str,
    /// Which parcel's.
    pub parcel_id: i64,
    /// When the fix was taken that showed it: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}

impl ZoneCrossing {
    pub(crate) fn new(parcel: ParcelId, zone: Zone, entered: bool, at: Timestamp) -> Self {
        Self {
            zone: zone.as_str(),
            event: if entered { "enter" } else { "exit" },
            parcel_id: parcel.get(),
            timestamp: rfc3339(at),
        }
    }
}
