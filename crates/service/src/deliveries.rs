//! Deliveries: tracking sessions that a rider updates and that everyone with the link may follow.

mod arrival_models;
mod count_deliveries;
mod estimate_arrival;
mod find_delivery;
mod known_sessions;
mod list_deliveries;
mod outgoing_calls;
mod start_delivery;
mod text_limit;
mod tracking_id;
mod update_delivery;

pub use count_deliveries::count_deliveries;
pub use find_delivery::{find_delivery, find_riders_delivery, follow_delivery};
pub(crate) use find_delivery::{follow_delivery_event, follow_riders_duty};
pub use list_deliveries::{DeliveryQuery, list_deliveries};
pub use start_delivery::{NewDelivery, start_delivery};
pub(crate) use text_limit::TextLimit;
pub use update_delivery::{DeliveryUpdate, update_delivery};

use crate::keyed_locks::KeyedLocks;
use crate::listener::Listeners;
use crate::live::LiveMap;
use crate::wakers::Wakers;
use crate::{Outgoing, Request, ServiceError};
use arrival_models::ArrivalModels;
use estimate_arrival::Riders;
use known_sessions::KnownSessions;
use milepost_domain::{Delivery, Phone, Timestamp, UserId};
use milepost_relay::{NodeNews, Relay};
use milepost_store::{DeliveryMove, Gatherer, Store};
use milepost_track::Eta;
use std::sync::Arc;

/// A delivery with the estimated time of its rider's arrival.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryView {
    /// The session.
    pub delivery: Delivery,
    /// Seconds to the arrival by the formula that the dialect documents. `None` before the first fix.
    pub eta_seconds: Option<u32>,
    /// The rider is off duty: where it was is not shown.
    pub is_off_duty: bool,
    /// A better estimate. `None` before the first fix, after the delivery, and when the fixes could not be read.
    pub estimate: Option<Eta>,
}

/// What the use cases of deliveries need.
pub struct Deliveries {
    store: Arc<dyn Store>,
    live: Arc<LiveMap>,
    listeners: Listeners,
    relay: Arc<dyn Relay>,
    wakers: Wakers,
    outgoing: Outgoing,
    ttl_ms: i64,
    /// A writer holds a delivery's lock from the reading of its row until its change is published, so that subscribers
    /// get changes in the order of commit. A new subscriber shares the lock while it reads and subscribes, so that it
    /// gets every change exactly once.
    locks: KeyedLocks,
    /// Stores the moves of many riders together.
    moves: Gatherer<DeliveryMove>,
    /// Caches of what the store holds.
    sessions: KnownSessions,
    riders: Riders,
    arrival_models: Arc<ArrivalModels>,
    texts: Arc<TextLimit>,
}

impl Deliveries {
    pub(crate) fn new(
        (store, live): (Arc<dyn Store>, Arc<LiveMap>),
        listeners: Listeners,
        relay: Arc<dyn Relay>,
        wakers: Wakers,
        outgoing: Outgoing,
        ttl_ms: i64,
        texts: Arc<TextLimit>,
    ) -> Self {
        let (locks, riders) = (KeyedLocks::default(), Riders::default());
        let arrival_models = ArrivalModels::new(Arc::clone(&store));
        let (moves, sessions) = (Gatherer::start(Arc::clone(&store)), KnownSessions::default());
        Self {
            store,
            live,
            listeners,
            relay,
            wakers,
            outgoing,
            ttl_ms,
            locks,
            moves,
            sessions,
            riders,
            arrival_models,
            texts,
        }
    }

    /// Whether the task that stores moves has ended, which it never does by itself.
    pub fn has_ended(&self) -> bool {
        self.moves.has_ended()
    }

    /// Whether a delivery's rider is off duty. Only a rider with a number can be.
    async fn is_off_duty(&self, delivery: &Delivery, at: Timestamp) -> Result<bool, ServiceError> {
        let rider = delivery.rider_id.as_str().parse().ok().and_then(|rider| UserId::new(rider).ok());
        let Some(rider) = rider else { return Ok(false) };
        Ok(self.live.off_duty(&*self.store, &delivery.tenant).await?.at(rider, at).is_some())
    }

    /// Counts a text to a customer, on every node.
    ///
    /// # Errors
    /// How many seconds to wait, if there were too many.
    fn count_text(&self, delivery: &Delivery, phone: &Phone, request: &Request) -> Result<(), u64> {
        let text = self.texts.count(delivery, phone, &request.caller, request.now)?;
        self.relay.publish_to_nodes(NodeNews::Texted(text));
        Ok(())
    }
}
