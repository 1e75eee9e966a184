//! Devices: what reports positions.

use crate::{DeviceId, Label, PastAssignments, TenantId, VehicleId};

/// A kiosk, tracker or phone: it has a secret key (kept hashed) and reports for one vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Unique within its tenant.
    pub id: DeviceId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The one vehicle it reports for.
    pub vehicle_id: VehicleId,
    /// The vehicles that it was in before; `None` for one that was removed since. The store writes them when it moves.
    pub past_vehicles: PastAssignments<Option<VehicleId>>,
    /// Name for people.
    pub name: Option<Label>,
    /// Counts its changes, from the Unix milliseconds of its creation.
    pub version: i64,
}
