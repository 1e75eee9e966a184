//! Renders changes for open sockets, if there are any.

use crate::channel::{channel_of, device_message, event_message, position_message};
use crate::convert::{Way, device_object, position_object};
use crate::directory::Directory;
use crate::events::{Happening, of_fact, of_position};
use crate::fleet::FleetView;
use milepost_clock::Clock;
use milepost_domain::{Event, Fact, TenantId};
use milepost_geo::Point;
use milepost_hub::{Hub, Message};
use milepost_service::{Listener, PositionRecorded};
use serde_json::json;
use std::sync::Arc;

/// What happened longer ago is stored, and told to nobody.
const TOLD_MS: i64 = 15 * 60 * 1000;

/// Receives the changes that use cases publish.
pub struct TraccarListener {
    hub: Hub,
    directory: Arc<Directory>,
    clock: Clock,
}

impl TraccarListener {
    /// Publishes messages into `hub`, about the fleets of `directory`.
    pub fn new(hub: Hub, directory: Arc<Directory>, clock: Clock) -> Self {
        Self { hub, directory, clock }
    }

    fn told(&self, tenant: &TenantId, fleet: &FleetView, happening: &Happening) -> Option<Message> {
        let device = fleet.devices.get(&happening.vehicle)?;
        if self.clock.now().ms_since(happening.at) > TOLD_MS {
            return None;
        }
        let users = fleet.told(tenant, device, happening.kind.name(), happening.alarm());
        let payload = json!({ "events": [happening.told(fleet, device)] }).to_string();
        (!users.is_empty()).then(|| event_message(&users, payload))
    }
}

impl Listener for TraccarListener {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        let Some(channel) = self.hub.find_channel(&channel_of(tenant)) else { return };
        let Some(fleet) = self.directory.last(tenant) else { return };
        let now = self.clock.now();
        let mut messages = Vec::with_capacity(recorded.len() * 2);
        for update in recorded {
            let Some(device) = fleet.devices.get(&update.vehicle.id) else { continue };
            let object = device_object(device, Some(update.position), now);
            messages.push(device_message(&update.vehicle.id, json!({ "devices": [object] }).to_string()));
            if let Some(happening) = of_position(update.position) {
                messages.extend(self.told(tenant, &fleet, &happening));
            }
            let before = update.before.map(|(latitude, longitude)| Point::new(latitude, longitude));
            let object = position_object(&fleet, device, update.position, &mut Way::from(device, before));
            messages.push(position_message(&update.vehicle.id, json!({ "positions": [object] }).to_string()));
        }
        channel.publish_all(messages);
    }

    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        let is_change = |event: &Event| {
            matches!(
                event.fact,
                Fact::VehicleAdded { .. }
                    | Fact::VehicleChanged { .. }
                    | Fact::VehicleRemoved { .. }
                    | Fact::DeviceChanged { .. }
                    | Fact::DeviceRemoved { .. }
                    | Fact::UserChanged { .. }
                    | Fact::GeofenceChanged { .. }
                    | Fact::CatalogueChanged { .. }
            )
        };
        if events.iter().any(is_change) {
            self.directory.mark_changed(tenant);
        }
        let Some(channel) = self.hub.find_channel(&channel_of(tenant)) else { return };
        let Some(fleet) = self.directory.last(tenant) else { return };
        let happenings = events.iter().filter_map(|event| of_fact(&event.fact));
        channel.publish_all(happenings.filter_map(|happening| self.told(tenant, &fleet, &happening)));
    }
}
