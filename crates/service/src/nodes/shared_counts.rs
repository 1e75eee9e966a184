//! Counts that hold for all nodes together: a tenant's connections, the viewers of a channel, failed logins, texts to customers. Each node tells the
//! others when its own change. Two nodes that admit somebody within the same few milliseconds don't know of each other.

use crate::deliveries::TextLimit;
use milepost_access::{Access, ConnectionGroup};
use milepost_clock::Clock;
use milepost_domain::NodeId;
use milepost_hub::Hub;
use milepost_relay::{Counted, NodeNews, Relay};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;

/// Changes within this time travel together.
const COALESCE: Duration = Duration::from_millis(10);
/// How often all counts are sent, for what was lost on the way.
const ALL_EVERY: Duration = Duration::from_secs(10);

type Counts = HashMap<Counted, usize>;

/// What the nodes count together.
pub(crate) struct SharedCounts {
    access: Arc<Access>,
    hub: Hub,
    texts: Arc<TextLimit>,
    clock: Clock,
    /// A std mutex: held for a look-up, never across an await.
    others: Mutex<HashMap<NodeId, Counts>>,
    /// Notified when a node is heard of for the first time: it needs all counts.
    newcomer: Notify,
}

impl SharedCounts {
    pub(crate) fn new(access: Arc<Access>, hub: Hub, texts: Arc<TextLimit>, clock: Clock) -> Self {
        Self { access, hub, texts, clock, others: Mutex::default(), newcomer: Notify::new() }
    }

    /// Takes what another node told.
    pub(super) fn hear(&self, node: NodeId, news: Vec<NodeNews>) {
        let mut others = self.lock();
        let is_new = !others.contains_key(&node);
        let counts = others.entry(node).or_default();
        let mut changed = Vec::new();
        for news in news {
            match news {
                NodeNews::Counts { counts: told, is_whole } => {
                    if is_whole {
                        changed.extend(counts.drain().map(|(counted, _)| counted));
                    }
                    for (counted, count) in told {
                        changed.push(counted.clone());
                        if count == 0 {
                            counts.remove(&counted)
                        } else {
                            counts.insert(counted, count)
                        };
                    }
                }
                NodeNews::FailedLogin(name, address) => self.access.login_failed_elsewhere(&name, address),
                NodeNews::Texted(text) => self.texts.note_elsewhere(&text, self.clock.now()),
            }
        }
        self.apply(&others, changed);
        drop(others);
        if is_new {
            self.newcomer.notify_one();
        }
    }

    /// Forgets a node that has ended.
    pub(super) fn forget(&self, node: NodeId) {
        let mut others = self.lock();
        let counts = others.remove(&node).unwrap_or_default();
        self.apply(&others, counts.into_keys());
    }

    fn apply(&self, others: &HashMap<NodeId, Counts>, changed: impl IntoIterator<Item = Counted>) {
        for counted in changed {
            let total = others.values().filter_map(|counts| counts.get(&counted)).sum();
            match counted {
                Counted::People(tenant) => {
                    self.access.set_connections_elsewhere((tenant, ConnectionGroup::People, total));
                }
                Counted::Visitors(tenant) => {
                    self.access.set_connections_elsewhere((tenant, ConnectionGroup::Visitors, total));
                }
                Counted::Viewers { dialect, tenant } => self.hub.set_viewers_elsewhere(&dialect, &tenant, total),
            }
        }
    }

    /// Tells the others of this node's counts, until the future is dropped.
    pub(super) async fn keep_telling(&self, relay: &dyn Relay) {
        let clock = &self.clock;
        let mut next_all = clock.instant();
        loop {
            let is_due = clock.instant() >= next_all;
            if is_due {
                next_all = clock.instant() + ALL_EVERY;
            }
            let counts = self.take(is_due);
            if is_due || !counts.is_empty() {
                relay.publish_to_nodes(NodeNews::Counts { counts, is_whole: is_due });
            }
            for (name, address) in self.access.take_failed_logins() {
                relay.publish_to_nodes(NodeNews::FailedLogin(name, address));
            }
            tokio::select! {
                () = self.access.shared_state_changed() => {}
                () = self.hub.viewers_changed() => {}
                () = self.newcomer.notified() => next_all = clock.instant(),
                () = clock.sleep_until(next_all) => {}
            }
            clock.sleep(COALESCE).await;
        }
    }

    /// What changed since the last call, or everything.
    fn take(&self, everything: bool) -> Vec<(Counted, usize)> {
        let (changed_connections, changed_viewers) =
            (self.access.take_changed_counts(), self.hub.take_changed_viewers());
        let connections = if everything { self.access.all_counts() } else { changed_connections };
        let viewers = if everything { self.hub.announced_viewers() } else { changed_viewers };
        let connections = connections.into_iter().map(|(tenant, group, count)| match group {
            ConnectionGroup::People => (Counted::People(tenant), count),
            ConnectionGroup::Visitors => (Counted::Visitors(tenant), count),
        });
        let viewers = viewers.into_iter().map(|(id, count)| {
            (Counted::Viewers { dialect: id.dialect.to_owned(), tenant: id.tenant.to_string() }, count)
        });
        connections.chain(viewers).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Counts>> {
        self.others.lock().expect("nothing panics while holding it")
    }
}
