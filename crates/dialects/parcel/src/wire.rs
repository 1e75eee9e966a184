//! The parcel dialect's JSON, as clients of the system that it replaces know it. Foreign names are used only here.

use milepost_domain::{Parcel, ParcelId, Timestamp, Zone};
use milepost_http::rfc3339;
use serde::Serialize;

/// A message from the server to a viewer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToViewer<'a> {
    /// Where the driver of a parcel is.
    LocationUpdate(DriverLocation<'a>),
    /// A parcel's status changed.
    StatusUpdate(ParcelStatusChange),
    /// A parcel was delivered or cancelled. No location follows.
    TrackingEnded(ParcelStatusChange),
    /// The driver came to one of a parcel's places, or left it.
    Geofence(ZoneCrossing),
    /// The socket follows this parcel now.
    Subscribed {
        /// The parcel's number.
        parcel_id: i64,
    },
    /// The socket does not follow this parcel any more.
    Unsubscribed {
        /// The parcel's number.
        parcel_id: i64,
        /// The reason, when the viewer did not ask for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    },
    /// Answer to `ping`.
    Pong,
    /// The viewer's message was refused. The connection stays open unless a close frame follows.
    Error {
        /// The reason, for people.
        message: &'a str,
    },
}

/// A driver's location, for one of its parcels.
#[derive(Debug, Serialize)]
pub struct DriverLocation<'a> {
    /// The driver's number, as text.
    pub driver_id: String,
    /// The driver's location.
    pub location: LocationJson<'a>,
    /// The number of the parcel that this message is about.
    pub parcel_id: i64,
    /// When the fix was taken: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
    /// Seconds to the next of the parcel's places. Null when the fix is older than 90 s.
    pub eta_seconds: Option<u32>,
}

/// A location with an address.
#[derive(Debug, Serialize)]
pub struct LocationJson<'a> {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// The address in words; empty if the driver's phone sent none.
    pub address: &'a str,
}

/// A parcel's status.
#[derive(Debug, Serialize)]
pub struct ParcelStatusChange {
    /// The parcel's number.
    pub parcel_id: i64,
    /// pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
    pub status: &'static str,
    /// When the status began: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}

impl ParcelStatusChange {
    pub(crate) fn of(parcel: &Parcel) -> Self {
        Self { parcel_id: parcel.id.get(), status: parcel.status.as_str(), timestamp: rfc3339(parcel.updated_at) }
    }
}

/// A driver entered or left one of a parcel's zones.
#[derive(Debug, Serialize)]
pub struct ZoneCrossing {
    /// pickup or destination.
    pub zone: &'static str,
    /// enter or exit.
    pub event: &'static str,
    /// The parcel's number.
    pub parcel_id: i64,
    /// When the fix was taken that showed the crossing: RFC 3339, UTC, milliseconds.
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
