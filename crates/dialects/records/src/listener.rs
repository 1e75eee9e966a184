//! Renders stored events for those who follow, in the order of their ids, and only if somebody may see them.

use crate::channel::{channel_of, message_of};
use milepost_domain::{Event, TenantId};
use milepost_hub::Hub;
use milepost_service::Listener;

/// Observes the use cases for the dialect.
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
    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        let Some(channel) = self.hub.find_channel(&channel_of(tenant)) else { return };
        channel.publish_all(events.iter().filter_map(|event| message_of(&channel, event)));
    }
}
