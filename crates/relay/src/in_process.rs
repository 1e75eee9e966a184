//! Nodes within one process. A server that is alone has a bus with one node, on which publishing costs nothing.

use crate::stats::{Counters, count};
use crate::{FoldPosition, News, NodeNews, Receiver, Relay, RelayState, RelayStats};
use async_trait::async_trait;
use milepost_domain::{NodeId, TenantId};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, Weak};

/// What the nodes of one process share.
#[derive(Default)]
pub struct InProcessBus {
    nodes: Mutex<Vec<Weak<Node>>>,
}

struct Node {
    id: NodeId,
    followed: Mutex<HashSet<TenantId>>,
    receiver: Arc<dyn Receiver>,
    counters: Counters,
}

/// One node on an [`InProcessBus`]. Dropping it leaves the bus.
pub struct InProcessRelay {
    bus: Arc<InProcessBus>,
    node: Arc<Node>,
}

impl InProcessRelay {
    /// Joins a bus.
    pub fn join(bus: &Arc<InProcessBus>, id: NodeId, receiver: Arc<dyn Receiver>) -> Self {
        let node = Arc::new(Node { id, followed: Mutex::default(), receiver, counters: Counters::default() });
        let mut nodes = bus.nodes.lock().expect("nothing panics while holding it");
        nodes.retain(|node| node.strong_count() > 0);
        nodes.push(Arc::downgrade(&node));
        Self { bus: Arc::clone(bus), node }
    }

    /// A node without others.
    pub fn alone(receiver: Arc<dyn Receiver>) -> Self {
        Self::join(&Arc::default(), NodeId::new(0), receiver)
    }

    fn others(&self) -> Vec<Arc<Node>> {
        let nodes = self.bus.nodes.lock().expect("nothing panics while holding it");
        nodes.iter().filter_map(Weak::upgrade).filter(|node| !Arc::ptr_eq(node, &self.node)).collect()
    }

    fn followed(&self) -> std::sync::MutexGuard<'_, HashSet<TenantId>> {
        self.node.followed.lock().expect("nothing panics while holding it")
    }
}

#[async_trait]
impl Relay for InProcessRelay {
    fn publish(&self, tenant: &TenantId, news: News) {
        for other in self.others() {
            if other.followed.lock().expect("nothing panics while holding it").contains(tenant) {
                count(&self.node.counters.sent, 1);
                count(&other.counters.received, 1);
                other.receiver.received(tenant, news.clone());
            }
        }
    }

    fn publish_to_nodes(&self, news: NodeNews) {
        for other in self.others() {
            other.receiver.heard_of_node(self.node.id, vec![news.clone()]);
        }
    }

    fn hand_over(&self, node: NodeId, tenant: &TenantId, positions: Vec<FoldPosition>) -> bool {
        let Some(other) = self.others().into_iter().find(|other| other.id == node) else { return false };
        other.receiver.handed_over(tenant, positions);
        true
    }

    fn is_alone(&self) -> bool {
        self.bus.nodes.lock().expect("nothing panics while holding it").len() <= 1
    }

    async fn follow(&self, tenant: &TenantId) {
        self.followed().insert(tenant.clone());
    }

    fn unfollow(&self, tenant: &TenantId) {
        self.followed().remove(tenant);
    }

    fn state(&self) -> RelayState {
        RelayState::InProcess
    }

    fn stats(&self) -> RelayStats {
        self.node.counters.read()
    }

    fn has_ended(&self) -> bool {
        false
    }
}
