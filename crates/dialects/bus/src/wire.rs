//! The bus dialect's JSON, as clients of the system that it replaces know it. Foreign names stop here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A kiosk's ping. The same fields come back in the answer, as they were sent.
#[derive(Debug, Deserialize, Serialize)]
pub struct KioskLocation {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Metres.
    #[serde(default)]
    pub accuracy: Option<f64>,
    /// km/h.
    #[serde(default)]
    pub speed: Option<f64>,
    /// Degrees from north.
    #[serde(default)]
    pub heading: Option<f64>,
    /// RFC 3339, Unix seconds or Unix milliseconds; now if absent.
    #[serde(default)]
    pub timestamp: Option<Value>,
}

/// The answer to a ping: what was sent, and the stored location's id.
#[derive(Debug, Serialize)]
pub struct RecordedLocation {
    /// The same for the same ping, however often it is sent.
    pub location_id: String,
    /// As sent.
    #[serde(flatten)]
    pub location: KioskLocation,
}

/// Server to viewer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToViewer<'a> {
    /// Where a bus is.
    LocationUpdate {
        /// The bus.
        data: BusLocation<'a>,
        /// True in a replay, absent in live updates.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        replayed: bool,
    },
    /// All updates of a replay were sent.
    ReplayComplete {
        /// How many.
        count: u64,
    },
    /// How many viewers there are.
    Presence {
        /// The number.
        data: Viewing,
    },
    /// Answer to `ping`.
    Pong,
    /// What the viewer sent could not be done; the connection stays.
    Error {
        /// Why.
        message: &'a str,
    },
}

/// A bus and where it is.
#[derive(Debug, Serialize)]
pub struct BusLocation<'a> {
    /// The vehicle's id.
    pub bus_id: &'a str,
    /// Its plate, null if nobody entered one.
    pub license_plate: Option<&'a str>,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// km/h, 0 if unknown.
    pub speed: f64,
    /// Degrees from north, 0 if unknown.
    pub heading: f64,
    /// Operator's status.
    pub status: &'a str,
    /// RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}

/// A count of viewers.
#[derive(Debug, Serialize)]
pub struct Viewing {
    /// Open sockets of the tenant.
    pub viewing: usize,
}

/// Viewer to server.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromViewer {
    /// Narrows the stream; empty lists widen it again.
    Subscribe {
        /// These buses …
        #[serde(default)]
        bus_ids: Vec<String>,
        /// … and those on these routes.
        #[serde(default)]
        routes: Vec<String>,
    },
    /// Asks for the last minutes again.
    ReplayRequest {
        /// How many; the whole window if absent.
        #[serde(default)]
        minutes: Option<f64>,
    },
    /// Are you there?
    Ping,
}
