//! What happened, as told to whoever may know.

use crate::{Timestamp, UserId, VehicleId};

/// A change that is stored with an event id, in the same transaction as the rows it changed.
/// Positions are facts too, but live in a table of their own and carry no event id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A vehicle was added.
    VehicleAdded {
        /// Which.
        vehicle_id: VehicleId,
    },
    /// A vehicle's description or status changed.
    VehicleChanged {
        /// Which.
        vehicle_id: VehicleId,
    },
    /// A vehicle was removed with its positions and devices.
    VehicleRemoved {
        /// Which.
        vehicle_id: VehicleId,
    },
    /// A user was added, changed, approved, locked out or removed: whoever holds a copy reads it again.
    UserChanged {
        /// Which.
        user_id: UserId,
    },
}

/// A fact with its place in its tenant's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Counts up by one in each tenant, in the order of commit, from 1.
    pub id: i64,
    /// When it was committed.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
}
