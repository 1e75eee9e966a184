//! What the fold finds.

use crate::saved::{optional_time, point, time};
use crate::{Activity, Incident, Trip, Visit};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// Something that the track tells. What has a beginning and an end is told whole each time: a later fact with the same
/// beginning replaces the earlier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TrackFact {
    /// A position that is kept but used for nothing.
    Marked(Mark),
    /// The jumps from `from` to `until` were a relocation after all: their marks are lifted.
    Unmarked {
        /// The first jump.
        from: Timestamp,
        /// The last.
        until: Timestamp,
    },
    /// A trip began; its start lies back, where the vehicle set off.
    TripStarted(Trip),
    /// A running trip, at most once in [`progress_s`](crate::Thresholds::progress_s) or
    /// [`progress_m`](crate::Thresholds::progress_m).
    TripProgressed(Trip),
    /// A trip is over; its end lies back, where the vehicle came to stand.
    TripEnded(Trip),
    /// The vehicle stands, on a trip or parked.
    StopBegan(Stop),
    /// It stands no more.
    StopEnded(Stop),
    /// It came into a fence.
    VisitBegan(Visit),
    /// It has been in the fence for the fence's own while; once a visit.
    VisitDwelt(Visit),
    /// It left the fence.
    VisitEnded(Visit),
    /// A speed violation, a harsh manoeuvre, a theft of fuel, …; once a streak.
    IncidentBegan(Incident),
    /// The same is over, with its peak.
    IncidentEnded(Incident),
    /// Way, times and fuel to add to a quarter of an hour.
    Activity(Activity),
}

/// Why a position counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MarkReason {
    /// 0° north, 0° east: a receiver without a fix.
    NullIsland,
    /// The device itself claims no better than [`max_accuracy_m`](crate::Thresholds::max_accuracy_m).
    Inaccurate,
    /// No vehicle gets there in that time.
    Jump,
    /// A single fix away from where the vehicle stood before and after.
    Stray,
}

/// A position that counts for nothing, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// The position's time.
    pub at: Timestamp,
    /// Why.
    pub reason: MarkReason,
}

/// A time of standing, on a trip or parked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// When it came to stand.
    #[serde(with = "time")]
    pub started_at: Timestamp,
    /// When it set off; `None` while it stands.
    #[serde(with = "optional_time")]
    pub ended_at: Option<Timestamp>,
    /// Where: the mean of what the receiver told meanwhile.
    #[serde(with = "point")]
    pub point: Point,
}
