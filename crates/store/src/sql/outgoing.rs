//! Implements the trait for outgoing calls and webhooks with the functions of this folder.

pub(super) mod calls;
pub(super) mod due_calls;
pub(super) mod mails;
pub(super) mod webhooks;

use super::audit::accounts as audited;
use super::sign_in::password_links;
use super::sql_store::SqlStore;
use crate::{
    CallId, CallNo, CallOutcome, CallQueue, DueCall, DueQueue, NewWebhook, Once, OutgoingStore, PasswordLink, Result,
    StoreError, StoredCall, WebhookChange,
};
use async_trait::async_trait;
use milepost_domain::{Target, TenantId, Timestamp, UserId, Webhook, WebhookId};

#[async_trait]
impl OutgoingStore for SqlStore {
    async fn add_webhook(
        &self,
        webhook: &NewWebhook,
        most: u32,
        now: Timestamp,
        once: &Once<'_, Option<Webhook>>,
    ) -> Result<Option<Webhook>> {
        write!(self, Some(&webhook.tenant), audited::add_webhook(webhook, most, now, self.author()), once)
    }
    async fn get_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>> {
        read!(self, webhooks::get_webhook(tenant, id))
    }
    async fn list_webhooks(&self, tenant: &TenantId, after: Option<WebhookId>, limit: u32) -> Result<Vec<Webhook>> {
        read!(self, webhooks::list_webhooks(tenant, after, limit))
    }
    async fn change_webhook(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        version: i64,
        change: &WebhookChange,
        now: Timestamp,
    ) -> Result<Option<Webhook>> {
        write!(self, Some(tenant), audited::change_webhook(tenant, id, version, change, now, self.author()))
    }
    async fn replace_webhook_secret(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        secret: &[u8],
        old_valid_until: Timestamp,
        now: Timestamp,
        once: &Once<'_, Option<Webhook>>,
    ) -> Result<Option<Webhook>> {
        write!(
            self,
            Some(tenant),
            audited::replace_webhook_secret(tenant, id, secret, old_valid_until, now, self.author()),
            once
        )
    }
    async fn test_webhook(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        now: Timestamp,
        once: &Once<'_, Option<StoredCall>>,
    ) -> Result<Option<StoredCall>> {
        let body = self.renderer().webhook_test(id, now);
        write!(self, Some(tenant), webhooks::store_test_call(tenant, id, &body, now), once)
    }
    async fn remove_webhook(&self, tenant: &TenantId, id: WebhookId, version: Option<i64>) -> Result<bool> {
        // Removed in steps, between which others can write: there may be millions.
        while write!(self, Some(tenant), webhooks::remove_calls(tenant, id, version))? {}
        write!(self, Some(tenant), audited::remove_webhook(tenant, id, version, self.author()))
    }
    async fn list_calls(
        &self,
        tenant: &TenantId,
        target: Option<Target>,
        before: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<StoredCall>> {
        read!(self, calls::list_calls(tenant, target, before, limit))
    }
    async fn due_queues(&self, now: Timestamp, limit: u32) -> Result<Vec<DueQueue>> {
        read!(self, due_calls::due_queues(self.native.to_shared(now), limit))
    }
    async fn take_due_calls(
        &self,
        queues: &[(CallQueue, u32)],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<DueCall>> {
        let (now, lease_until) = (self.native.to_shared(now), self.native.to_shared(lease_until));
        write!(self, None, due_calls::take_due_calls(queues, now, lease_until))
    }
    async fn give_back_calls(&self, calls: &[(CallNo, Timestamp)], due: Timestamp) -> Result<()> {
        let due = self.native.to_shared(due);
        write_unflushed!(self, None, due_calls::give_back_calls(calls, due))
    }
    async fn pause_queues(&self, queues: &[CallQueue], until: Timestamp, now: Timestamp) -> Result<()> {
        let (until, now) = (self.native.to_shared(until), self.native.to_shared(now));
        write!(self, None, due_calls::pause_queues(queues, until, now))
    }
    async fn release_calls(&self, now: Timestamp) -> Result<u64> {
        write_unflushed!(self, None, due_calls::release_calls(now))
    }
    async fn next_call_due(&self) -> Result<Option<Timestamp>> {
        let due = read!(self, due_calls::next_call_due())?;
        Ok(due.map(|due| self.native.to_own(due)))
    }
    async fn add_mail(&self, user: UserId, body: &str, now: Timestamp) -> Result<bool> {
        write!(self, None, mails::add_mail(user, body, now))
    }
    async fn add_confirmation_mail(&self, user: UserId, body: &str, now: Timestamp) -> Result<bool> {
        write!(self, None, mails::add_confirmation_mail(user, body, now))
    }
    async fn mail_gathered_alerts(&self, now: Timestamp, limit: u32) -> Result<u32> {
        let due = read!(self, mails::due_readers(now, limit))?;
        let mut refused = None;
        for user in &due {
            match write!(self, None, mails::mail_gathered(*user, now, self.renderer())) {
                Ok(_) => {}
                Err(StoreError::Unavailable(cause)) => return Err(StoreError::Unavailable(cause)),
                // The others get their mails.
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or_else(|| Ok(u32::try_from(due.len()).unwrap_or(limit)), Err)
    }
    async fn add_mail_link(&self, link: &PasswordLink) -> Result<()> {
        write!(self, None, password_links::add_password_link(link))
    }
    async fn settle_call(&self, no: CallNo, outcome: &CallOutcome, now: Timestamp) -> Result<()> {
        let moved = match outcome {
            CallOutcome::Retry { at, status, error } => {
                &CallOutcome::Retry { at: self.native.to_shared(*at), status: *status, error: error.clone() }
            }
            other => other,
        };
        write_unflushed!(self, None, calls::settle_call(no, moved, now))
    }
    async fn revive_call(&self, tenant: &TenantId, id: CallId, now: Timestamp, once: &Once<'_, bool>) -> Result<bool> {
        write!(self, Some(tenant), calls::revive_call(tenant, id, now), once)
    }
}
