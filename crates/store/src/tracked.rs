//! Vehicles with where they are, and positions in the order in which they arrived.

use milepost_domain::{NewestPosition, Position, Timestamp, Vehicle};

/// A vehicle's internal number: never shown outside, never used again after the vehicle was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VehicleNo(pub(crate) i64);

impl VehicleNo {
    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A vehicle and what is known of its track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedVehicle {
    /// Internal number.
    pub no: VehicleNo,
    /// As its operator describes it.
    pub vehicle: Vehicle,
    /// Its newest position and the version of that knowledge.
    pub track: NewestPosition,
}

/// A position with when it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// What arrived.
    pub position: Position,
    /// When, by the receiving node's clock.
    pub received_at: Timestamp,
    /// Pass it on to read what arrived after this one.
    pub cursor: ArrivalCursor,
}

/// A place in a tenant's order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArrivalCursor {
    pub(crate) received_ms: i64,
    pub(crate) vehicle_no: i64,
    pub(crate) at_ms: i64,
}
