//! The delivery dialect's use of the hub: one channel a tenant, and two keys a delivery, with and without its rider.

use crate::convert::{render, session_of};
use crate::wire::ToFollower;
use milepost_domain::{TenantId, TrackingId};
use milepost_hub::{ChannelId, Key, Message, Recipients};
use milepost_service::DeliveryView;

pub(crate) fn channel_of(tenant: &TenantId) -> ChannelId {
    ChannelId::new("delivery", tenant.as_str())
}

pub(crate) fn delivery_key(id: &TrackingId, sees_rider: bool) -> Key {
    Key::new(if sees_rider { "delivery with rider" } else { "delivery" }, id.as_str())
}

/// The session after a change. For a slow reader the newest replaces the unread one.
pub(crate) fn update_message(view: &DeliveryView, sees_rider: bool) -> Message {
    let key = delivery_key(&view.delivery.tracking_id, sees_rider);
    let payload = render(&ToFollower::LocationUpdate { data: session_of(view, sees_rider) });
    Message::conflated(payload, Recipients::only([key.clone()]), key)
}
