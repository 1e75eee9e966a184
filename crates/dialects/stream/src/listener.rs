//! Renders changes for clients, if there are any.

use crate::StreamState;
use crate::channel::{fact_channel, left_message, move_messages, removed_message, vehicle_channel, vehicle_message};
use crate::deliveries::{delivery_channel, delivery_key, delivery_message};
use crate::facts::{fact_message, running_message};
use crate::parcels::{parcel_channel, parcel_message, place_message, zone_message};
use milepost_domain::{Event, ParcelId, TenantId, Timestamp, TrackingId, Trip, Zone};
use milepost_service::{DeliveryView, Listener, LiveVehicle, MovedParcel, ParcelUpdate, PositionRecorded};
use std::sync::Arc;

/// Receives the changes that use cases publish.
pub struct StreamListener {
    state: Arc<StreamState>,
}

impl StreamListener {
    /// Publishes messages into the hub of `state`.
    pub fn new(state: Arc<StreamState>) -> Self {
        Self { state }
    }
}

impl Listener for StreamListener {
    fn positions_recorded(&self, tenant: &TenantId, recorded: &[PositionRecorded<'_>]) {
        if let Some(channel) = self.state.hub.find_channel(&vehicle_channel(tenant)) {
            let levels = self.state.beats.watched_levels(tenant);
            channel.publish_all(recorded.iter().flat_map(|update| move_messages(update, &levels)));
        }
    }

    fn vehicle_changed(&self, tenant: &TenantId, vehicle: &LiveVehicle, before: Option<&LiveVehicle>) {
        let Some(channel) = self.state.hub.find_channel(&vehicle_channel(tenant)) else { return };
        let left = before.and_then(|before| left_message(&before.vehicle, &vehicle.vehicle));
        let levels = self.state.beats.watched_levels(tenant);
        // Its driver went off duty: it leaves the places that others look at.
        let hidden = before.filter(|before| before.last.is_some() && vehicle.last.is_none());
        let hidden = hidden.map(|before| removed_message(before, &levels));
        channel.publish_all(hidden.into_iter().chain(left).chain([vehicle_message(vehicle, &levels)]));
    }

    fn vehicle_removed(&self, tenant: &TenantId, vehicle: &LiveVehicle) {
        if let Some(channel) = self.state.hub.find_channel(&vehicle_channel(tenant)) {
            channel.publish(removed_message(vehicle, &self.state.beats.watched_levels(tenant)));
        }
    }

    fn delivery_changed(&self, view: &DeliveryView) {
        if !self.state.deliveries.advance(&view.delivery) {
            return;
        }
        let Some(channel) = self.state.hub.find_channel(&delivery_channel(&view.delivery.tenant)) else { return };
        for sees_rider in [false, true] {
            if channel.has_subscribers_of(&delivery_key(&view.delivery.tracking_id, sees_rider)) {
                channel.publish(delivery_message(view, sees_rider));
            }
        }
    }

    fn follows_delivery(&self, id: &TrackingId) -> bool {
        self.state.deliveries.holds(id)
    }

    fn followed_deliveries(&self) -> Vec<(TrackingId, i64)> {
        self.state.deliveries.versions()
    }

    fn driver_moved(&self, moved: &[MovedParcel]) {
        for MovedParcel { parcel, progress, crossed } in moved {
            let Some(channel) = self.state.hub.find_channel(&parcel_channel(&parcel.tenant, parcel.id)) else {
                continue;
            };
            let zones = crossed.iter().map(|&(zone, entered)| zone_message(parcel.id, zone, entered, progress.fix.at));
            channel.publish_all(std::iter::once(place_message(parcel.id, progress)).chain(zones));
        }
    }

    fn parcel_changed(&self, change: &ParcelUpdate) {
        let parcel = &change.current.parcel;
        if change.driver_changed {
            // First, because the old driver must not see the new one's location.
            self.state.parcels.recheck(parcel);
        }
        let Some(channel) = self.state.hub.find_channel(&parcel_channel(&parcel.tenant, parcel.id)) else { return };
        let place = change.current.progress.as_ref().map(|driver| place_message(parcel.id, driver));
        channel.publish_all([parcel_message(parcel)].into_iter().chain(place));
    }

    fn follows_parcel(&self, tenant: &TenantId, parcel: ParcelId) -> bool {
        self.state.parcels.has(tenant, parcel)
    }

    fn zone_crossed(&self, tenant: &TenantId, parcel: ParcelId, zone: Zone, entered: bool, at: Timestamp) {
        if let Some(channel) = self.state.hub.find_channel(&parcel_channel(tenant, parcel)) {
            channel.publish(zone_message(parcel, zone, entered, at));
        }
    }

    fn followed_parcels(&self) -> Vec<(TenantId, ParcelId)> {
        self.state.parcels.all()
    }

    fn trips_progressed(&self, tenant: &TenantId, trips: &[Trip], at: Timestamp) {
        let Some(channel) = self.state.hub.find_channel(&fact_channel(tenant)) else { return };
        channel.publish_all(trips.iter().filter_map(|trip| running_message(&channel, trip, at)));
    }

    fn follows_trips(&self, tenant: &TenantId) -> bool {
        self.state.hub.find_channel(&fact_channel(tenant)).is_some()
    }

    fn events_published(&self, tenant: &TenantId, events: &[Event]) {
        if let (Some(channel), Some(feed)) =
            (self.state.hub.find_channel(&fact_channel(tenant)), self.state.known_feed())
        {
            channel.publish_all(events.iter().filter_map(|event| fact_message(&channel, feed, event)));
        }
        // After they are in the queue, so that a mark that names them comes after them.
        if let Some(last) = events.last() {
            self.state.beats.published(tenant, last.id);
        }
    }
}
