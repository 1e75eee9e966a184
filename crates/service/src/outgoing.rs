//! Lists calls to other programs, and retries dead ones.

use crate::wakers::Wakers;
use crate::{Request, ServiceError};
use milepost_clock::Clock;
use milepost_domain::{Action, Caller, EmailAddress, Invalid, PushKeys, ReportMail, Target, TenantId, may};
use milepost_store::{CallId, CallState, Once, Store, StoredCall};
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whose gathered alerts are due.
const MAIL_EVERY: Duration = Duration::from_secs(15);
/// Readers that get their mail before the next look.
const READERS_AT_ONCE: u32 = 100;

/// Checks a URL. The error says what it must be.
pub type CheckUrl = Arc<dyn Fn(&str) -> Result<(), &'static str> + Send + Sync>;

/// Checks a browser's endpoint and keys.
pub type CheckPush = Arc<dyn Fn(&str, &PushKeys) -> Result<(), Invalid> + Send + Sync>;

/// What waits to be written as a mail.
#[derive(Debug, Clone)]
pub struct MailBodies {
    /// To a user who forgot its password.
    pub reset: String,
    /// To a user who was invited.
    pub invitation: String,
    /// With a link by which a user confirms the address that it goes to.
    pub confirmation: fn(&EmailAddress) -> String,
    /// With the file of a report.
    pub report: fn(&ReportMail) -> String,
}

/// What use cases need to know about the sender of outgoing calls. By default no call is sent.
#[derive(Clone)]
pub struct Outgoing {
    /// `ORDER_SERVICE_URL` is set.
    pub orders: bool,
    /// `NOTIFICATION_SERVICE_URL` is set.
    pub notifications: bool,
    /// The beginning of links to this server's pages: `PUBLIC_URL`, without a slash at its end.
    pub public_url: String,
    /// The bodies of mails, if `SMTP_URL` is set.
    pub mail: Option<MailBodies>,
    /// Wakes the sender, after a commit that may have stored calls. It must be cheap.
    pub wake: Arc<dyn Fn() + Send + Sync>,
    /// Checks the URL of a webhook without resolving its host.
    pub check_webhook_url: CheckUrl,
    /// The VAPID public key with which pages subscribe to pushes.
    pub push_key: Option<String>,
    /// Checks a browser's subscription without calling its push service.
    pub check_push: CheckPush,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            orders: false,
            notifications: false,
            public_url: String::new(),
            mail: None,
            wake: Arc::new(|| {}),
            check_webhook_url: Arc::new(|_| Err("can't be called: this server sends no calls")),
            push_key: None,
            check_push: Arc::new(|_, _| Err(Invalid::new("endpoint", "can't be called: this server sends no calls"))),
        }
    }
}

/// What the use cases of outgoing calls need.
pub struct OutgoingCalls {
    store: Arc<dyn Store>,
    wakers: Wakers,
}

impl OutgoingCalls {
    pub(crate) fn new(store: Arc<dyn Store>, wakers: Wakers) -> Self {
        Self { store, wakers }
    }
}

/// A tenant's calls before `before`, to one target or to all, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_calls(
    calls: &OutgoingCalls,
    request: &Request,
    tenant: &TenantId,
    target: Option<Target>,
    before: Option<CallId>,
    limit: u32,
) -> Result<Vec<StoredCall>, ServiceError> {
    require_outgoing(&request.caller, Action::SeeWebhooks, tenant)?;
    Ok(calls.store.list_calls(tenant, target, before, limit).await?)
}

/// Makes a dead call due again, and returns it with its new state.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] when the tenant has no such call to `target` (`None` is any
/// target), [`ServiceError::Conflict`] when it is not dead.
pub async fn retry_call(
    calls: &OutgoingCalls,
    request: &Request,
    tenant: &TenantId,
    target: Option<Target>,
    id: CallId,
    once: &Once<'_, StoredCall>,
) -> Result<StoredCall, ServiceError> {
    require_outgoing(&request.caller, Action::ManageWebhooks, tenant)?;
    let call = find_call(calls, tenant, target, id).await?;
    let now = request.now;
    let due = StoredCall { attempts: 0, state: CallState::Pending { next_attempt_at: now }, ..call.clone() };
    let revived = matches!(call.state, CallState::Dead { .. })
        && calls.store.revive_call(tenant, id, now, &once.map(|revived: &bool| revived.then(|| due.clone()))).await?;
    if !revived {
        return Err(ServiceError::Conflict("only a dead call can be retried by hand".to_owned()));
    }
    tracing::info!(call.id = id.0, tenant.id = %tenant, by = request.caller.log_name(), "dead call made due again");
    calls.wakers.wake_outbox();
    Ok(due)
}

/// Mails alerts that were gathered for their readers, until the task is dropped.
pub async fn keep_mailing_gathered_alerts(calls: &OutgoingCalls, clock: &Clock) {
    loop {
        match calls.store.mail_gathered_alerts(clock.now(), READERS_AT_ONCE).await {
            Ok(0) => {}
            Ok(readers) => {
                calls.wakers.wake_outbox();
                if readers == READERS_AT_ONCE {
                    continue;
                }
            }
            Err(error) => tracing::warn!(%error, "gathered alerts could not be mailed, trying again"),
        }
        clock.sleep(MAIL_EVERY).await;
    }
}

async fn find_call(
    calls: &OutgoingCalls,
    tenant: &TenantId,
    target: Option<Target>,
    id: CallId,
) -> Result<StoredCall, ServiceError> {
    let before = Some(CallId(id.0.saturating_add(1)));
    let found = calls.store.list_calls(tenant, target, before, 1).await?;
    found.into_iter().find(|call| call.id == id).ok_or(ServiceError::NotFound("call"))
}

pub(crate) fn require_outgoing(caller: &Caller, action: Action, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, action, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin of the tenant may see and manage its webhooks and outgoing calls"))
    }
}
