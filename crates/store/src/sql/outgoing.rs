//! Outgoing calls and webhooks: the trait, each function of the modules beside it.

use super::sql_store::SqlStore;
use super::{calls, due_calls, webhooks};
use crate::{CallNo, CallOutcome, DueCall, NewWebhook, Once, OutgoingStore, Result, StoredCall};
use async_trait::async_trait;
use milepost_domain::{Target, TenantId, Timestamp, Webhook, WebhookId};

#[async_trait]
impl OutgoingStore for SqlStore {
    async fn add_webhook(&self, webhook: &NewWebhook, now: Timestamp, once: &Once<'_, Webhook>) -> Result<Webhook> {
        let mut transaction = self.write().await?;
        let outcome = webhooks::add_webhook(transaction.connection(), webhook, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn get_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>> {
        webhooks::get_webhook(&mut *self.read().await?, tenant, id).await
    }
    async fn list_webhooks(&self, tenant: &TenantId, after: Option<WebhookId>, limit: u32) -> Result<Vec<Webhook>> {
        webhooks::list_webhooks(&mut *self.read().await?, tenant, after, limit).await
    }
    async fn remove_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<bool> {
        // In steps, between which everyone else can write: there may be millions.
        loop {
            let mut transaction = self.write().await?;
            let outcome = webhooks::remove_calls(transaction.connection(), tenant, id).await;
            if !transaction.finish(outcome).await? {
                break;
            }
        }
        let mut transaction = self.write().await?;
        let outcome = webhooks::remove_webhook(transaction.connection(), tenant, id).await;
        transaction.finish(outcome).await
    }
    async fn list_calls(
        &self,
        tenant: &TenantId,
        target: Option<Target>,
        before: Option<CallNo>,
        limit: u32,
    ) -> Result<Vec<StoredCall>> {
        calls::list_calls(&mut *self.read().await?, tenant, target, before, limit).await
    }
    async fn take_due_calls(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<DueCall>> {
        // Most looks find nothing: they take no write lock.
        if self.next_call_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let mut transaction = self.write().await?;
        let outcome = due_calls::take_due_calls(transaction.connection(), now, lease_until, limit).await;
        transaction.finish(outcome).await
    }
    async fn release_calls(&self, now: Timestamp) -> Result<u64> {
        let mut transaction = self.write().await?;
        let outcome = due_calls::release_calls(transaction.connection(), now).await;
        transaction.finish(outcome).await
    }
    async fn next_call_due(&self) -> Result<Option<Timestamp>> {
        due_calls::next_call_due(&mut *self.read().await?).await
    }
    async fn settle_call(&self, no: CallNo, outcome: &CallOutcome, now: Timestamp) -> Result<()> {
        let mut transaction = self.write().await?;
        let settled = calls::settle_call(transaction.connection(), no, outcome, now).await;
        transaction.finish(settled).await
    }
    async fn revive_call(&self, tenant: &TenantId, no: CallNo, now: Timestamp, once: &Once<'_, bool>) -> Result<bool> {
        let mut transaction = self.write().await?;
        let outcome = calls::revive_call(transaction.connection(), tenant, no, now).await;
        transaction.finish_once(outcome, once).await
    }
}
