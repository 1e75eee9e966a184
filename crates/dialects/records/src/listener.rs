//! Renders stored events in the order of their ids, for clients that may see them, if there are any.

use crate::channel::{channel_of, message_of};
use milepost_domain::{Event, TenantId};
use milepost_hub::Hub;
use milepost_service::Listener;

/// Receives the events that the feed publishes.
pub struct RecordsListener {
    hub: Hub,
}

impl RecordsListener {
    /// Publishes messages into `hub`.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl Listener for RecordsListener {
    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        let Some(channel) = self.hub.find_channel(&channel_of(tenant)) else { return };
        channel.publish_all(events.iter().filter_map(|event| message_of(&channel, event)));
    }
}
