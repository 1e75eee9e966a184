//! Renders a delivery's changes for its followers: at most twice, however many followers there are.

use crate::FollowedDeliveries;
use crate::channel::{channel_of, delivery_key, update_message};
use milepost_domain::TrackingId;
use milepost_hub::Hub;
use milepost_service::{DeliveryView, Listener};
use std::sync::Arc;

/// Receives the changes that use cases publish.
pub struct DeliveryListener {
    hub: Hub,
    followed: Arc<FollowedDeliveries>,
}

impl DeliveryListener {
    /// Publishes messages about followed sessions into `hub`.
    pub fn new(hub: Hub, followed: Arc<FollowedDeliveries>) -> Self {
        Self { hub, followed }
    }
}

impl Listener for DeliveryListener {
    fn delivery_changed(&self, view: &DeliveryView) {
        if !self.followed.advance(&view.delivery) {
            return;
        }
        let Some(channel) = self.hub.find_channel(&channel_of(&view.delivery.tenant)) else { return };
        for sees_rider in [false, true] {
            if channel.has_subscribers_of(&delivery_key(&view.delivery.tracking_id, sees_rider)) {
                channel.publish(update_message(view, sees_rider));
            }
        }
    }

    fn follows_delivery(&self, id: &TrackingId) -> bool {
        self.followed.holds(id)
    }

    fn followed_deliveries(&self) -> Vec<(TrackingId, i64)> {
        self.followed.versions()
    }
}
