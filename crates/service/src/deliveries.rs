//! Deliveries: sessions that their rider moves forward, and that everybody follows who has the link.

mod count_deliveries;
mod estimate_arrival;
mod find_delivery;
mod start_delivery;
mod tell_others;
mod tracking_id;
mod update_delivery;

pub use start_delivery::NewDelivery;
pub use update_delivery::DeliveryUpdate;

use crate::Service;
use estimate_arrival::Riders;
use milepost_domain::{Delivery, TrackingId};
use milepost_track::Eta;
use std::hash::{BuildHasher, RandomState};
use tokio::sync::RwLock;

/// Locks over all deliveries. Two deliveries that share one wait for each other's transaction now and then.
const SHARDS: usize = 64;

/// A delivery, and when its rider will be there.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryView {
    /// The session.
    pub delivery: Delivery,
    /// Whole seconds by the formula that the dialect documents; `None` before the first fix.
    pub eta_seconds: Option<u32>,
    /// A better estimate; `None` before the first fix, after the delivery, and when the fixes could not be read.
    pub estimate: Option<Eta>,
}

/// What this node keeps for deliveries; all of it can be made again from the store.
pub(crate) struct Deliveries {
    ttl_ms: i64,
    hash: RandomState,
    /// Held from the reading of a row until its change is published, so that followers get changes in the order of
    /// commit; shared while a follower reads and subscribes, so that it misses none and gets none twice.
    turns: [RwLock<()>; SHARDS],
    riders: Riders,
}

impl Deliveries {
    pub(crate) fn new(ttl_ms: i64) -> Self {
        let turns = std::array::from_fn(|_| RwLock::new(()));
        Self { ttl_ms, hash: RandomState::new(), turns, riders: Riders::default() }
    }

    fn turn(&self, id: &TrackingId) -> &RwLock<()> {
        // The remainder is below SHARDS, and so fits every usize.
        &self.turns[(self.hash.hash_one(id) % SHARDS as u64) as usize]
    }
}

impl Service {
    /// How long a delivery session lives, milliseconds: `TRACKING_TTL_SECONDS`.
    pub const fn tracking_ttl_ms(&self) -> i64 {
        self.deliveries.ttl_ms
    }
}
