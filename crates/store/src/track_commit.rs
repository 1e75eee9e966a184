//! One transaction of positions, which the committer plans and a database executes.

use crate::VehicleNo;
use milepost_domain::{NewestPosition, Position, Timestamp};
use milepost_track::{OutlierFilter, OutlierReason};

/// A transaction with fewer positions is on disk before the next one is written. If the next one were written during
/// the flush, each of two small transactions would cost as much as one of twice the size.
pub(crate) const SMALL: usize = 128;

/// A tenant's internal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantNo(pub(crate) i64);

/// A vehicle's numbers and track, as the committer needs them.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackRow {
    /// Internal number of the tenant.
    pub tenant_no: TenantNo,
    /// Internal number of the vehicle.
    pub vehicle_no: VehicleNo,
    /// The vehicle's place.
    pub state: NewestPosition,
    /// Judges the next position.
    pub filter: OutlierFilter,
}

/// How the filter of a [`TrackRow`] is stored.
pub(crate) struct SavedFilter {
    /// The average speed up to the place, metres a second; `None` for a place that no other position supports.
    pub(crate) speed_mps: Option<f64>,
    /// The whole filter as JSON, while it knows more than place and speed.
    pub(crate) whole: Option<String>,
}

impl SavedFilter {
    pub(crate) fn of(track: &TrackRow) -> Self {
        match track.filter.resumable(track.state.last.as_ref()) {
            Some(speed_mps) => Self { speed_mps, whole: None },
            None => Self { speed_mps: None, whole: serde_json::to_string(&track.filter).ok() },
        }
    }

    /// What can't be read is begun anew from the place.
    pub(crate) fn read(self, place: Option<&Position>) -> OutlierFilter {
        let whole = self.whole.and_then(|json| serde_json::from_str(&json).ok());
        whole.unwrap_or_else(|| OutlierFilter::resume(place, self.speed_mps))
    }
}

impl TrackRow {
    /// The time of the newest position, if it is not the vehicle's place.
    pub(crate) fn held_ms(&self) -> Option<i64> {
        let place_at = self.state.last.as_ref().map(|place| place.at);
        self.state.heard_at.filter(|heard_at| Some(*heard_at) != place_at).map(Timestamp::unix_ms)
    }
}

/// A row of the positions table.
#[derive(Debug, Clone, Copy)]
pub struct PositionRow<'a> {
    /// Internal number of the tenant.
    pub tenant_no: TenantNo,
    /// Internal number of the vehicle.
    pub vehicle_no: VehicleNo,
    /// When the position arrived.
    pub received_at: Timestamp,
    /// The position.
    pub position: &'a Position,
    /// Why it is held to be wrong, if it is. The row is marked if it is added.
    pub wrong: Option<OutlierReason>,
}

/// Everything that one transaction writes. All of it is written, or nothing.
#[derive(Debug)]
pub struct TrackCommit<'a> {
    /// Every vehicle of the transaction in ascending order, with the version that the plan assumes.
    pub claims: Vec<(VehicleNo, i64)>,
    /// Rows that are newer than all rows of their vehicle, so that they can't be duplicates.
    pub appended: Vec<PositionRow<'a>>,
    /// Rows that may duplicate stored rows or each other.
    pub late: Vec<PositionRow<'a>>,
    /// New states of some of the vehicles in `claims`, each with its version counted up, in ascending order.
    pub states: Vec<TrackRow>,
    /// The time of the commit.
    pub now: Timestamp,
}

/// The result of a [`TrackCommit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackOutcome {
    /// The transaction was written.
    Committed {
        /// Vehicle and time in Unix milliseconds of each row of `late` that was added. Each pair occurs once.
        late_added: Vec<(VehicleNo, i64)>,
    },
    /// Another node changed or removed these vehicles in the meantime. Nothing was written: read them again and make a new
    /// plan.
    Stale(Vec<VehicleNo>),
}
