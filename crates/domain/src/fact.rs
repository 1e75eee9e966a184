//! What happened, as told to whoever may know.

use crate::{
    DeliveryStatus, DeviceId, OrderId, ParcelId, ParcelStatus, RiderId, Timestamp, TrackingId, UserId, VehicleId, Zone,
};

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
    /// A user logged out of one of its sessions.
    SessionEnded {
        /// Whose it was.
        user_id: UserId,
    },
    /// A device was removed, and its key with it.
    DeviceRemoved {
        /// Which.
        device_id: DeviceId,
    },
    /// A delivery was started.
    DeliveryStarted {
        /// Which.
        tracking_id: TrackingId,
        /// The shop's order.
        order_id: OrderId,
        /// Who brings it.
        rider_id: RiderId,
    },
    /// A delivery's status moved forward.
    DeliveryAdvanced {
        /// Which.
        tracking_id: TrackingId,
        /// The shop's order.
        order_id: OrderId,
        /// How far it is now.
        status: DeliveryStatus,
    },
    /// A parcel was entered.
    ParcelAdded {
        /// Which.
        parcel_id: ParcelId,
        /// Whose it is.
        client_id: UserId,
    },
    /// A parcel's status or driver changed.
    ParcelChanged {
        /// Which.
        parcel_id: ParcelId,
        /// How far it is now.
        status: ParcelStatus,
        /// Who brings it now.
        driver_id: Option<UserId>,
    },
    /// A parcel's driver came to one of its places, or left it.
    ParcelZoneCrossed {
        /// Which.
        parcel_id: ParcelId,
        /// Which place.
        zone: Zone,
        /// Came, or left.
        entered: bool,
    },
    /// Something that this version does not know, written by a newer one beside it: nobody acts on it.
    Unknown {
        /// What the newer version calls it.
        kind: String,
        /// JSON.
        payload: String,
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
