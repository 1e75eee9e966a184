//! Outgoing calls and webhooks: messages to other programs that are still to be sent.

use crate::{Once, PasswordLink, Result};
use async_trait::async_trait;
use milepost_domain::{
    Contact, JobFile, OldSecret, PushKeys, Target, TenantId, Timestamp, UserId, Username, Webhook, WebhookId,
};
use std::fmt;

/// Mails to one user that wait. Further ones are not stored.
pub(crate) const MAX_WAITING_MAILS: i64 = 50;

/// A webhook to add.
#[derive(Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// The tenant whose facts it gets.
    pub tenant: TenantId,
    /// The receiver's URL.
    pub url: String,
    /// The kinds of facts that it gets; all if empty.
    pub kinds: Vec<String>,
    /// The secret that signs its calls.
    pub secret: Vec<u8>,
}

/// What to change of a webhook. What is `None` stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WebhookChange {
    /// The receiver's URL.
    pub url: Option<String>,
    /// The kinds of facts that it gets; all if empty.
    pub kinds: Option<Vec<String>>,
    /// Whether it gets calls.
    pub active: Option<bool>,
}

/// The waiting calls of one tenant to one receiver: a webhook, a push service, the order or the notification service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallQueue {
    pub(crate) tenant_no: i64,
    pub(crate) target: String,
}

impl CallQueue {
    /// The queue by its columns.
    pub const fn new(tenant_no: i64, target: String) -> Self {
        Self { tenant_no, target }
    }

    /// The queue of another webhook of the same tenant.
    #[must_use]
    pub fn of_webhook(&self, id: WebhookId) -> Self {
        Self { tenant_no: self.tenant_no, target: format!("webhook/{}/{id}", self.tenant_no) }
    }
}

/// A queue whose first call is due.
#[derive(Clone, PartialEq, Eq)]
pub struct DueQueue {
    /// The queue.
    pub queue: CallQueue,
    /// The tenant of its calls.
    pub tenant: TenantId,
    /// The receiver of its calls.
    pub receiver: DueReceiver,
}

/// The receiver of a queue's calls.
#[derive(Clone, PartialEq, Eq)]
pub enum DueReceiver {
    /// The order service.
    Orders,
    /// The notification service.
    Notifications,
    /// A webhook.
    Webhook {
        /// Its URL.
        url: String,
    },
    /// A push service.
    Push {
        /// The URL of one of its browsers.
        endpoint: String,
    },
    /// The mail server, for one user.
    Mail {
        /// The user.
        user: UserId,
    },
}

/// A call's number as its tenant sees it. It counts up within the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub i64);

/// The number of a call's row. Calls are numbered in the order in which they were stored. No tenant sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallNo(pub i64);

/// A due call that this node has leased.
#[derive(Clone, PartialEq, Eq)]
pub struct DueCall {
    /// The call's number.
    pub no: CallNo,
    /// The queue that it was taken from.
    pub queue: CallQueue,
    /// The tenant that the call belongs to.
    pub tenant: TenantId,
    /// The receiver.
    pub target: Target,
    /// The webhook, for a call to one.
    pub webhook: Option<DueWebhook>,
    /// The browser, for a call to one.
    pub push: Option<DuePush>,
    /// The user, for a mail to one.
    pub mail: Option<DueMail>,
    /// For calls to services: the path under the service's URL.
    pub path: String,
    /// The body in JSON.
    pub body: String,
    /// Identifies the call for its receiver, so that it can ignore a repetition.
    pub key: String,
    /// When the call was stored.
    pub created_at: Timestamp,
    /// How often the call was tried before.
    pub attempts: u32,
    /// The end of its lease by the database's clock.
    pub lease_until: Timestamp,
}

/// The webhook of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct DueWebhook {
    /// The receiver's URL.
    pub url: String,
    /// The secret that signs the call.
    pub secret: Vec<u8>,
    /// Secrets that were replaced and still sign it too for a while.
    pub old_secrets: Vec<OldSecret>,
    /// True if the receiver has unsubscribed or the tenant has stopped it. The call is then not made.
    pub is_disabled: bool,
}

/// The browser of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct DuePush {
    /// The URL of the browser at its push service.
    pub endpoint: String,
    /// The keys to encrypt with.
    pub keys: PushKeys,
    /// Whether the message is worth a cost, such as the battery of a phone.
    pub is_urgent: bool,
    /// When the message stops being relevant.
    pub expires_at: Option<Timestamp>,
}

/// The receiver of a mail, as it is when the mail is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct DueMail {
    /// The user.
    pub user: UserId,
    /// The login name.
    pub username: Username,
    /// The user's tenant.
    pub tenant: TenantId,
    /// Address, language and time zone.
    pub contact: Contact,
    /// When the message stops being relevant.
    pub expires_at: Option<Timestamp>,
    /// The last try was refused for good.
    pub was_refused: bool,
    /// Whether the user may log in, and is of the mail's tenant.
    pub may_enter: bool,
    /// Whether it sees the whole fleet of the mail's tenant.
    pub sees_fleet: bool,
    /// The file that the mail brings, if it brings one that is still kept.
    pub file: Option<JobFile>,
}

/// The result of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// The receiver accepted the call.
    Delivered {
        /// The status of the answer.
        status: u16,
    },
    /// The call will be tried again.
    Retry {
        /// The time of the next try.
        at: Timestamp,
        /// The status of the answer, if there was one.
        status: Option<u16>,
        /// The error message.
        error: String,
    },
    /// The push service does not know the browser any more. Its subscription is removed with all its calls.
    Gone,
    /// The webhook's receiver has unsubscribed. The call is dead, and the webhook is disabled.
    Unwanted {
        /// The status of the answer.
        status: u16,
        /// The error message.
        error: String,
    },
    /// The mail server refuses the receiver's address for good. The mail is dead with all that wait for it, and nothing goes to the address
    /// until it is set again.
    AddressRefused {
        /// The status of the answer.
        status: u16,
        /// The error message.
        error: String,
    },
    /// The call is not tried any more: a dead letter.
    Dead {
        /// The status of the answer, if there was one.
        status: Option<u16>,
        /// The error message.
        error: String,
    },
}

/// The state of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// The call waits for its next try.
    Pending {
        /// The time of the next try.
        next_attempt_at: Timestamp,
    },
    /// The receiver accepted the call.
    Delivered {
        /// The time of the last try.
        at: Timestamp,
    },
    /// The call is not tried any more.
    Dead {
        /// The time of the last try.
        at: Timestamp,
    },
}

/// A call as its tenant sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCall {
    /// The call's number.
    pub id: CallId,
    /// The receiver.
    pub target: Target,
    /// The body.
    pub body: String,
    /// Identifies the call for its receiver.
    pub key: String,
    /// When the call was stored.
    pub created_at: Timestamp,
    /// How often the call was tried.
    pub attempts: u32,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// The last error message.
    pub last_error: Option<String>,
    /// The state of the call.
    pub state: CallState,
}

/// Outgoing calls and webhooks. Part of [`crate::Store`]. A call is stored by the transaction that causes it. Appending
/// a fact stores a call for each enabled webhook of the tenant that gets the fact's kind.
#[async_trait]
pub trait OutgoingStore: Send + Sync {
    /// Adds a webhook. Returns `None` if the tenant has `most` webhooks already. `NotFound("tenant")`.
    async fn add_webhook(
        &self,
        webhook: &NewWebhook,
        most: u32,
        now: Timestamp,
        once: &Once<'_, Option<Webhook>>,
    ) -> Result<Option<Webhook>>;
    /// Reads a tenant's webhook.
    async fn get_webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>>;
    /// Lists a tenant's webhooks in the order of their numbers, after `after`.
    async fn list_webhooks(&self, tenant: &TenantId, after: Option<WebhookId>, limit: u32) -> Result<Vec<Webhook>>;
    /// Changes a tenant's webhook at this version. Waiting calls go to its new URL. Returns `None` and writes nothing if there is no
    /// such webhook, or another version was written first.
    async fn change_webhook(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        version: i64,
        change: &WebhookChange,
        now: Timestamp,
    ) -> Result<Option<Webhook>>;
    /// Replaces the secret of a tenant's webhook. The old ones sign too until `old_valid_until` at most.
    async fn replace_webhook_secret(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        secret: &[u8],
        old_valid_until: Timestamp,
        now: Timestamp,
        once: &Once<'_, Option<Webhook>>,
    ) -> Result<Option<Webhook>>;
    /// Stores a test call to a tenant's webhook. Returns `None` if there is no such webhook or it is disabled.
    async fn test_webhook(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        now: Timestamp,
        once: &Once<'_, Option<StoredCall>>,
    ) -> Result<Option<StoredCall>>;
    /// Removes a webhook with its calls. Returns false if there is no such webhook, or it has another version than the one that is
    /// given.
    async fn remove_webhook(&self, tenant: &TenantId, id: WebhookId, version: Option<i64>) -> Result<bool>;
    /// Lists a tenant's calls, to one target or all, newest first, before `before`.
    async fn list_calls(
        &self,
        tenant: &TenantId,
        target: Option<Target>,
        before: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<StoredCall>>;
    /// Lists queues with calls that are due at `now`, but for those whose receiver has asked for a pause. The tenants take
    /// turns: each one's first queue, then each one's second.
    async fn due_queues(&self, now: Timestamp, limit: u32) -> Result<Vec<DueQueue>>;
    /// Leases calls of these queues that are due at `now` until `lease_until`: of each queue the given number, oldest
    /// first. No other node gets them before that: leases are kept by the database's clock, see
    /// [`crate::NodeStore::compare_clocks`].
    async fn take_due_calls(
        &self,
        queues: &[(CallQueue, u32)],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<DueCall>>;
    /// Ends the leases of calls that were not tried, each given with [`DueCall::lease_until`]. They are due again at `due`.
    async fn give_back_calls(&self, calls: &[(CallNo, Timestamp)], due: Timestamp) -> Result<()>;
    /// Holds all calls of these queues back until `until`, those that are stored in the meantime too, on every node. The
    /// services and a push service are paused for every tenant.
    async fn pause_queues(&self, queues: &[CallQueue], until: Timestamp, now: Timestamp) -> Result<()>;
    /// Makes every waiting call due now, even a leased one, and returns their number. Call it at the start of a server
    /// that is alone on its database, when no other process can be trying them.
    async fn release_calls(&self, now: Timestamp) -> Result<u64>;
    /// When the next call is due, if any waits. A pause of its receiver counts.
    async fn next_call_due(&self) -> Result<Option<Timestamp>>;
    /// Stores a mail to a user. Returns false if it gets none: it has no address, or too many wait.
    async fn add_mail(&self, user: UserId, body: &str, now: Timestamp) -> Result<bool>;
    /// Stores a mail that asks a user to confirm an address, which its body names. Returns false if the user may not enter, or too many
    /// wait.
    async fn add_confirmation_mail(&self, user: UserId, body: &str, now: Timestamp) -> Result<bool>;
    /// Stores one mail for each user whose gathered alerts are due, at most `limit`, and returns for how many.
    async fn mail_gathered_alerts(&self, now: Timestamp, limit: u32) -> Result<u32>;
    /// Stores the password link of a mail that is being sent.
    async fn add_mail_link(&self, link: &PasswordLink) -> Result<()>;
    /// Records the result of a try.
    async fn settle_call(&self, no: CallNo, outcome: &CallOutcome, now: Timestamp) -> Result<()>;
    /// Makes a dead call due again, and enables its webhook if that was disabled. Returns false if the tenant has no
    /// such dead call.
    async fn revive_call(&self, tenant: &TenantId, id: CallId, now: Timestamp, once: &Once<'_, bool>) -> Result<bool>;
}

// Written by hand, so that secrets, URLs, bodies and receivers never reach a log line.
impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook").field("tenant", &self.tenant).field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl fmt::Debug for WebhookChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookChange")
            .field("kinds", &self.kinds)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DueQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueQueue").field("queue", &self.queue).field("tenant", &self.tenant).finish_non_exhaustive()
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

impl fmt::Debug for DueMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueMail").field("user", &self.user).finish_non_exhaustive()
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
    use super::{CallNo, CallQueue, DueCall, DuePush, DueQueue, DueReceiver, DueWebhook, NewWebhook, WebhookChange};
    use crate::NewPushSubscription;
    use milepost_domain::{OldSecret, PushKeys, Target, TenantId, Timestamp, UserId, WebhookId};

    #[test]
    fn calls_and_their_targets_show_no_secret() {
        let mut point = [201; 65];
        point[0] = 4;
        let keys = PushKeys::new(&point, &[202; 16]).unwrap();
        let (tenant, url) = (TenantId::default_tenant(), "https://example.org/s3cret".to_owned());
        let new = NewWebhook { tenant: tenant.clone(), url: url.clone(), kinds: Vec::new(), secret: vec![203; 32] };
        let old_secrets = vec![OldSecret { secret: vec![204; 32], valid_until: Timestamp::from_unix_ms(0).unwrap() }];
        let webhook = DueWebhook { url: url.clone(), secret: vec![203; 32], old_secrets, is_disabled: false };
        let change = WebhookChange { url: Some(url.clone()), ..WebhookChange::default() };
        let queue = CallQueue::new(1, "webhook/1/1".to_owned());
        let receiver = DueReceiver::Webhook { url: url.clone() };
        let due = DueQueue { queue: queue.clone(), tenant: tenant.clone(), receiver };
        let push = DuePush { endpoint: url.clone(), keys, is_urgent: true, expires_at: None };
        let call = DueCall {
            no: CallNo(42),
            queue,
            tenant: tenant.clone(),
            target: Target::Webhook(WebhookId(1)),
            webhook: Some(webhook.clone()),
            push: Some(push.clone()),
            mail: None,
            path: "/notify/s3cret".to_owned(),
            body: "s3cret".to_owned(),
            key: String::new(),
            created_at: Timestamp::from_unix_ms(0).unwrap(),
            attempts: 0,
            lease_until: Timestamp::from_unix_ms(0).unwrap(),
        };
        let subscription = NewPushSubscription { tenant, user_id: UserId::new(1).unwrap(), endpoint: url, keys };
        let shown = format!("{new:?} {webhook:?} {push:?} {call:?} {subscription:?} {change:?} {due:?}");
        assert!(["201", "202", "203", "204", "s3cret"].iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert!(shown.contains("42") && shown.contains("is_urgent"), "{shown}");
    }
}
