//! The parcel dialect's use of the hub: a channel for each followed parcel.

use crate::convert::{render, render_location};
use crate::wire::{ParcelStatusChange, ToViewer, ZoneCrossing};
use milepost_domain::{Parcel, ParcelId, TenantId, Timestamp, Zone};
use milepost_hub::{ChannelId, Key, Message, Recipients};
use milepost_service::DriverProgress;

/// A parcel's number is unique in its tenant, and a viewer that may follow a parcel may see all messages about it.
pub(crate) fn channel_of(tenant: &TenantId, parcel: ParcelId) -> ChannelId {
    // The number comes first: no tenant's id makes two channels one.
    ChannelId::new("parcel", format!("{parcel}/{tenant}"))
}

/// Where the driver is. For a slow reader the newest replaces the unread one. A new driver does not replace the last place of
/// the one before.
pub(crate) fn location_message(parcel: &Parcel, driver: &DriverProgress) -> Message {
    let key = Key::new("location", &format!("{}/{}", parcel.id, driver.fix.driver_id));
    Message::conflated(render_location(parcel.id, driver), Recipients::everyone(), key)
}

/// The driver came to a place or left it. Every viewer gets this message.
pub(crate) fn zone_message(parcel: ParcelId, zone: Zone, entered: bool, at: Timestamp) -> Message {
    let crossing = ZoneCrossing::new(parcel, zone, entered, at);
    Message::new(render(&ToViewer::Geofence(crossing)), Recipients::everyone())
}

/// The parcel's new status. A viewer that waits for its snapshot does not get this message: the snapshot has it.
pub(crate) fn status_message(parcel: &Parcel) -> Message {
    Message::new(render_status(parcel), Recipients::keys([]))
}

pub(crate) fn render_status(parcel: &Parcel) -> String {
    let change = ParcelStatusChange::of(parcel);
    render(&if parcel.status.has_ended() { ToViewer::TrackingEnded(change) } else { ToViewer::StatusUpdate(change) })
}
