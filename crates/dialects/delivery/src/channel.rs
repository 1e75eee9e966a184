//! How the dialect uses the hub: one channel a tenant, two keys a delivery, for those who may know its rider and the rest.

use crate::convert::{render, session_of};
use crate::wire::ToFollower;
use milepost_domain::{TenantId, TrackingId};
use milepost_hub::{Audience, ChannelId, Key, Message};
use milepost_service::DeliveryView;

pub(crate) fn channel_of(tenant: &TenantId) -> ChannelId {
    ChannelId::new("delivery", tenant.as_str())
}

pub(crate) fn delivery_key(id: &TrackingId, sees_rider: bool) -> Key {
    Key::new(if sees_rider { "delivery with rider" } else { "delivery" }, id.as_str())
}

/// The whole session after a change; for a slow reader the newest replaces what it has not read yet.
pub(crate) fn update_message(view: &DeliveryView, sees_rider: bool) -> Message {
    let key = delivery_key(&view.delivery.tracking_id, sees_rider);
    let payload = render(&ToFollower::LocationUpdate { data: session_of(view, sees_rider) });
    Message::conflated(payload, Audience::only([key.clone()]), key, view.delivery.version)
}
