//! Renders changes for clients, if there are any.

use crate::StreamState;
use crate::channel::{fact_channel, left_message, place_message, removed_message, vehicle_channel, vehicle_message};
use crate::facts::fact_message;
use milepost_domain::{Event, TenantId};
use milepost_service::{Listener, LiveVehicle, PositionRecorded};
use std::sync::Arc;

/// Receives the changes that use cases publish.
pub struct StreamListener {
    state: Arc<StreamState>,
}

impl StreamListener {
    /// Publishes messages into the hub of `state`.
    pub fn new(state: Arc<StreamState>) -> Self {
        Self { state }
    }
}

impl Listener for StreamListener {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        if let Some(channel) = self.state.hub.find_channel(&vehicle_channel(tenant)) {
            channel.publish_all(recorded.iter().map(|update| place_message(update.vehicle, update.position)));
        }
    }

    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle, before: Option<&LiveVehicle>) {
        let Some(channel) = self.state.hub.find_channel(&vehicle_channel(tenant)) else { return };
        let left = before.and_then(|before| left_message(&before.vehicle, &vehicle.vehicle));
        channel.publish_all(left.into_iter().chain([vehicle_message(vehicle)]));
    }

    fn vehicle_removed(&self, tenant: &TenantId, vehicle: &LiveVehicle) {
        if let Some(channel) = self.state.hub.find_channel(&vehicle_channel(tenant)) {
            channel.publish(removed_message(&vehicle.vehicle));
        }
    }

    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        if let (Some(channel), Some(feed)) =
            (self.state.hub.find_channel(&fact_channel(tenant)), self.state.known_feed())
        {
            channel.publish_all(events.iter().filter_map(|event| fact_message(&channel, feed, event)));
        }
        // After they are in the queue, so that a mark that names them comes after them.
        if let Some(last) = events.last() {
            self.state.beats.published(tenant, last.id);
        }
    }
}
