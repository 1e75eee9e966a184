//! What clients ask the server to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Positions of vehicles, with the names of the REST API.
#[derive(Debug, Deserialize)]
pub struct ReportJson {
    /// The positions.
    pub positions: Vec<NewPositionJson>,
}

/// A position.
#[derive(Debug, Deserialize)]
pub struct NewPositionJson {
    /// A device may leave it out.
    #[serde(default)]
    pub vehicle_id: Option<String>,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// km/h.
    #[serde(default)]
    pub speed: Option<f64>,
    /// Degrees from north.
    #[serde(default)]
    pub heading: Option<f64>,
    /// Metres.
    #[serde(default)]
    pub accuracy: Option<f64>,
    /// Metres.
    #[serde(default)]
    pub altitude: Option<f64>,
    /// km.
    #[serde(default)]
    pub odometer_km: Option<f64>,
    /// Litres.
    #[serde(default)]
    pub fuel_level_l: Option<f64>,
    /// On or off.
    #[serde(default)]
    pub ignition: Option<bool>,
    /// RFC 3339, Unix seconds or Unix milliseconds; now if absent, which only one position of a report may be.
    #[serde(default)]
    pub timestamp: Option<Value>,
}

/// A position that was refused.
#[derive(Debug, Serialize)]
pub struct RejectedJson {
    /// Its index in the report.
    pub index: usize,
    /// Why.
    pub detail: String,
}

/// Marks one thing read.
#[derive(Debug, Deserialize)]
pub struct ReadJson {
    /// An alert.
    #[serde(default)]
    pub alert: Option<String>,
    /// One of the caller's notifications.
    #[serde(default)]
    pub notification: Option<i64>,
    /// One of the caller's messages.
    #[serde(default)]
    pub message: Option<i64>,
}

/// A driver's or rider's report.
#[derive(Debug, Deserialize)]
pub struct StatusJson {
    /// A parcel that the caller brings.
    #[serde(default)]
    pub parcel: Option<i64>,
    /// Or a delivery.
    #[serde(default)]
    pub delivery: Option<String>,
    /// How far it is now.
    #[serde(default)]
    pub status: Option<String>,
    /// Where the caller is, degrees north.
    #[serde(default)]
    pub lat: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub lng: Option<f64>,
    /// In words, for a parcel.
    #[serde(default)]
    pub address: Option<String>,
    /// When, for a parcel; now if absent.
    #[serde(default)]
    pub timestamp: Option<Value>,
}
