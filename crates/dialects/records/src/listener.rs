//! Renders stored events for those who follow, in the order of their ids, and only if somebody may see them.

use crate::channel::{channel_of, message_of};
use milepost_domain::{Event, TenantId, VehicleId};
use milepost_hub::Hub;
use milepost_service::{Listener, LiveVehicle, PositionRecorded};

/// The dialect's ear at the use cases.
pub struct RecordsListener {
    hub: Hub,
}

impl RecordsListener {
    /// Publishes into `hub`.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl Listener for RecordsListener {
    fn positions_recorded(&self, _: &TenantId, _: &[PositionRecorded<'_>]) {}
    fn vehicle_changed(&self, _: &TenantId, _: &LiveVehicle) {}
    fn vehicle_removed(&self, _: &TenantId, _: &VehicleId) {}

    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        let Some(channel) = self.hub.find_channel(&channel_of(tenant)) else { return };
        channel.publish_all(events.iter().filter_map(|event| message_of(&channel, event)));
    }
}
