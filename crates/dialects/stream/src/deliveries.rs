//! Connections that follow single deliveries, also by their public links.

use crate::convert::render;
use crate::who::Who;
use crate::wire::thing::{DeliveryJson, EtaJson, RiderPlaceJson, SpotJson};
use milepost_domain::{Delivery, TenantId, Timestamp, TrackingId};
use milepost_hub::{ChannelId, Interest, Key, Message, Recipients, Subscription};
use milepost_live::{Lane, Live, Outlet};
use milepost_service::{DeliveryView, Eta, ServiceError, deliveries};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// The deliveries that somebody on this node follows. A std mutex: held for microseconds, never across an await.
#[derive(Default)]
pub(crate) struct FollowedDeliveries(Mutex<HashMap<TrackingId, Followed>>);

struct Followed {
    subscriptions: usize,
    /// The version that was published last.
    version: i64,
    /// When it expires, Unix milliseconds.
    expires_at: Arc<AtomicI64>,
}

/// Keeps a delivery followed until dropped.
pub(crate) struct FollowedDelivery {
    followed: Arc<FollowedDeliveries>,
    id: TrackingId,
    expires_at: Arc<AtomicI64>,
    _subscription: Subscription,
}

pub(crate) fn delivery_channel(tenant: &TenantId) -> ChannelId {
    ChannelId::new("stream_delivery", tenant.as_str())
}

/// The key of those who follow a delivery, with or without its rider.
pub(crate) fn delivery_key(id: &TrackingId, sees_rider: bool) -> Key {
    Key::new(if sees_rider { "delivery with rider" } else { "delivery" }, id.as_str())
}

pub(crate) fn delivery_message(view: &DeliveryView, sees_rider: bool) -> Message {
    let key = delivery_key(&view.delivery.tracking_id, sees_rider);
    Message::whole(render_delivery(view, sees_rider), Recipients::only([key.clone()]), key)
}

/// Follows a delivery: sends it as it is, and then its changes.
pub(crate) async fn follow_delivery(
    live: &Live,
    followed: &Arc<FollowedDeliveries>,
    lane: &Arc<Lane>,
    who: &Who,
    outlet: &Outlet,
    id: &TrackingId,
) -> Result<FollowedDelivery, ServiceError> {
    let snapshot = lane.begin_snapshot();
    // Called while no change can be published, so that the subscription begins exactly after this state.
    let enter = |view: &DeliveryView| {
        let sees_rider = who.sees_rider(&view.delivery.tenant);
        let channel = live.hub.channel(&delivery_channel(&view.delivery.tenant));
        let subscription = lane.subscribe(&channel, Interest::keys([delivery_key(id, sees_rider)]));
        outlet.send(&render_delivery(view, sees_rider));
        followed.enter(&view.delivery, subscription)
    };
    let entered = deliveries::follow_delivery(&live.use_cases().deliveries, id, live.now(), enter).await;
    drop(snapshot);
    entered
}

impl FollowedDeliveries {
    fn enter(self: &Arc<Self>, delivery: &Delivery, subscription: Subscription) -> FollowedDelivery {
        let mut followed = self.lock();
        let id = delivery.tracking_id.clone();
        let entry = followed.entry(id.clone()).or_insert_with(|| Followed {
            subscriptions: 0,
            // It stays: what this one has read may not have been published to the others yet.
            version: delivery.version,
            expires_at: Arc::new(AtomicI64::new(delivery.expires_at.unix_ms())),
        });
        entry.subscriptions += 1;
        let expires_at = Arc::clone(&entry.expires_at);
        FollowedDelivery { followed: Arc::clone(self), id, expires_at, _subscription: subscription }
    }

    /// Notes a change. Returns false if nobody here follows the delivery, or if the change was published before.
    pub(crate) fn advance(&self, delivery: &Delivery) -> bool {
        let mut followed = self.lock();
        let Some(entry) = followed.get_mut(&delivery.tracking_id) else { return false };
        let is_new = entry.version < delivery.version;
        if is_new {
            entry.version = delivery.version;
            entry.expires_at.store(delivery.expires_at.unix_ms(), Ordering::Release);
        }
        is_new
    }

    pub(crate) fn holds(&self, id: &TrackingId) -> bool {
        self.lock().contains_key(id)
    }

    /// The followed deliveries, with the version that was published last.
    pub(crate) fn versions(&self) -> Vec<(TrackingId, i64)> {
        self.lock().iter().map(|(id, followed)| (id.clone(), followed.version)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TrackingId, Followed>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

impl FollowedDelivery {
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.load(Ordering::Acquire) <= now.unix_ms()
    }
}

impl Drop for FollowedDelivery {
    fn drop(&mut self) {
        let mut followed = self.followed.lock();
        if let Some(entry) = followed.get_mut(&self.id) {
            entry.subscriptions -= 1;
            if entry.subscriptions == 0 {
                followed.remove(&self.id);
            }
        }
    }
}

fn render_delivery(view: &DeliveryView, sees_rider: bool) -> String {
    let delivery = &view.delivery;
    render(&DeliveryJson {
        op: "delivery",
        id: delivery.tracking_id.as_str(),
        order_id: delivery.order_id.as_str(),
        rider_id: sees_rider.then(|| delivery.rider_id.as_str()),
        status: delivery.status.as_str(),
        dropoff: SpotJson { lat: delivery.dropoff.0.get(), lng: delivery.dropoff.1.get() },
        place: delivery.last.map(|fix| RiderPlaceJson {
            lat: fix.latitude.get(),
            lng: fix.longitude.get(),
            t: fix.at.unix_ms(),
        }),
        rider_off_duty: view.is_off_duty,
        eta_seconds: view.eta_seconds,
        eta: view.estimate.map(estimate),
        updated_at: delivery.updated_at.unix_ms(),
        expires_at: delivery.expires_at.unix_ms(),
    })
}

fn estimate(eta: Eta) -> EtaJson {
    match eta {
        Eta::Stale => EtaJson { stale: true, ..EtaJson::default() },
        Eta::Fresh(estimate) => EtaJson {
            seconds: Some(estimate.seconds),
            low: Some(estimate.low_s),
            high: Some(estimate.high_s),
            basis: Some(estimate.basis.as_str()),
            stale: false,
        },
    }
}
