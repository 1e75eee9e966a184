//! A parcel: fetched at one place and brought to another by a driver whom its client follows.

use crate::ids::number_id;
use crate::names::named_values;
use crate::{Address, Latitude, Longitude, Place, TenantId, Timestamp, UserId};

number_id!(
    /// A parcel's number, unique over all tenants, from 1.
    ParcelId,
    "parcel_id"
);

/// How far a parcel is. An open parcel may go to any other open status (a dispatcher corrects mistakes), to
/// `delivered` and to `cancelled`; those two are the end, and only repeating them is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParcelStatus {
    /// Nobody fetches it yet.
    Pending,
    /// A driver has it to fetch.
    Assigned,
    /// The driver has it.
    PickedUp,
    /// On the way.
    InTransit,
    /// On the last way.
    OutForDelivery,
    /// Handed over: the end.
    Delivered,
    /// Given up: the end.
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

/// Where a driver was.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverFix {
    /// Who.
    pub driver_id: UserId,
    /// When.
    pub at: Timestamp,
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// In words, as the driver's phone said.
    pub address: Address,
}

/// A place of a parcel that its driver may be at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Where it is fetched.
    Pickup,
    /// Where it is brought.
    Destination,
}

impl Zone {
    /// `pickup`, `destination`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pickup => "pickup",
            Self::Destination => "destination",
        }
    }
}

/// Which of its parcel's places the driver is at.
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
    /// Its number.
    pub id: ParcelId,
    /// Whose company it is.
    pub tenant: TenantId,
    /// Whose it is; no reference: another issuer's tokens may name users that are not stored.
    pub client_id: UserId,
    /// Who brings it.
    pub driver_id: Option<UserId>,
    /// Where it is fetched.
    pub pickup: Place,
    /// Where it is brought.
    pub destination: Place,
    /// How far it is.
    pub status: ParcelStatus,
    /// Where its driver is.
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
    fn only_an_ended_parcel_stays_as_it_is() {
        for from in ParcelStatus::ALL {
            for to in ParcelStatus::ALL {
                let expected = from == to || !matches!(from, ParcelStatus::Delivered | ParcelStatus::Cancelled);
                assert_eq!(from.may_become(to), expected, "{from:?} to {to:?}");
            }
        }
    }
}
