//! The bus dialect's JSON, as clients of the system that it replaces know it. Foreign names are used only here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A kiosk's ping. The same fields come back in the answer, as they were sent.
#[derive(Debug, Deserialize, Serialize)]
pub struct KioskLocation {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Accuracy in metres.
    #[serde(default)]
    pub accuracy: Option<f64>,
    /// Speed in km/h.
    #[serde(default)]
    pub speed: Option<f64>,
    /// Heading in degrees clockwise from north.
    #[serde(default)]
    pub heading: Option<f64>,
    /// RFC 3339, Unix seconds or Unix milliseconds; now if absent.
    #[serde(default)]
    pub timestamp: Option<Value>,
}

/// The answer to a ping: the fields of the ping, and the id of the stored location.
#[derive(Debug, Serialize)]
pub struct RecordedLocation {
    /// A repeated ping gets the same id.
    pub location_id: String,
    /// The fields as the kiosk sent them.
    #[serde(flatten)]
    pub location: KioskLocation,
}

/// A message from the server to a viewer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToViewer<'a> {
    /// Where a bus is.
    LocationUpdate {
        /// The bus and its position.
        data: BusLocation<'a>,
        /// True in a replay, absent in live updates.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        replayed: bool,
    },
    /// The end of a replay.
    ReplayComplete {
        /// The number of updates that were replayed.
        count: u64,
    },
    /// The number of viewers changed.
    Presence {
        /// The new number.
        data: Viewing,
    },
    /// Answer to `ping`.
    Pong,
    /// The viewer's message was refused. The connection stays open.
    Error {
        /// The reason, for people.
        message: &'a str,
    },
}

/// A bus and its position.
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
    /// Speed in km/h, 0 if unknown.
    pub speed: f64,
    /// Heading in degrees clockwise from north, 0 if unknown.
    pub heading: f64,
    /// The vehicle's status, as the operator set it.
    pub status: &'a str,
    /// When the position was taken: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
}

/// The number of viewers of a tenant.
#[derive(Debug, Serialize)]
pub struct Viewing {
    /// Sockets of the tenant that are open.
    pub viewing: usize,
}

/// A message from a viewer to the server.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BusRequest {
    /// Narrows the stream; empty lists widen it again.
    Subscribe {
        /// Vehicle ids of the buses to follow.
        #[serde(default)]
        bus_ids: Vec<String>,
        /// Routes whose buses to follow as well.
        #[serde(default)]
        routes: Vec<String>,
    },
    /// Asks for the updates of the last minutes again.
    ReplayRequest {
        /// How many minutes; the whole window if absent.
        #[serde(default)]
        minutes: Option<f64>,
    },
    /// Asks for a `pong`.
    Ping,
}
