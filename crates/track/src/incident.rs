//! Incidents: what a tenant may want an alert for.

use crate::saved::{optional_time, point, time};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// The kind of an incident; it says what value and limit mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IncidentKind {
    /// Over the speed limit. Value and limit in km/h.
    Speeding,
    /// Value and limit in m/s².
    HarshBraking,
    /// Value and limit in m/s².
    HarshAcceleration,
    /// Value and limit in m/s², lateral.
    HarshCornering,
    /// The tank's level fell while the vehicle stood. Value and limit in litres; the limit is the least that counts.
    FuelTheft,
    /// The tank's level rose. Raises no alert, but counts in the trip's fuel. Value and limit in litres.
    Refuelling,
    /// The odometer reached the reading at which service is due. Value and limit in km.
    ServiceDue,
}

/// Where a speed comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpeedBasis {
    /// The device's own reading.
    #[serde(rename = "Told")]
    Reported,
    /// Distance over time, because the device reports no speed, or one that the distance contradicts.
    Derived,
}

/// One incident, however many positions it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What happened.
    pub kind: IncidentKind,
    /// Time of its first position.
    #[serde(with = "time")]
    pub started_at: Timestamp,
    /// Time of its last position; `None` while it goes on.
    #[serde(with = "optional_time")]
    pub ended_at: Option<Timestamp>,
    /// Where it began.
    #[serde(with = "point")]
    pub point: Point,
    /// The peak so far, in the unit of the kind.
    pub value: f64,
    /// The limit that it exceeds, in the unit of the kind.
    pub limit: f64,
    /// For speeds: where they come from.
    pub basis: Option<SpeedBasis>,
}
