//! Renders changes for followers, if there are any.

use crate::FollowerList;
use crate::channel::{channel_of, location_message, status_message, zone_message};
use milepost_domain::ParcelId;
use milepost_hub::Hub;
use milepost_service::{Listener, MovedParcel, ParcelNews};

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
        for MovedParcel { parcel, spot, crossed } in moved {
            let Some(channel) = self.hub.find_channel(&channel_of(parcel.id)) else { continue };
            let zones = crossed.iter().map(|&(zone, entered)| zone_message(parcel.id, zone, entered, spot.fix.at));
            channel.publish_all(std::iter::once(location_message(parcel, spot)).chain(zones));
        }
    }

    fn parcel_changed(&self, change: &ParcelNews) {
        let parcel = &change.now.parcel;
        if change.driver_changed {
            // Rechecked first, because the old driver must not see the new one's location.
            self.followers.0.recheck(parcel);
        }
        let Some(channel) = self.hub.find_channel(&channel_of(parcel.id)) else { return };
        let status = change.status_changed.then(|| status_message(parcel));
        let spot = change.now.spot.as_ref().map(|spot| location_message(parcel, spot));
        channel.publish_all(status.into_iter().chain(spot));
    }

    fn follows_parcel(&self, parcel: ParcelId) -> bool {
        self.followers.0.has(parcel)
    }
}
