//! The results of the fold.

use crate::saved::{optional_time, point, time};
use crate::{Activity, Incident, Trip, Visit};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// One finding of the fold. A trip, stop, visit or incident is repeated as a whole whenever it changes: a later fact with
/// the same start replaces the earlier one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TrackFact {
    /// A position that is stored but not used.
    OutlierFound(Outlier),
    /// The jumps from `from` to `until` were a relocation after all, and no outliers.
    OutliersCleared {
        /// Time of the first jump.
        from: Timestamp,
        /// Time of the last jump.
        until: Timestamp,
        /// Positions of [`OutlierReason::NullIsland`] among them too: the vehicle is there.
        null_island: bool,
    },
    /// A trip began. Its start lies in the past, where the vehicle set off.
    TripStarted(Trip),
    /// A running trip has grown; at most once in [`progress_s`](crate::Thresholds::progress_s) or
    /// [`progress_m`](crate::Thresholds::progress_m).
    TripProgressed(Trip),
    /// A trip is over. Its end lies in the past, where the vehicle came to stand.
    TripEnded(Trip),
    /// The vehicle stands, on a trip or parked.
    StopBegan(Stop),
    /// It set off again.
    StopEnded(Stop),
    /// The vehicle entered a fence.
    VisitBegan(Visit),
    /// It has been inside for the fence's dwell time; once a visit.
    VisitDwelt(Visit),
    /// It left the fence.
    VisitEnded(Visit),
    /// A speed violation, a harsh manoeuvre, a theft of fuel, … began; once, however many positions it lasts.
    IncidentBegan(Incident),
    /// The incident is over; its value is the peak.
    IncidentEnded(Incident),
    /// Distance, times and fuel to add to a quarter of an hour.
    Activity(Activity),
}

/// Why a position is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OutlierReason {
    /// 0° north, 0° east: the receiver had no position.
    NullIsland,
    /// The device itself claims an accuracy worse than [`max_accuracy_m`](crate::Thresholds::max_accuracy_m).
    Inaccurate,
    /// No vehicle can get there in that time, even if the time is half a minute off.
    Jump,
    /// A single fix away from where the vehicle stood before and after.
    Isolated,
    /// No vehicle can get there in that time, but the time may be off; or it may be the only fix before that is wrong.
    Doubtful,
    /// The device itself says that it had no fix.
    Invalid,
}

impl OutlierReason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::NullIsland, Self::Inaccurate, Self::Jump, Self::Isolated, Self::Doubtful, Self::Invalid];

    /// The vehicle was not there. Positions with other reasons are only too uncertain to be folded.
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::NullIsland | Self::Jump | Self::Invalid)
    }

    /// Its stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NullIsland => "null_island",
            Self::Inaccurate => "inaccurate",
            Self::Jump => "jump",
            Self::Isolated => "stray",
            Self::Doubtful => "doubtful",
            Self::Invalid => "invalid",
        }
    }

    /// By its stored name; `None` for one of other code.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Is this an outlier that a relocation clears?
    pub const fn is_cleared(self, null_island: bool) -> bool {
        match self {
            Self::Jump | Self::Doubtful => true,
            Self::NullIsland => null_island,
            Self::Inaccurate | Self::Isolated | Self::Invalid => false,
        }
    }
}

/// A position that is not used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlier {
    /// The position's time.
    pub at: Timestamp,
    /// The reason why it is an outlier.
    pub reason: OutlierReason,
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
    /// Mean of the fixes meanwhile.
    #[serde(with = "point")]
    pub point: Point,
}
