//! Where users' browsers are reached while no page is open.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{PushId, PushKeys, PushSubscription, TenantId, Timestamp, UserId};
use std::fmt;

/// Subscriptions of one user. One more replaces the one that was not refreshed for the longest time. Nobody uses more
/// browsers than this: the oldest subscriptions belong to browsers that are gone.
pub const MAX_PUSH_SUBSCRIPTIONS: u32 = 10;

/// A browser to be reached.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPushSubscription {
    /// Where its user is.
    pub tenant: TenantId,
    /// Whose browser.
    pub user_id: UserId,
    /// The push service's URL for it, checked.
    pub endpoint: String,
    /// Encrypt what is pushed.
    pub keys: PushKeys,
}

// By hand, so that neither keys nor an endpoint ever reach a log line.
impl fmt::Debug for NewPushSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPushSubscription")
            .field("tenant", &self.tenant)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// Push subscriptions. Part of [`crate::Store`]. The calls to them are stored by [`crate::RecordStore::send_notices`], and for
/// alerts by [`crate::FleetStore::raise_alert`] and [`crate::HistoryStore::write_history`]; they are like all others in the
/// hands of [`crate::OutgoingStore`]. A user that is removed, locked out, moved to another tenant or given a new password
/// loses its subscriptions, as it does its sessions.
#[async_trait]
pub trait PushStore: Send + Sync {
    /// Adds a subscription, and whether it is a new one. A user's endpoint that is there already is refreshed, with its keys.
    /// Another user's goes with what was still to be pushed to it: that browser is somebody else's now. `NotFound("tenant")`.
    async fn add_push_subscription(
        &self,
        new: &NewPushSubscription,
        now: Timestamp,
        once: &Once<'_, (PushSubscription, bool)>,
    ) -> Result<(PushSubscription, bool)>;
    /// A user's subscriptions in the order of their numbers, at most [`MAX_PUSH_SUBSCRIPTIONS`].
    async fn list_push_subscriptions(&self, tenant: &TenantId, user: UserId) -> Result<Vec<PushSubscription>>;
    /// Removes a user's subscription with the calls to it; false if there was none.
    async fn remove_push_subscription(&self, tenant: &TenantId, user: UserId, id: PushId) -> Result<bool>;
}
