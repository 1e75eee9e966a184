//! Tells what happened to every dialect; each renders it only if somebody watches.

use crate::{LiveVehicle, Service};
use milepost_domain::{Position, TenantId, Vehicle, VehicleId};
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
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]);
    /// A vehicle was added, or its description or status changed.
    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle);
    /// A vehicle was removed.
    fn vehicle_removed(&self, tenant: &TenantId, vehicle: &VehicleId);
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

    pub(crate) fn publish_removal(&self, tenant: &TenantId, vehicle: &VehicleId) {
        for listener in &self.listeners {
            listener.vehicle_removed(tenant, vehicle);
        }
    }
}
