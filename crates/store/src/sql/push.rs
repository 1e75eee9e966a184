//! Implements the trait for push subscriptions with the functions of this folder.

pub(super) mod alert_calls;
pub(super) mod browser_calls;
pub(super) mod notice_calls;
pub(super) mod subscriptions;

use super::sql_store::SqlStore;
use crate::{NewPushSubscription, Once, PushStore, Result};
use async_trait::async_trait;
use milepost_domain::{PushId, PushSubscription, TenantId, Timestamp, UserId};

#[async_trait]
impl PushStore for SqlStore {
    async fn add_push_subscription(
        &self,
        new: &NewPushSubscription,
        now: Timestamp,
        once: &Once<'_, (PushSubscription, bool)>,
    ) -> Result<(PushSubscription, bool)> {
        write!(self, Some(&new.tenant), subscriptions::add_subscription(new, now), once)
    }
    async fn list_push_subscriptions(&self, tenant: &TenantId, user: UserId) -> Result<Vec<PushSubscription>> {
        read!(self, subscriptions::list_subscriptions(tenant, user))
    }
    async fn remove_push_subscription(&self, tenant: &TenantId, user: UserId, id: PushId) -> Result<bool> {
        write!(self, Some(tenant), subscriptions::remove_subscription(tenant, user, id))
    }
}
