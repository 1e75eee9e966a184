//! Which app a request is of, where the path does not say.

use crate::fields::Fields;
use serde_json::Value;

/// The apps that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// OsmAnd's or Traccar's query or form.
    OsmAnd,
    /// Traccar Client's JSON.
    Traccar,
    /// GPSLogger's fields.
    GpsLogger,
    /// OwnTracks' messages.
    OwnTracks,
    /// Overland's batches.
    Overland,
    /// What a Traccar server forwards. Its path alone says so.
    TraccarForward,
}

impl Shape {
    /// By the names in a JSON body: `locations` is Overland, `_type` OwnTracks.
    pub fn of_json(json: &Value) -> Self {
        let first = json.as_array().and_then(|items| items.first()).unwrap_or(json);
        if json.get("locations").is_some() {
            Self::Overland
        } else if first.get("_type").is_some() {
            Self::OwnTracks
        } else {
            Self::Traccar
        }
    }

    /// By the names of fields: `spd`, `spd_kph` or `aid` is GPSLogger.
    pub fn of_fields(fields: &Fields<'_>) -> Self {
        if fields.has(&["spd", "spd_kph", "aid"]) { Self::GpsLogger } else { Self::OsmAnd }
    }
}
