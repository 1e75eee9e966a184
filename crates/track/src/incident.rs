//! What a tenant may want to be alerted of.

use crate::saved::{optional_time, point, time};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// What happened.
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
    /// The tank's level fell while the vehicle stood. Value in litres, limit the least that counts.
    FuelTheft,
    /// It rose: nothing to be alerted of, but part of the trip's fuel. Value in litres, limit the least that counts.
    Refuelling,
    /// The odometer reached what the vehicle's service is due at. Value and limit in km.
    ServiceDue,
}

/// What a speed was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpeedBasis {
    /// The device's own reading.
    Told,
    /// Way over time, as the device told none or one that the way contradicts.
    Derived,
}

/// One incident: a streak has one, however many positions it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What.
    pub kind: IncidentKind,
    /// The first position of the streak.
    #[serde(with = "time")]
    pub started_at: Timestamp,
    /// The last of it; `None` while it goes on.
    #[serde(with = "optional_time")]
    pub ended_at: Option<Timestamp>,
    /// Where it began.
    #[serde(with = "point")]
    pub point: Point,
    /// The peak so far; its unit is the kind's.
    pub value: f64,
    /// What it is measured against.
    pub limit: f64,
    /// For speeds: what they were taken from.
    pub basis: Option<SpeedBasis>,
}
