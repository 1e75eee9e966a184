//! The dialect's use of the hub: two channels a tenant. One has vehicles and their places, of which a slow reader needs only the
//! newest; the other has stored events and marks.

use crate::convert::{render_gone, render_place, render_vehicle};
use milepost_domain::{Label, Position, TenantId, Vehicle, VehicleId};
use milepost_hub::{ChannelId, Key, Message, Recipients};
use milepost_service::LiveVehicle;

/// The channel of vehicles and places.
pub(crate) fn vehicle_channel(tenant: &TenantId) -> ChannelId {
    ChannelId::new("stream", tenant.as_str())
}

/// The channel of stored events and marks.
pub(crate) fn fact_channel(tenant: &TenantId) -> ChannelId {
    ChannelId::new("stream_facts", tenant.as_str())
}

pub(crate) fn vehicle_key(id: &str) -> Key {
    Key::new("vehicle", id)
}

pub(crate) fn route_key(route: &str) -> Key {
    Key::new("route", route)
}

pub(crate) fn kind_key(kind: &str) -> Key {
    Key::new("kind", kind)
}

/// Held by clients that may see only some vehicles, for each of them. A message that is not for those who named the vehicle
/// carries it, so that such clients get it too.
pub(crate) fn scope_key(id: &str) -> Key {
    Key::new("scope", id)
}

fn selecting_keys(vehicle: &Vehicle) -> impl Iterator<Item = Key> {
    let route = vehicle.route.as_ref().map(|route: &Label| route_key(route.as_str()));
    [kind_key(vehicle.kind.as_str())].into_iter().chain(route)
}

fn all_keys(vehicle: &Vehicle) -> impl Iterator<Item = Key> {
    [vehicle_key(vehicle.id.as_str())].into_iter().chain(selecting_keys(vehicle))
}

/// Where a vehicle is now. It replaces the last place.
pub(crate) fn place_message(vehicle: &Vehicle, position: &Position) -> Message {
    let key = vehicle_key(vehicle.id.as_str());
    Message::conflated(render_place(position), Recipients::keys(all_keys(vehicle)), key, 0)
}

/// A vehicle with all that is known of it, for all who follow it as it is now.
pub(crate) fn vehicle_message(live: &LiveVehicle) -> Message {
    let vehicle = &live.vehicle;
    Message::whole(render_vehicle(live), Recipients::keys(all_keys(vehicle)), vehicle_key(vehicle.id.as_str()))
}

/// A vehicle is gone for those who followed it by a route or kind that it has no more. Whoever follows it otherwise gets it
/// again right after this. `None` if there are no such.
pub(crate) fn left_message(before: &Vehicle, now: &Vehicle) -> Option<Message> {
    let kept: Vec<Key> = selecting_keys(now).collect();
    let lost: Vec<Key> = selecting_keys(before).filter(|key| !kept.contains(key)).collect();
    if lost.is_empty() {
        return None;
    }
    let recipients = Recipients::only(lost.into_iter().chain([scope_key(now.id.as_str())]));
    Some(Message::whole(gone(&now.id), recipients, vehicle_key(now.id.as_str())))
}

/// A vehicle was removed.
pub(crate) fn removed_message(vehicle: &Vehicle) -> Message {
    let key = vehicle_key(vehicle.id.as_str());
    Message::whole(gone(&vehicle.id), Recipients::keys(all_keys(vehicle)), key)
}

fn gone(id: &VehicleId) -> String {
    render_gone(&[id]).concat()
}
