//! Renders changes for followers, if there are any.

use crate::FollowerList;
use crate::channel::{channel_of, location_message, status_message, zone_message};
use milepost_domain::{ParcelId, TenantId, Timestamp, Zone};
use milepost_hub::Hub;
use milepost_service::{Listener, MovedParcel, ParcelUpdate};

/// Receives the changes that use cases publish.
pub struct ParcelListener {
    hub: Hub,
    followers: FollowerList,
}

impl ParcelListener {
    /// Publishes messages into `hub`, and takes parcels from those of `followers` that may not see them any more.
    pub fn new(hub: Hub, followers: FollowerList) -> Self {
        Self { hub, followers }
    }
}

impl Listener for ParcelListener {
    fn driver_moved(&self, moved: &[MovedParcel]) {
        for MovedParcel { parcel, progress, crossed } in moved {
            let Some(channel) = self.hub.find_channel(&channel_of(&parcel.tenant, parcel.id)) else { continue };
            let zones = crossed.iter().map(|&(zone, entered)| zone_message(parcel.id, zone, entered, progress.fix.at));
            channel.publish_all(std::iter::once(location_message(parcel, progress)).chain(zones));
        }
    }

    fn parcel_changed(&self, change: &ParcelUpdate) {
        let parcel = &change.current.parcel;
        if change.driver_changed {
            // Rechecked first, because the old driver must not see the new one's location.
            self.followers.0.recheck(parcel);
        }
        let Some(channel) = self.hub.find_channel(&channel_of(&parcel.tenant, parcel.id)) else { return };
        let status = change.status_changed.then(|| status_message(parcel));
        let location = change.current.progress.as_ref().map(|driver| location_message(parcel, driver));
        channel.publish_all(status.into_iter().chain(location));
    }

    fn follows_parcel(&self, tenant: &TenantId, parcel: ParcelId) -> bool {
        self.followers.0.has(tenant, parcel)
    }

    fn zone_crossed(&self, tenant: &TenantId, parcel: ParcelId, zone: Zone, entered: bool, at: Timestamp) {
        if let Some(channel) = self.hub.find_channel(&channel_of(tenant, parcel)) {
            channel.publish(zone_message(parcel, zone, entered, at));
        }
    }

    fn followed_parcels(&self) -> Vec<(TenantId, ParcelId)> {
        self.followers.0.all()
    }
}
