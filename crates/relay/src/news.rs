//! What nodes send each other about one tenant.

use milepost_domain::{DriverFix, ParcelId, Position, Timestamp, TrackingId, Zone};

/// What happened on another node, after its commit.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Vehicles are at these places, in the order of their commits.
    Places(Vec<Place>),
    /// The tenant's newest event has this id, or a higher one by now.
    Events(i64),
    /// A driver of parcels moved.
    DriverMoved(Box<DriverMove>),
    /// A delivery's status or location changed. The receiver reads it.
    DeliveryChanged(TrackingId),
}

/// A vehicle's newest position.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The vehicle's internal number. A vehicle that was made anew under the same id has another one.
    pub vehicle_no: i64,
    /// Where the vehicle is.
    pub position: Position,
    /// When it arrived, if a known position that lay ahead then is to give way.
    pub received_at: Option<Timestamp>,
}

/// A driver's new location, with the parcels that the driver brings.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverMove {
    /// The new location.
    pub fix: DriverFix,
    /// Each parcel, with the zones that the driver entered (true) or left (false), in order.
    pub parcels: Vec<(ParcelId, Vec<(Zone, bool)>)>,
}

impl News {
    /// Roughly, what it takes in memory until it is sent, bytes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Places(places) => places.len() * size_of::<Place>(),
            Self::Events(_) => 0,
            Self::DriverMoved(moved) => size_of::<DriverMove>() + moved.parcels.len() * 64,
            Self::DeliveryChanged(_) => 64,
        }
    }
}
