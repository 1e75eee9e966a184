//! Vehicles with their newest position, and positions in the order of arrival.

use milepost_domain::{NewestPosition, Position, Timestamp, Vehicle};

/// A vehicle's internal number. It is never shown outside, and never used again after the vehicle was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VehicleNo(pub(crate) i64);

impl VehicleNo {
    /// The number that another node sent. One that is no vehicle's is no vehicle's here either.
    pub const fn new(no: i64) -> Self {
        Self(no)
    }

    /// The number as an integer.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A vehicle and its track.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackedVehicle {
    /// The internal number.
    pub no: VehicleNo,
    /// The operator's description of the vehicle.
    pub vehicle: Vehicle,
    /// The newest position and its version.
    pub track: NewestPosition,
}

/// A position with the time of its arrival.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// The position.
    pub position: Position,
    /// When it arrived, by the receiving node's clock.
    pub received_at: Timestamp,
    /// The cursor for reading what arrived after this position.
    pub cursor: ArrivalCursor,
}

/// A cursor in a tenant's order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArrivalCursor {
    pub(crate) received_ms: i64,
    pub(crate) vehicle_no: i64,
    pub(crate) at_ms: i64,
}

/// Vehicles × minutes of arrival, up to which recent positions are read vehicle by vehicle. What is more is read from the whole
/// tenant's arrivals: the vehicles' own would be sorted anew for each page.
pub const MOST_VEHICLE_MINUTES: i64 = 1_000;

/// What a list does with positions that are held to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WrongPositions {
    /// They are not in it.
    #[default]
    LeftOut,
    /// They are in it, with a mark.
    Marked,
}

/// A stored position of a vehicle.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackPosition {
    /// The position.
    pub position: Position,
    /// It is held to be wrong: the vehicle was not there.
    pub is_wrong: bool,
}
