//! Push subscriptions: how users' browsers are reached while no page is open.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{PushId, PushKeys, PushSubscription, TenantId, Timestamp, UserId};
use std::fmt;

/// Subscriptions of one user. A further one replaces the one that was refreshed least recently. Nobody uses more browsers
/// than this, so that the oldest subscriptions belong to browsers that are not used any more.
pub const MAX_PUSH_SUBSCRIPTIONS: u32 = 10;

/// A push subscription to add.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPushSubscription {
    /// The user's tenant.
    pub tenant: TenantId,
    /// The user of the browser.
    pub user_id: UserId,
    /// The URL of the browser at its push service, checked.
    pub endpoint: String,
    /// The keys to encrypt messages with.
    pub keys: PushKeys,
}

// Written by hand, so that keys and endpoints never reach a log line.
impl fmt::Debug for NewPushSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPushSubscription")
            .field("tenant", &self.tenant)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// Push subscriptions. Part of [`crate::Store`]. Calls to them are stored by [`crate::RecordStore::send_notices`], and
/// for alerts by [`crate::FleetStore::raise_alert`] and [`crate::HistoryStore::write_history`];
/// [`crate::OutgoingStore`] treats them like other calls. A user that is removed, locked out, moved to another tenant
/// or given a new password loses its subscriptions, as it loses its sessions.
#[async_trait]
pub trait PushStore: Send + Sync {
    /// Adds a subscription, and returns whether it is new. If the user has the endpoint already, it is refreshed with
    /// the new keys. If another user has it, that subscription is removed with its calls, because the browser has
    /// another user now. `NotFound("tenant")`.
    async fn add_push_subscription(
        &self,
        new: &NewPushSubscription,
        now: Timestamp,
        once: &Once<'_, (PushSubscription, bool)>,
    ) -> Result<(PushSubscription, bool)>;
    /// Lists a user's subscriptions in the order of their numbers, at most [`MAX_PUSH_SUBSCRIPTIONS`].
    async fn list_push_subscriptions(&self, tenant: &TenantId, user: UserId) -> Result<Vec<PushSubscription>>;
    /// Removes a user's subscription with its calls. Returns false if there is no such subscription.
    async fn remove_push_subscription(&self, tenant: &TenantId, user: UserId, id: PushId) -> Result<bool>;
}
