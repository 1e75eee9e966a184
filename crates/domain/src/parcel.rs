//! A parcel: a driver fetches it at one place and brings it to another, and its client follows.

use crate::ids::number_id;
use crate::names::named_values;
use crate::{Address, Latitude, Longitude, Place, TenantId, Timestamp, UserId};

number_id!(
    /// A parcel's number, unique in its tenant, from 1.
    ParcelId,
    "parcel_id"
);

/// How far a parcel is. An open parcel may go to any other open status (a dispatcher corrects mistakes), to
/// `delivered` and to `cancelled`; those two are the end, and only repeating them is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParcelStatus {
    /// No driver is assigned.
    Pending,
    /// A driver is assigned and has not fetched it yet.
    Assigned,
    /// The driver has fetched it.
    PickedUp,
    /// On the way.
    InTransit,
    /// On the last stretch to its destination.
    OutForDelivery,
    /// Handed over: the end.
    Delivered,
    /// Called off: the end.
    Cancelled,
}

named_values!(ParcelStatus, "status", "must be pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled", {
    Pending => "pending",
    Assigned => "assigned",
    PickedUp => "picked_up",
    InTransit => "in_transit",
    OutForDelivery => "out_for_delivery",
    Delivered => "delivered",
    Cancelled => "cancelled",
});

impl ParcelStatus {
    /// Has it come to its end?
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Delivered | Self::Cancelled)
    }

    /// May it go from here to `to`?
    pub fn may_become(self, to: Self) -> bool {
        self == to || !self.has_ended()
    }
}

/// Where a driver was at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverFix {
    /// The driver's user number.
    pub driver_id: UserId,
    /// When it happened.
    pub at: Timestamp,
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// In words, as the driver's phone sent it.
    pub address: Address,
}

/// One of the two places of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Where it is fetched.
    Pickup,
    /// Where it is brought.
    Destination,
}

named_values!(Zone, "zone", "must be pickup or destination", {
    Pickup => "pickup",
    Destination => "destination",
});

/// Which of the two places the driver is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ZonesInside {
    /// At the place where it is fetched.
    pub pickup: bool,
    /// At the place where it is brought.
    pub destination: bool,
}

/// One parcel.
#[derive(Debug, Clone, PartialEq)]
pub struct Parcel {
    /// Unique in its tenant.
    pub id: ParcelId,
    /// The company that carries it.
    pub tenant: TenantId,
    /// The client. It need not be a stored user, because another issuer's tokens may name other users.
    pub client_id: UserId,
    /// The driver who brings it.
    pub driver_id: Option<UserId>,
    /// Where it is fetched.
    pub pickup: Place,
    /// Where it is brought.
    pub destination: Place,
    /// Its present status.
    pub status: ParcelStatus,
    /// Which of its places the driver is at.
    pub inside: ZonesInside,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Counts up with each change, from 1.
    pub version: i64,
}

impl Parcel {
    /// Is it on its way with a driver?
    pub const fn is_active(&self) -> bool {
        self.driver_id.is_some() && !self.status.has_ended()
    }
}

#[cfg(test)]
mod tests {
    use super::ParcelStatus;

    #[test]
    fn only_an_ended_parcel_refuses_changes() {
        for from in ParcelStatus::ALL {
            for to in ParcelStatus::ALL {
                let expected = from == to || !matches!(from, ParcelStatus::Delivered | ParcelStatus::Cancelled);
                assert_eq!(from.may_become(to), expected, "{from:?} to {to:?}");
            }
        }
    }
}
