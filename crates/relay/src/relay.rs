//! The relay between the nodes, as the rest of the server sees it.

use crate::{FoldPosition, News, NodeNews, RelayStats};
use async_trait::async_trait;
use milepost_domain::{NodeId, TenantId};

/// Whether the other nodes can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayState {
    /// There is none.
    InProcess,
    /// News arrive.
    Connected,
    /// Nothing arrives and nothing is sent. Another try follows within a second.
    Lost,
}

/// Sends news to the nodes that follow a tenant, and receives theirs.
#[async_trait]
pub trait Relay: Send + Sync {
    /// Queues news of a tenant for the other nodes; never waits. What finds the queue full is dropped, and the receivers see
    /// the gap.
    fn publish(&self, tenant: &TenantId, news: News);

    /// Queues news for all other nodes; never waits. What finds the queue full is dropped.
    fn publish_to_nodes(&self, news: NodeNews);

    /// Queues committed positions for the node that folds their vehicles; never waits. Returns false if the node can't be reached:
    /// then whoever calls folds them. What finds the queue full is dropped, and the receiver sees the gap.
    fn hand_over(&self, node: NodeId, tenant: &TenantId, positions: Vec<FoldPosition>) -> bool;

    /// Whether nobody would get what is published, so that there is no need to make it.
    fn is_alone(&self) -> bool;

    /// Receives a tenant's news from now on. Returns when nothing that is published later is missed, or when the relay is lost,
    /// or after a second. Calls for one tenant are not counted.
    async fn follow(&self, tenant: &TenantId);

    /// Receives a tenant's news no longer.
    fn unfollow(&self, tenant: &TenantId);

    /// Whether the other nodes can be reached.
    fn state(&self) -> RelayState;

    /// Counters since the start.
    fn stats(&self) -> RelayStats;

    /// Whether the task has ended that serves the relay, which is a fault.
    fn has_ended(&self) -> bool;
}

/// Of which tenants news may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// Of one.
    Of(TenantId),
    /// Of all that are followed: the relay was lost for a while.
    All,
}

/// Takes what other nodes sent. Its methods are called one after the other and must not wait.
pub trait Receiver: Send + Sync + 'static {
    /// News of a followed tenant arrived. They may be old, come twice, or come after newer ones.
    fn received(&self, tenant: &TenantId, news: News);
    /// Another node is alive, and perhaps has news. Called several times a second for each node, without news too.
    fn heard_of_node(&self, node: NodeId, news: Vec<NodeNews>);
    /// Positions that this node folds were committed by another one. Or by this one, which handed them over and can't reach the
    /// other node any more.
    fn handed_over(&self, tenant: &TenantId, positions: Vec<FoldPosition>);
    /// News or positions may be missing. The database has them.
    fn missed(&self, missed: Missed);
}
