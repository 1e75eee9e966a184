//! Renders changes for viewers, if there are any.

use crate::channel::{event_channel, event_message, live_channel, location_message, progress_message};
use milepost_domain::{Event, TenantId, Timestamp, Trip};
use milepost_hub::Hub;
use milepost_service::{Listener, LiveVehicle, PositionRecorded};

/// Receives the changes that use cases publish.
pub struct FleetListener {
    hub: Hub,
}

impl FleetListener {
    /// Publishes messages into `hub`.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl Listener for FleetListener {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        let Some(channel) = self.hub.find_channel(&live_channel(tenant)) else { return };
        channel.publish_all(recorded.iter().map(|update| location_message(tenant, update.vehicle, update.position)));
    }

    /// A new driver is published with the last position. A vehicle without a position publishes nothing.
    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle, _: Option<&LiveVehicle>) {
        let Some(last) = &vehicle.last else { return };
        if let Some(channel) = self.hub.find_channel(&live_channel(tenant)) {
            channel.publish(location_message(tenant, &vehicle.vehicle, last));
        }
    }

    fn trips_progressed(&self, tenant: &TenantId, trips: &[Trip], at: Timestamp) {
        let Some(channel) = self.hub.find_channel(&event_channel(tenant)) else { return };
        channel.publish_all(trips.iter().filter_map(|trip| progress_message(&channel, tenant, trip, at)));
    }

    fn follows_trips(&self, tenant: &TenantId) -> bool {
        self.hub.find_channel(&event_channel(tenant)).is_some()
    }

    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        let Some(channel) = self.hub.find_channel(&event_channel(tenant)) else { return };
        channel.publish_all(events.iter().filter_map(|event| event_message(&channel, tenant, event)));
    }
}
