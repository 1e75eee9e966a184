//! The dialect's use of the hub: two channels a tenant. One has vehicles and their places, of which a slow reader needs only the
//! newest; the other has stored events and marks.

use crate::cells::{cell_key, spot};
use crate::convert::{render_gone, render_place, render_vehicle, row_of};
use milepost_domain::{Label, Position, TenantId, Vehicle, VehicleId};
use milepost_hub::{ChannelId, Key, Message, Move, Recipients, Spot, Watched};
use milepost_service::{LiveVehicle, PositionRecorded};
use std::sync::Arc;

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

fn spot_of(position: &Position) -> Spot {
    spot(position.latitude.get(), position.longitude.get())
}

fn cells<'l>(levels: &'l [usize], spots: impl Iterator<Item = Spot> + Clone + 'l) -> impl Iterator<Item = Key> + 'l {
    levels.iter().flat_map(move |level| spots.clone().map(|spot| cell_key(*level, spot)))
}

/// Where a vehicle is now, for those who follow it or saw it before. It replaces the last place.
fn place_message(update: &PositionRecorded<'_>, levels: &[usize]) -> Message {
    let vehicle = update.vehicle;
    let (key, moved) = (vehicle_key(vehicle.id.as_str()), move_of(update));
    let recipients = Recipients::keys(all_keys(vehicle));
    let recipients = match moved.from {
        Some(from) if !levels.is_empty() => {
            recipients.watched(cells(levels, [from].into_iter()), Watched::Before(moved))
        }
        _ => recipients,
    };
    let (base, row) = row_of(update.number, vehicle.version, update.position);
    Message::conflated(render_place(update.position), recipients, key).with_row(base, row)
}

fn move_of(update: &PositionRecorded<'_>) -> Move {
    Move {
        from: update.before.map(|(latitude, longitude)| spot(latitude.get(), longitude.get())),
        to: spot_of(update.position),
    }
}

/// A vehicle's move: where it is for those who know the vehicle, and the vehicle for those into whose view it comes.
pub(crate) fn move_messages(update: &PositionRecorded<'_>, levels: &[usize]) -> impl Iterator<Item = Message> {
    let moved = move_of(update);
    let enters = (!levels.is_empty() && moved.from != Some(moved.to)).then(|| {
        let vehicle = update.vehicle;
        let key = vehicle_key(vehicle.id.as_str());
        let recipients = Recipients::entering(all_keys(vehicle), cells(levels, [moved.to].into_iter()), moved);
        let (vehicle, number, position) = (Arc::clone(vehicle), update.number, update.position.clone());
        // Rendered only if somebody gets it.
        Message::whole_later(move || render_vehicle(&vehicle, number, Some(&position)).into(), recipients, key)
    });
    enters.into_iter().chain([place_message(update, levels)])
}

/// A vehicle with all that is known of it, for all who follow it as it is now.
pub(crate) fn vehicle_message(live: &LiveVehicle, levels: &[usize]) -> Message {
    let text = render_vehicle(&live.vehicle, live.number, live.last.as_ref());
    Message::whole(text, followers_of(live, levels), vehicle_key(live.vehicle.id.as_str()))
}

/// All who follow a vehicle where it is and as it is.
fn followers_of(live: &LiveVehicle, levels: &[usize]) -> Recipients {
    let recipients = Recipients::keys(all_keys(&live.vehicle));
    match &live.last {
        Some(last) if !levels.is_empty() => {
            let spot = spot_of(last);
            recipients.watched(cells(levels, [spot].into_iter()), Watched::Now(spot))
        }
        _ => recipients,
    }
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
pub(crate) fn removed_message(live: &LiveVehicle, levels: &[usize]) -> Message {
    let id = &live.vehicle.id;
    Message::whole(gone(id), followers_of(live, levels), vehicle_key(id.as_str()))
}

fn gone(id: &VehicleId) -> String {
    render_gone(&[id]).concat()
}
