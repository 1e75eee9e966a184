//! Renders changes for viewers, if there are any.

use crate::channel::{channel_of, update_message};
use milepost_domain::TenantId;
use milepost_hub::Hub;
use milepost_service::{Listener, LiveVehicle, PositionRecorded};

/// Receives the changes that use cases publish.
pub struct BusListener {
    hub: Hub,
}

impl BusListener {
    /// Publishes messages into `hub`.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl Listener for BusListener {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        if let Some(channel) = self.hub.find_channel(&channel_of(tenant)) {
            channel.publish_all(recorded.iter().map(|update| update_message(update.vehicle, update.position)));
        }
    }

    /// A new status or plate is published with the last position. A vehicle without a position publishes nothing.
    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle, _: Option<&LiveVehicle>) {
        let Some(last) = &vehicle.last else { return };
        if let Some(channel) = self.hub.find_channel(&channel_of(tenant)) {
            channel.publish(update_message(&vehicle.vehicle, last));
        }
    }
}
