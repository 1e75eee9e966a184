//! Nodes on one Redis. Each tenant has a channel, to which a node subscribes while somebody there follows the tenant.
//!
//! A node also publishes pulses to a channel of all nodes. When its own do not come back, the subscriptions are dead, however
//! alive the connection looks.

mod channels;
mod connection;
mod task;
mod url;

pub use url::{RedisUrl, UrlError};

use crate::handover::Handovers;
use crate::incoming::Incoming;
use crate::outgoing::Outgoing;
use crate::stats::{Counters, count};
use crate::{FoldPosition, News, NodeNews, Receiver, Relay, RelayState, RelayStats};
use async_trait::async_trait;
use channels::Channels;
use milepost_clock::Clock;
use milepost_domain::{NodeId, TenantId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use task::Task;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// News for all nodes that wait until they are sent.
const WAITING_TO_NODES: usize = 10_000;

/// The longest time that [`Relay::follow`] waits for the subscription.
const FOLLOW_PATIENCE: Duration = Duration::from_secs(1);

/// The parts of a [`RedisRelay`].
pub struct RelayParts {
    /// Where Redis is.
    pub url: RedisUrl,
    /// Names the installation: all nodes of one database, and nobody else on the same Redis.
    pub installation: String,
    /// This process.
    pub node: NodeId,
    /// Timers.
    pub clock: Clock,
    /// Takes what other nodes send.
    pub receiver: Arc<dyn Receiver>,
}

/// Sends and receives news over Redis. Dropping it ends the connection.
pub struct RedisRelay {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What the task and the callers share. The std mutexes are held for microseconds, never across an await.
struct Shared {
    outgoing: Mutex<Outgoing>,
    /// News for all nodes that wait until they are sent.
    to_nodes: Mutex<Vec<NodeNews>>,
    handovers: Mutex<Handovers>,
    /// The tenants that are to be followed. The value is true once news arrive.
    wanted: Mutex<HashMap<TenantId, watch::Sender<bool>>>,
    /// There is something to send, to subscribe, or to unsubscribe.
    wake: Notify,
    state: watch::Sender<RelayState>,
    counters: Arc<Counters>,
}

impl RedisRelay {
    /// Starts to connect, without waiting for it.
    pub fn start(parts: RelayParts) -> Self {
        let counters = Arc::<Counters>::default();
        let shared = Arc::new(Shared {
            outgoing: Mutex::default(),
            to_nodes: Mutex::default(),
            handovers: Mutex::default(),
            wanted: Mutex::default(),
            wake: Notify::new(),
            state: watch::channel(RelayState::Lost).0,
            counters: Arc::clone(&counters),
        });
        let task = Task {
            url: parts.url,
            channels: Channels::new(&parts.installation),
            node: parts.node,
            clock: parts.clock,
            incoming: Arc::new(Incoming::new(parts.node, parts.receiver, counters)),
            shared: Arc::clone(&shared),
        };
        Self { shared, task: tokio::spawn(task.run()) }
    }
}

impl Shared {
    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().expect("nothing panics while holding it")
    }

    fn handovers(&self) -> MutexGuard<'_, Handovers> {
        self.handovers.lock().expect("nothing panics while holding it")
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<TenantId, watch::Sender<bool>>> {
        self.wanted.lock().expect("nothing panics while holding it")
    }
}

#[async_trait]
impl Relay for RedisRelay {
    fn publish(&self, tenant: &TenantId, news: News) {
        if self.shared.outgoing().add(tenant, news) {
            self.shared.wake.notify_one();
        } else {
            count(&self.shared.counters.dropped, 1);
        }
    }

    fn publish_to_nodes(&self, news: NodeNews) {
        let mut waiting = self.shared.to_nodes.lock().expect("nothing panics while holding it");
        if waiting.len() < WAITING_TO_NODES {
            waiting.push(news);
            drop(waiting);
            self.shared.wake.notify_one();
        } else {
            count(&self.shared.counters.dropped, 1);
        }
    }

    fn hand_over(&self, node: NodeId, tenant: &TenantId, positions: Vec<FoldPosition>) -> bool {
        let mut handovers = self.shared.handovers();
        // Under the lock: what is added later than this is taken back, or sent.
        if self.state() != RelayState::Connected {
            return false;
        }
        let is_added = handovers.add(node, tenant, positions);
        drop(handovers);
        if is_added {
            self.shared.wake.notify_one();
        } else {
            count(&self.shared.counters.dropped, 1);
        }
        true
    }

    /// While the relay is lost, nothing is sent; what was published is found in the database.
    fn is_alone(&self) -> bool {
        false
    }

    async fn follow(&self, tenant: &TenantId) {
        let mut arrives = {
            let mut wanted = self.shared.wanted();
            wanted.entry(tenant.clone()).or_insert_with(|| watch::channel(false).0).subscribe()
        };
        self.shared.wake.notify_one();
        let mut state = self.shared.state.subscribe();
        let subscribed = async {
            tokio::select! {
                _ = arrives.wait_for(|arrives| *arrives) => {}
                _ = state.wait_for(|state| *state == RelayState::Lost) => {}
            }
        };
        let _ = tokio::time::timeout(FOLLOW_PATIENCE, subscribed).await;
    }

    fn unfollow(&self, tenant: &TenantId) {
        if self.shared.wanted().remove(tenant).is_some() {
            self.shared.wake.notify_one();
        }
    }

    fn state(&self) -> RelayState {
        *self.shared.state.borrow()
    }

    fn stats(&self) -> RelayStats {
        self.shared.counters.read()
    }

    fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for RedisRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}
