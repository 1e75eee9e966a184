//! Outgoing calls and webhooks: what is still to be sent to other programs.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{PushKeys, Target, TenantId, Timestamp, Webhook, WebhookId};
use std::fmt;

/// A webhook to be added.
#[derive(Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Whose facts.
    pub tenant: TenantId,
    /// Where to.
    pub url: String,
    /// Which kinds; all if empty.
    pub kinds: Vec<String>,
    /// Signs the calls.
    pub secret: Vec<u8>,
}

/// A call's number, in the order in which calls were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallNo(pub i64);

/// A call that is due, taken by this node until its lease ends.
#[derive(Clone, PartialEq, Eq)]
pub struct DueCall {
    /// Its number.
    pub no: CallNo,
    /// Whose it is.
    pub tenant: TenantId,
    /// Whom it goes to.
    pub target: Target,
    /// For webhooks.
    pub webhook: Option<DueWebhook>,
    /// For browsers.
    pub push: Option<DuePush>,
    /// For services: path under the service's URL.
    pub path: String,
    /// JSON.
    pub body: String,
    /// Names it for its receiver.
    pub key: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Tries before this one.
    pub attempts: u32,
}

/// What a call to a webhook needs.
#[derive(Clone, PartialEq, Eq)]
pub struct DueWebhook {
    /// Where to.
    pub url: String,
    /// Signs the call.
    pub secret: Vec<u8>,
    /// Its receiver wants no more: the call is not made.
    pub is_disabled: bool,
}

/// What a call to a browser needs.
#[derive(Clone, PartialEq, Eq)]
pub struct DuePush {
    /// The push service's URL for it.
    pub endpoint: String,
    /// Encrypt for it.
    pub keys: PushKeys,
    /// Worth a cost, such as the battery of a phone.
    pub is_urgent: bool,
    /// When it is of no interest any more.
    pub expires_at: Option<Timestamp>,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// Taken by its receiver.
    Delivered {
        /// HTTP status.
        status: u16,
    },
    /// To be tried again.
    Retry {
        /// When.
        at: Timestamp,
        /// HTTP status, if there was an answer.
        status: Option<u16>,
        /// What went wrong.
        error: String,
    },
    /// The push service knows this browser no more: its subscription goes, with all its calls.
    Gone,
    /// The webhook's receiver wants no more: the call is dead, and its webhook disabled.
    Unwanted {
        /// HTTP status.
        status: u16,
        /// What went wrong.
        error: String,
    },
    /// Given up: a dead letter.
    Dead {
        /// HTTP status, if there was an answer.
        status: Option<u16>,
        /// What went wrong.
        error: String,
    },
}

/// What became of a call so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// Waits for its next try.
    Pending {
        /// When.
        next_attempt_at: Timestamp,
    },
    /// Taken.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// Given up.
    Dead {
        /// When.
        at: Timestamp,
    },
}

/// A call as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCall {
    /// Its number.
    pub no: CallNo,
    /// Whom it goes to.
    pub target: Target,
    /// What it says.
    pub body: String,
    /// Names it for its receiver.
    pub key: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Tries so far.
    pub attempts: u32,
    /// Status of the last answer.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// What became of it.
    pub state: CallState,
}

/// Outgoing calls and webhooks. Part of [`crate::Store`]. Calls are stored by the transactions that cause them; those of
/// webhooks are made where facts are appended, one for each webhook of the tenant that wants the fact's kind and is not
/// disabled.
#[async_trait]
pub trait OutgoingStore: Send + Sync {
    /// Adds a webhook. `NotFound("tenant")`.
    async fn add_webhook(&self, webhook: &NewWebhook, now: Timestamp, once: &Once<'_, Webhook>) -> Result<Webhook>;
    /// A tenant's webhook.
    async fn get_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>>;
    /// A tenant's webhooks in the order of their numbers, after `after`.
    async fn list_webhooks(&self, tenant: &TenantId, after: Option<WebhookId>, limit: u32) -> Result<Vec<Webhook>>;
    /// Removes a webhook with its calls; false if there was none.
    async fn remove_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<bool>;
    /// A tenant's calls (to one target or all) newest first, before `before`.
    async fn list_calls(
        &self,
        tenant: &TenantId,
        target: Option<Target>,
        before: Option<CallNo>,
        limit: u32,
    ) -> Result<Vec<StoredCall>>;
    /// Takes calls that are due at `now`, oldest first, until `lease_until`: no other node gets them before.
    async fn take_due_calls(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<DueCall>>;
    /// Makes every waiting call due now, even if a node took it; how many there were. For a server that starts and is alone on
    /// its database: nobody is trying them any more.
    async fn release_calls(&self, now: Timestamp) -> Result<u64>;
    /// When the next call will be due, if any waits.
    async fn next_call_due(&self) -> Result<Option<Timestamp>>;
    /// Says how a try ended and counts it.
    async fn settle_call(&self, no: CallNo, outcome: &CallOutcome, now: Timestamp) -> Result<()>;
    /// Makes a dead call due again, and enables its webhook if that was disabled: somebody says that its receiver wants it
    /// after all. False if there is no such dead call of this tenant.
    async fn revive_call(&self, tenant: &TenantId, no: CallNo, now: Timestamp, once: &Once<'_, bool>) -> Result<bool>;
}

// By hand, so that neither secrets and URLs, nor bodies and receivers, ever reach a log line.
impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook").field("tenant", &self.tenant).field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl fmt::Debug for DueCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueCall")
            .field("no", &self.no)
            .field("tenant", &self.tenant)
            .field("target", &self.target)
            .field("created_at", &self.created_at)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DueWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueWebhook").field("is_disabled", &self.is_disabled).finish_non_exhaustive()
    }
}

impl fmt::Debug for DuePush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuePush")
            .field("is_urgent", &self.is_urgent)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{CallNo, DueCall, DuePush, DueWebhook, NewWebhook};
    use crate::NewPushSubscription;
    use milepost_domain::{PushKeys, Target, TenantId, Timestamp, UserId, WebhookId};

    #[test]
    fn what_is_called_shows_no_secret() {
        let mut point = [201; 65];
        point[0] = 4;
        let keys = PushKeys::new(&point, &[202; 16]).unwrap();
        let (tenant, url) = (TenantId::default_tenant(), "https://example.org/s3cret".to_owned());
        let new = NewWebhook { tenant: tenant.clone(), url: url.clone(), kinds: Vec::new(), secret: vec![203; 32] };
        let webhook = DueWebhook { url: url.clone(), secret: vec![203; 32], is_disabled: false };
        let push = DuePush { endpoint: url.clone(), keys, is_urgent: true, expires_at: None };
        let call = DueCall {
            no: CallNo(42),
            tenant: tenant.clone(),
            target: Target::Webhook(WebhookId(1)),
            webhook: Some(webhook.clone()),
            push: Some(push.clone()),
            path: "/notify/s3cret".to_owned(),
            body: "s3cret".to_owned(),
            key: String::new(),
            created_at: Timestamp::from_unix_ms(0).unwrap(),
            attempts: 0,
        };
        let subscription = NewPushSubscription { tenant, user_id: UserId::new(1).unwrap(), endpoint: url, keys };
        let shown = format!("{new:?} {webhook:?} {push:?} {call:?} {subscription:?}");
        assert!(["201", "202", "203", "s3cret"].iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert!(shown.contains("42") && shown.contains("is_urgent"), "{shown}");
    }
}
