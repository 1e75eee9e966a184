//! How the dialect uses the hub: a channel for each parcel that somebody follows, whosever it is.

use crate::convert::{render, render_location};
use crate::wire::{ParcelStatusChange, ToViewer, ZoneCrossing};
use milepost_domain::{Parcel, ParcelId, Timestamp, Zone};
use milepost_hub::{Audience, ChannelId, Key, Message};
use milepost_service::DriverSpot;

/// A parcel's number is unique on the server, and a viewer that may follow a parcel may see all messages about it. So a
/// superadmin's socket can follow parcels of several tenants.
pub(crate) fn channel_of(parcel: ParcelId) -> ChannelId {
    ChannelId::new("parcel", parcel.to_string())
}

/// Where the driver is; for a slow reader the newest replaces what it has not read yet. Each driver has a slot of its
/// own: the second one's clock says nothing about the first one's fixes.
pub(crate) fn location_message(parcel: &Parcel, spot: &DriverSpot) -> Message {
    let key = Key::new("location", &format!("{}/{}", parcel.id, spot.fix.driver_id));
    Message::conflated(render_location(parcel.id, spot), Audience::everyone(), key, spot.fix.at.unix_ms())
}

/// The driver came to a place, or left it. Nobody misses it.
pub(crate) fn zone_message(parcel: ParcelId, zone: Zone, entered: bool, at: Timestamp) -> Message {
    let crossing = ZoneCrossing::new(parcel, zone, entered, at);
    Message::new(render(&ToViewer::Geofence(crossing)), Audience::everyone())
}

/// A status: the last one, or one on the way. Nobody misses it.
pub(crate) fn status_message(parcel: &Parcel) -> Message {
    Message::new(render_status(parcel), Audience::everyone())
}

pub(crate) fn render_status(parcel: &Parcel) -> String {
    let change = ParcelStatusChange::of(parcel);
    render(&if parcel.status.has_ended() { ToViewer::TrackingEnded(change) } else { ToViewer::StatusUpdate(change) })
}
