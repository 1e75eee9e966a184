//! One transaction of positions, which the committer plans and a database executes.

use crate::VehicleNo;
use milepost_domain::{NewestPosition, Position, Timestamp};

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
    /// The newest position.
    pub state: NewestPosition,
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
    pub states: Vec<(VehicleNo, NewestPosition)>,
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
    /// Another node changed or removed one of the vehicles in the meantime. Nothing was written: read again and make a
    /// new plan.
    Stale,
}
