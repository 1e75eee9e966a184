//! One transaction of positions, planned by the committer and carried out by a database.

use crate::VehicleNo;
use milepost_domain::{NewestPosition, Position, Timestamp};

/// A transaction of fewer positions is on disk before the next one is written. Two small ones, one written while the other
/// is being flushed, would each have the costs of one, where one of twice the size would do.
pub(crate) const SMALL: usize = 128;

/// A tenant's internal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantNo(pub(crate) i64);

/// A vehicle as the committer needs it: its numbers and its track.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Internal number of the tenant.
    pub tenant_no: TenantNo,
    /// Internal number of the vehicle.
    pub vehicle_no: VehicleNo,
    /// What is known.
    pub state: NewestPosition,
}

/// A row of the positions table.
#[derive(Debug, Clone, Copy)]
pub struct PositionRow<'a> {
    /// Internal number of the tenant.
    pub tenant_no: TenantNo,
    /// Internal number of the vehicle.
    pub vehicle_no: VehicleNo,
    /// When it arrived.
    pub received_at: Timestamp,
    /// What it says.
    pub position: &'a Position,
}

/// Everything that one transaction writes; all of it or nothing.
#[derive(Debug)]
pub struct TrackCommit<'a> {
    /// Every vehicle touched, in ascending order, and the version on which the plan rests.
    pub claims: Vec<(VehicleNo, i64)>,
    /// Rows newer than all of their vehicle's: they can't be duplicates.
    pub appended: Vec<PositionRow<'a>>,
    /// Rows that may be duplicates, of stored rows or of each other.
    pub late: Vec<PositionRow<'a>>,
    /// New states of vehicles (a part of `claims`), each with its version already counted up, in ascending order.
    pub states: Vec<(VehicleNo, NewestPosition)>,
    /// When it is committed.
    pub now: Timestamp,
}

/// What became of a [`TrackCommit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackOutcome {
    /// Written. For each of `late`, whether a row with its vehicle and time was added (an identity once each).
    Committed {
        /// Vehicle and time in Unix milliseconds of each late row that was added.
        late_added: Vec<(VehicleNo, i64)>,
    },
    /// Another node changed or removed one of the vehicles meanwhile: nothing was written; read again and plan anew.
    Stale,
}
