//! The dialect's use of the hub: one channel a tenant, a key for each vehicle, and one for each user's own events.

use milepost_domain::{TenantId, VehicleId};
use milepost_hub::{ChannelId, Key, Message, Recipients};

pub(crate) fn channel_of(tenant: &TenantId) -> ChannelId {
    ChannelId::new("traccar", tenant.as_str())
}

pub(crate) fn vehicle_key(id: &VehicleId) -> Key {
    Key::new("vehicle", id.as_str())
}

pub(crate) fn user_key(id: i64) -> Key {
    Key::new("user", &id.to_string())
}

/// A device's state. For a slow reader the newest replaces the unread one.
pub(crate) fn device_message(id: &VehicleId, payload: String) -> Message {
    Message::conflated(payload, Recipients::keys([vehicle_key(id)]), Key::new("device", id.as_str()))
}

/// A device's position. For a slow reader the newest replaces the unread one.
pub(crate) fn position_message(id: &VehicleId, payload: String) -> Message {
    Message::conflated(payload, Recipients::keys([vehicle_key(id)]), Key::new("position", id.as_str()))
}

/// An event for those users that asked to be told.
pub(crate) fn event_message(users: &[i64], payload: String) -> Message {
    Message::new(payload, Recipients::only(users.iter().map(|id| user_key(*id))))
}

/// Who sees the whole fleet and shows what its trackers send.
pub(crate) fn all_logs_key() -> Key {
    Key::new("logs", "")
}

/// Who shows what the tracker of this vehicle sends.
pub(crate) fn log_key(id: &VehicleId) -> Key {
    Key::new("log", id.as_str())
}

/// What a tracker sent. For a slow reader the newest of a tracker replaces the unread one.
pub(crate) fn log_message(id: &VehicleId, payload: String) -> Message {
    Message::conflated(payload, Recipients::only([log_key(id), all_logs_key()]), log_key(id))
}
