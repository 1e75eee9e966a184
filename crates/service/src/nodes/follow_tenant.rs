//! Follows a tenant's news from other nodes while somebody here watches it.

use super::Nodes;
use milepost_domain::TenantId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// A tenant is followed for this long after its last viewer has gone, because many come back soon.
const LINGER: Duration = Duration::from_secs(30);

/// A tenant that is followed.
pub(super) struct Followed {
    viewers: usize,
    /// When the last viewer went.
    unused_since: Option<Instant>,
    /// Set once nothing is missed any more.
    current: Arc<OnceCell<()>>,
}

/// Keeps a tenant followed. Dropping it ends that, some time later.
#[must_use = "news come while it lives"]
pub struct FollowedTenant {
    nodes: Arc<Nodes>,
    tenant: TenantId,
}

/// Follows a tenant. When it returns, this node's memory holds what other nodes published before, as far as the relay and the
/// database could be asked, and their news arrive.
pub async fn follow_tenant(nodes: &Arc<Nodes>, tenant: &TenantId) -> FollowedTenant {
    let current = {
        let mut followed = nodes.lock_followed();
        let entry = followed.entry(tenant.clone()).or_insert_with(|| Followed {
            viewers: 0,
            unused_since: None,
            current: Arc::default(),
        });
        entry.viewers += 1;
        entry.unused_since = None;
        Arc::clone(&entry.current)
    };
    let following = FollowedTenant { nodes: Arc::clone(nodes), tenant: tenant.clone() };
    // All viewers that come meanwhile wait for the first one's reading.
    current.get_or_init(|| nodes.begin_to_follow(tenant)).await;
    following
}

impl Nodes {
    async fn begin_to_follow(&self, tenant: &TenantId) {
        self.relay.follow(tenant).await;
        // A tenant that is not in memory will be read from the database as a whole; but what came while it is read would be lost.
        if !self.is_alone() && self.look_at_places(tenant).await.is_err() {
            self.inbox.missed_of(tenant);
        }
    }

    /// Ends the following of tenants that nobody here has watched for a while.
    pub(super) fn end_unused(&self) {
        let now = self.clock.instant();
        let is_over = |one: &Followed| {
            one.viewers == 0 && one.unused_since.is_some_and(|since| now.saturating_duration_since(since) >= LINGER)
        };
        let mut followed = self.lock_followed();
        // Under the lock, so that a viewer who comes now begins anew afterwards.
        followed.retain(|tenant, one| {
            let is_over = is_over(one);
            if is_over {
                self.relay.unfollow(tenant);
            }
            !is_over
        });
    }

    /// The tenants that somebody here watches.
    pub(super) fn watched(&self) -> Vec<TenantId> {
        self.lock_followed().keys().cloned().collect()
    }
}

impl Drop for FollowedTenant {
    fn drop(&mut self) {
        let mut followed = self.nodes.lock_followed();
        if let Some(entry) = followed.get_mut(&self.tenant) {
            entry.viewers -= 1;
            if entry.viewers == 0 {
                entry.unused_since = Some(self.nodes.clock.instant());
            }
        }
    }
}
