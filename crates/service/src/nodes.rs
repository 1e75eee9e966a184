//! The other nodes on this database: what they publish, and what this node missed of it.
//!
//! Events come from the event feed, whatever process stored them. The rest is news: the newest places of vehicles and drivers, and
//! the changes of deliveries. They come over the relay, and from the database where the relay may have lost them.

mod beat;
mod follow_tenant;
mod hand_over;
mod inbox;
mod look;
mod shared_counts;

pub use follow_tenant::{FollowedTenant, follow_tenant};
pub(crate) use hand_over::hand_over;
pub(crate) use inbox::{RelayInbox, place_of};
pub(crate) use shared_counts::SharedCounts;

use crate::deliveries::Deliveries;
use crate::listener::Listeners;
use crate::live::LiveMap;
use crate::parcels::Parcels;
use follow_tenant::Followed;
use milepost_clock::Clock;
use milepost_domain::{NodeId, TenantId};
use milepost_follow::TrackInbox;
use milepost_relay::{Relay, RelayState, RelayStats};
use milepost_store::{LivingNode, Store, VehicleNo};
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

/// What this node knows of the others.
pub struct Nodes {
    store: Arc<dyn Store>,
    clock: Clock,
    node: NodeId,
    relay: Arc<dyn Relay>,
    inbox: Arc<RelayInbox>,
    tracks: Arc<TrackInbox>,
    counts: Arc<SharedCounts>,
    live: Arc<LiveMap>,
    listeners: Listeners,
    deliveries: Arc<Deliveries>,
    parcels: Arc<Parcels>,
    /// The server drains: others fold its vehicles.
    is_leaving: AtomicBool,
    /// The tenants that somebody here follows. A std mutex: held for a look-up.
    followed: Mutex<HashMap<TenantId, Followed>>,
    /// Vehicles of which the last look has found newer places, where somebody follows trips. A std mutex: held for a look-up.
    moved: Mutex<HashMap<TenantId, Vec<VehicleNo>>>,
    /// This node and the others, as they were last read. Empty before that.
    living: Mutex<Vec<LivingNode>>,
}

/// The parts of [`Nodes`].
pub(crate) struct NodesParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) node: NodeId,
    pub(crate) relay: Arc<dyn Relay>,
    pub(crate) inbox: Arc<RelayInbox>,
    pub(crate) tracks: Arc<TrackInbox>,
    pub(crate) counts: Arc<SharedCounts>,
    pub(crate) live: Arc<LiveMap>,
    pub(crate) listeners: Listeners,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) parcels: Arc<Parcels>,
}

impl Nodes {
    pub(crate) fn new(parts: NodesParts) -> Self {
        let NodesParts { store, clock, node, relay, inbox, tracks, counts, live, listeners, deliveries, parcels } =
            parts;
        Self {
            store,
            clock,
            node,
            relay,
            inbox,
            tracks,
            counts,
            live,
            listeners,
            deliveries,
            parcels,
            is_leaving: AtomicBool::new(false),
            followed: Mutex::default(),
            moved: Mutex::default(),
            living: Mutex::default(),
        }
    }

    /// This node.
    pub(crate) const fn id(&self) -> NodeId {
        self.node
    }

    /// The nodes that wrote to the database within the last seconds, this one among them.
    pub fn living(&self) -> Vec<LivingNode> {
        self.lock_living().clone()
    }

    /// Whether no other node serves this database. False if it is not known.
    pub fn is_alone(&self) -> bool {
        self.lock_living().len() == 1
    }

    /// Tells the others of this node's connections and viewers, until the future is dropped.
    pub async fn keep_counting(&self) {
        self.counts.keep_telling(&*self.relay).await;
    }

    /// Whether the relay works.
    pub fn relay_state(&self) -> RelayState {
        self.relay.state()
    }

    /// Counters of the relay.
    pub fn relay_stats(&self) -> RelayStats {
        self.relay.stats()
    }

    /// Whether the task has ended that serves the relay, which is a fault.
    pub fn relay_has_ended(&self) -> bool {
        self.relay.has_ended()
    }

    /// The number of tenants that somebody here follows, for metrics.
    pub fn followed_tenants(&self) -> usize {
        self.lock_followed().len()
    }

    fn lock_moved(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Vec<VehicleNo>>> {
        self.moved.lock().expect("nothing panics while holding it")
    }

    fn lock_living(&self) -> std::sync::MutexGuard<'_, Vec<LivingNode>> {
        self.living.lock().expect("nothing panics while holding it")
    }

    fn lock_followed(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Followed>> {
        self.followed.lock().expect("nothing panics while holding it")
    }
}
