//! The bus dialect's use of the hub: one channel a tenant, a key for each bus and each route.

use milepost_domain::{Label, Position, TenantId, Vehicle, VehicleId};
use milepost_hub::{ChannelId, Key, Message, Recipients};

pub(crate) fn channel_of(tenant: &TenantId) -> ChannelId {
    ChannelId::new("bus", tenant.as_str())
}

pub(crate) fn bus_key(id: &VehicleId) -> Key {
    Key::new("bus", id.as_str())
}

pub(crate) fn route_key(route: &str) -> Key {
    Key::new("route", route)
}

/// The key of presence messages. Only viewers with `?presence=1` follow it.
pub(crate) fn presence_key() -> Key {
    Key::new("presence", "")
}

/// A position of a bus. For a slow reader the newest replaces the unread one.
pub(crate) fn update_message(vehicle: &Vehicle, position: &Position) -> Message {
    let bus = bus_key(&vehicle.id);
    let route = vehicle.route.as_ref().map(|route: &Label| route_key(route.as_str()));
    let recipients = Recipients::keys(std::iter::once(bus.clone()).chain(route));
    let payload = crate::convert::render_update(vehicle, position, false);
    Message::conflated(payload, recipients, bus)
}
