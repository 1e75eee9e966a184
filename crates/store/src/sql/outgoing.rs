//! Implements the trait for outgoing calls and webhooks with the functions of this folder.

pub(super) mod calls;
pub(super) mod due_calls;
pub(super) mod webhooks;

use super::sql_store::SqlStore;
use crate::{CallNo, CallOutcome, DueCall, NewWebhook, Once, OutgoingStore, Result, StoredCall};
use async_trait::async_trait;
use milepost_domain::{Target, TenantId, Timestamp, Webhook, WebhookId};

#[async_trait]
impl OutgoingStore for SqlStore {
    async fn add_webhook(&self, webhook: &NewWebhook, now: Timestamp, once: &Once<'_, Webhook>) -> Result<Webhook> {
        write!(self, webhooks::add_webhook(webhook, now), once)
    }
    async fn get_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>> {
        read!(self, webhooks::get_webhook(tenant, id))
    }
    async fn list_webhooks(&self, tenant: &TenantId, after: Option<WebhookId>, limit: u32) -> Result<Vec<Webhook>> {
        read!(self, webhooks::list_webhooks(tenant, after, limit))
    }
    async fn remove_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<bool> {
        // Removed in steps, between which others can write: there may be millions.
        while write!(self, webhooks::remove_calls(tenant, id))? {}
        write!(self, webhooks::remove_webhook(tenant, id))
    }
    async fn list_calls(
        &self,
        tenant: &TenantId,
        target: Option<Target>,
        before: Option<CallNo>,
        limit: u32,
    ) -> Result<Vec<StoredCall>> {
        read!(self, calls::list_calls(tenant, target, before, limit))
    }
    async fn take_due_calls(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<DueCall>> {
        // Most calls find nothing due, and then take no write lock.
        if self.next_call_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        write!(self, due_calls::take_due_calls(now, lease_until, limit))
    }
    async fn release_calls(&self, now: Timestamp) -> Result<u64> {
        write!(self, due_calls::release_calls(now))
    }
    async fn next_call_due(&self) -> Result<Option<Timestamp>> {
        read!(self, due_calls::next_call_due())
    }
    async fn settle_call(&self, no: CallNo, outcome: &CallOutcome, now: Timestamp) -> Result<()> {
        write!(self, calls::settle_call(no, outcome, now))
    }
    async fn revive_call(&self, tenant: &TenantId, no: CallNo, now: Timestamp, once: &Once<'_, bool>) -> Result<bool> {
        write!(self, calls::revive_call(tenant, no, now), once)
    }
}
