//! Renders what happened for those who watch, and only if somebody does.

use crate::channel::{event_channel, event_message, live_channel, location_message};
use milepost_domain::{Event, TenantId, VehicleId};
use milepost_hub::Hub;
use milepost_service::{Listener, LiveVehicle, PositionRecorded};

/// The dialect's ear at the use cases.
pub struct FleetListener {
    hub: Hub,
}

impl FleetListener {
    /// Publishes into `hub`.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl Listener for FleetListener {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        let Some(channel) = self.hub.find_channel(&live_channel(tenant)) else { return };
        channel.publish_all(recorded.iter().map(|news| location_message(tenant, news.vehicle, news.position)));
    }

    /// A new driver is told with the last position; a vehicle that was nowhere yet stays untold.
    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle) {
        let Some(last) = &vehicle.last else { return };
        if let Some(channel) = self.hub.find_channel(&live_channel(tenant)) {
            channel.publish(location_message(tenant, &vehicle.vehicle, last));
        }
    }

    /// The seed knows no message for it: the vehicle just stops moving.
    fn vehicle_removed(&self, _: &TenantId, _: &VehicleId) {}

    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        let Some(channel) = self.hub.find_channel(&event_channel(tenant)) else { return };
        channel.publish_all(events.iter().filter_map(|event| event_message(&channel, tenant, event)));
    }
}
