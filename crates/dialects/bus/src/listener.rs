//! Renders what happened for those who watch, and only if somebody does.

use crate::channel::{channel_of, update_message};
use milepost_domain::TenantId;
use milepost_hub::Hub;
use milepost_service::{Listener, LiveVehicle, PositionRecorded};

/// Observes the use cases for the dialect.
pub struct BusListener {
    hub: Hub,
}

impl BusListener {
    /// Publishes into `hub`.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl Listener for BusListener {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        if let Some(channel) = self.hub.find_channel(&channel_of(tenant)) {
            channel.publish_all(recorded.iter().map(|recorded| update_message(recorded.vehicle, recorded.position)));
        }
    }

    /// A new status or plate is published with the last position, and not at all before there is one.
    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle) {
        let Some(last) = &vehicle.last else { return };
        if let Some(channel) = self.hub.find_channel(&channel_of(tenant)) {
            channel.publish(update_message(&vehicle.vehicle, last));
        }
    }
}
