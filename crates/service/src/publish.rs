//! Tells what happened to every dialect; each renders it only if somebody watches.

use crate::{DeliveryView, LiveVehicle, MovedParcel, ParcelNews, Service};
use milepost_domain::{Event, ParcelId, Position, TenantId, TrackingId, Vehicle, VehicleId};
use std::sync::Arc;

/// A position that became its vehicle's newest.
#[derive(Debug, Clone, Copy)]
pub struct PositionRecorded<'a> {
    /// The vehicle as it is now.
    pub vehicle: &'a Arc<Vehicle>,
    /// Where it is.
    pub position: &'a Position,
}

/// A dialect's ear. Called after the commit, on the path of every position and under the tenant's lock, so that
/// the order of calls is the order of commit: it must not wait, and only hand over to the hub.
pub trait Listener: Send + Sync {
    /// Vehicles moved: what one caller brought, in the order of time, so that it can share writes.
    fn positions_recorded(&self, _: &TenantId, _: &[PositionRecorded<'_>]) {}
    /// A vehicle was added, or its description or status changed.
    fn vehicle_changed(&self, _: &TenantId, _: &LiveVehicle) {}
    /// A vehicle was removed.
    fn vehicle_removed(&self, _: &TenantId, _: &VehicleId) {}
    /// A delivery's status or place changed. Called in the order of its versions; the same one may come again.
    fn delivery_changed(&self, _: &DeliveryView) {}
    /// Does anybody here follow this delivery? What other processes change is read only then.
    fn follows_delivery(&self, _: &TrackingId) -> bool {
        false
    }
    /// A driver moved: once for each active parcel that it brings. Called in the driver's turn.
    fn driver_moved(&self, _: &[MovedParcel]) {}
    /// A parcel's status or driver changed. Called in the parcel's and its drivers' turn.
    fn parcel_changed(&self, _: &ParcelNews) {}
    /// Events of a tenant, in the order of their ids; each is told once, whichever process stored it. Whom it may be told
    /// says [`milepost_domain::Fact::audience`].
    fn events_told(&self, _: &TenantId, _: &[Event]) {}
    /// Does anybody here follow this parcel? What other processes change is read only then.
    fn follows_parcel(&self, _: ParcelId) -> bool {
        false
    }
}

impl Service {
    pub(crate) fn publish_positions(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        for listener in &self.listeners {
            listener.positions_recorded(tenant, recorded);
        }
    }

    pub(crate) fn publish_vehicle(&self, tenant: &TenantId, vehicle: &LiveVehicle) {
        for listener in &self.listeners {
            listener.vehicle_changed(tenant, vehicle);
        }
    }

    pub(crate) fn publish_delivery(&self, view: &DeliveryView) {
        for listener in &self.listeners {
            listener.delivery_changed(view);
        }
    }

    pub(crate) fn publish_driver(&self, moved: &[MovedParcel]) {
        for listener in &self.listeners {
            listener.driver_moved(moved);
        }
    }

    pub(crate) fn publish_parcel(&self, news: &ParcelNews) {
        for listener in &self.listeners {
            listener.parcel_changed(news);
        }
    }

    pub(crate) fn publish_events(&self, tenant: &TenantId, events: &[Event]) {
        for listener in &self.listeners {
            listener.events_told(tenant, events);
        }
    }

    pub(crate) fn publish_removal(&self, tenant: &TenantId, vehicle: &VehicleId) {
        for listener in &self.listeners {
            listener.vehicle_removed(tenant, vehicle);
        }
    }
}
