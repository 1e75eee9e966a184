//! What nodes send each other: about one tenant, and about themselves.

use milepost_domain::{DriverFix, ParcelId, Position, TenantId, Timestamp, TrackingId};
use std::net::IpAddr;

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
    /// Trips of vehicles with these internal numbers go on. The receiver reads them.
    TripsProgressed(Vec<i64>),
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
    /// The parcels. The zones that the driver entered or left are events.
    pub parcels: Vec<ParcelId>,
}

impl News {
    /// Roughly, what it takes in memory until it is sent, bytes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Places(places) => places.len() * size_of::<Place>(),
            Self::Events(_) => 0,
            Self::DriverMoved(moved) => size_of::<DriverMove>() + moved.parcels.len() * size_of::<ParcelId>(),
            Self::DeliveryChanged(_) => 64,
            Self::TripsProgressed(vehicles) => vehicles.len() * size_of::<i64>(),
        }
    }
}

/// What every node needs to know of another one, whatever tenants it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeNews {
    /// Numbers of the sender's connections and viewers. `is_whole` says that it has no others.
    Counts {
        /// The numbers. 0 is sent once, when the last has gone.
        counts: Vec<(Counted, usize)>,
        /// They replace all that is known of the sender.
        is_whole: bool,
    },
    /// A login failed: the counted name, and the client's address.
    FailedLogin(String, Option<IpAddr>),
    /// A text to a customer was counted.
    Texted(CountedText),
}

/// By what a text to a customer is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedText {
    /// Whose delivery it tells of.
    pub tenant: TenantId,
    /// The customer's number, E.164.
    pub number: String,
    /// The rider of the delivery, or the user who called itself so.
    pub rider: String,
    /// That user was a rider: then the number's limit is the lower one.
    pub by_rider: bool,
}

/// What is counted on every node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counted {
    /// The connections of a tenant's people and devices.
    People(TenantId),
    /// The connections of the visitors of a tenant's public links.
    Visitors(TenantId),
    /// The subscribers of a dialect's channel that announces their number.
    Viewers {
        /// The dialect.
        dialect: String,
        /// The tenant's part of the channel's name.
        tenant: String,
    },
}
