//! Webhooks: URLs to which a tenant's events are sent.

use crate::outgoing::require_outgoing;
use crate::tenants::ensure_tenant;
use crate::wakers::Wakers;
use crate::{CheckUrl, Request, ServiceError};
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use milepost_domain::{Action, ExpectedVersion, Invalid, Target, TenantId, WEBHOOK_KINDS, Webhook, WebhookId};
use milepost_store::{CallId, NewWebhook, Once, Store, StoredCall, WebhookChange};
use std::sync::Arc;

/// Each event causes a call to every webhook that wants its kind. More webhooks are a mistake or an attack, and are
/// refused with 409.
const MAX_WEBHOOKS: u32 = 50;
/// Attempts when others change the same webhook at the same time. A failed one means that another change was stored first.
const TRIES: usize = 16;
/// The bytes of a generated secret.
const SECRET_BYTES: usize = 32;
/// The shortest secret that Standard Webhooks allows.
const SECRET_MIN_BYTES: usize = 24;
/// The block of HMAC-SHA256. A longer secret would add nothing.
const SECRET_MAX_BYTES: usize = 64;

/// How long the old secret signs too if the caller does not say.
const DEFAULT_OVERLAP_S: u32 = 24 * 3_600;
/// The longest such time.
const MAX_OVERLAP_S: u32 = 7 * 24 * 3_600;

/// Base64 with or without padding, because people copy both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the use cases of webhooks need.
pub struct Webhooks {
    store: Arc<dyn Store>,
    check_url: CheckUrl,
    wakers: Wakers,
}

impl Webhooks {
    pub(crate) fn new(store: Arc<dyn Store>, check_url: CheckUrl, wakers: Wakers) -> Self {
        Self { store, check_url, wakers }
    }
}

/// A webhook to be added.
#[derive(Clone, Default)]
pub struct WebhookRequest {
    /// The http or https URL.
    pub url: String,
    /// The kinds of events that are sent. Empty means all.
    pub kinds: Vec<String>,
    /// `whsec_` and base64, or the base64 alone. `None` generates a secret.
    pub secret: Option<String>,
}

/// Adds a webhook, and returns it with its secret, which is to be shown once, see [`shown_secret`].
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Invalid`], [`ServiceError::Conflict`] when the tenant has 50.
pub async fn add_webhook(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    webhook: WebhookRequest,
    once: &Once<'_, Webhook>,
) -> Result<Webhook, ServiceError> {
    require_outgoing(&request.caller, Action::ManageWebhooks, tenant)?;
    let new = check_webhook(webhooks, tenant, webhook)?;
    ensure_tenant(&*webhooks.store, tenant).await?;
    let added = webhooks
        .store
        .by(request.author())
        .add_webhook(&new, MAX_WEBHOOKS, request.now, &once.map(Option::clone))
        .await?;
    let Some(webhook) = added else {
        return Err(ServiceError::Conflict(format!("a tenant may have {MAX_WEBHOOKS} webhooks, remove one first")));
    };
    tracing::info!(webhook.id = %webhook.id, tenant.id = %tenant, by = request.caller.log_name(), "webhook added");
    Ok(webhook)
}

fn check_webhook(webhooks: &Webhooks, tenant: &TenantId, request: WebhookRequest) -> Result<NewWebhook, ServiceError> {
    let mut refused = Vec::new();
    refused.extend(check_url(webhooks, &request.url));
    refused.extend(check_kinds(&request.kinds));
    let secret = match request.secret.as_deref() {
        Some(text) => read_secret(text).unwrap_or_else(|| {
            refused.push(Invalid::new("secret", "must be whsec_ and the base64 of 24 to 64 bytes"));
            Vec::new()
        }),
        None => new_secret(),
    };
    if !refused.is_empty() {
        return Err(ServiceError::Invalid(refused));
    }
    Ok(NewWebhook { tenant: tenant.clone(), url: request.url, kinds: sorted(request.kinds), secret })
}

fn check_url(webhooks: &Webhooks, url: &str) -> Option<Invalid> {
    (webhooks.check_url)(url).err().map(|message| Invalid::new("url", message))
}

fn check_kinds(kinds: &[String]) -> Option<Invalid> {
    let known = kinds.iter().all(|kind| WEBHOOK_KINDS.contains(&kind.as_str()));
    (!known).then(|| Invalid::new("events", EVENTS_RULE))
}

fn sorted(mut kinds: Vec<String>) -> Vec<String> {
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Changes a webhook. Pending calls go to its new URL. While it is not active, no calls are stored for it, and the pending
/// ones are given up.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Invalid`],
/// [`ServiceError::Conflict`] when others keep changing it.
pub async fn change_webhook(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    id: WebhookId,
    expected: &ExpectedVersion,
    change: WebhookChange,
) -> Result<Webhook, ServiceError> {
    require_outgoing(&request.caller, Action::ManageWebhooks, tenant)?;
    let mut refused: Vec<Invalid> = change.url.iter().filter_map(|url| check_url(webhooks, url)).collect();
    refused.extend(change.kinds.iter().filter_map(|kinds| check_kinds(kinds)));
    if !refused.is_empty() {
        return Err(ServiceError::Invalid(refused));
    }
    let change = WebhookChange { kinds: change.kinds.map(sorted), ..change };
    for _ in 0..TRIES {
        let before = read_expected(webhooks, request, tenant, id, expected).await?;
        let changed = webhooks
            .store
            .by(request.author())
            .change_webhook(tenant, id, before.version, &change, request.now)
            .await?;
        if let Some(webhook) = changed {
            webhooks.wakers.wake_outbox();
            tracing::info!(webhook.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "webhook changed");
            return Ok(webhook);
        }
    }
    Err(being_changed())
}

async fn read_expected(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    id: WebhookId,
    expected: &ExpectedVersion,
) -> Result<Webhook, ServiceError> {
    require_outgoing(&request.caller, Action::ManageWebhooks, tenant)?;
    let webhook = get_webhook(webhooks, request, tenant, id).await?;
    if expected.allows(webhook.version) { Ok(webhook) } else { Err(ServiceError::Changed("webhook")) }
}

fn being_changed() -> ServiceError {
    ServiceError::Conflict("the webhook is being changed by others, try again".to_owned())
}

/// Gives a webhook a new secret, and returns it with that secret, which is to be shown once. For `overlap_s` seconds calls
/// are signed with the old secret too.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Invalid`] for an overlap over 7 days.
pub async fn rotate_webhook_secret(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    id: WebhookId,
    overlap_s: Option<u32>,
    once: &Once<'_, Webhook>,
) -> Result<Webhook, ServiceError> {
    require_outgoing(&request.caller, Action::ManageWebhooks, tenant)?;
    let overlap_s = overlap_s.unwrap_or(DEFAULT_OVERLAP_S);
    if overlap_s > MAX_OVERLAP_S {
        return Err(Invalid::new("overlap", "must be 0 to 604800 seconds").into());
    }
    let (now, secret) = (request.now, new_secret());
    let old_valid_until = now.plus_ms(i64::from(overlap_s) * 1_000);
    let once = once.map(Option::clone);
    let rotated = webhooks
        .store
        .by(request.author())
        .replace_webhook_secret(tenant, id, &secret, old_valid_until, now, &once)
        .await?;
    let webhook = rotated.ok_or(ServiceError::NotFound("webhook"))?;
    tracing::info!(webhook.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "webhook's secret rotated");
    Ok(webhook)
}

/// Stores a test call to a webhook. It is sent like all other calls.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Conflict`] if it is not active.
pub async fn test_webhook(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    id: WebhookId,
    once: &Once<'_, StoredCall>,
) -> Result<StoredCall, ServiceError> {
    require_outgoing(&request.caller, Action::ManageWebhooks, tenant)?;
    get_webhook(webhooks, request, tenant, id).await?;
    let stored = webhooks.store.test_webhook(tenant, id, request.now, &once.map(Option::clone)).await?;
    webhooks.wakers.wake_outbox();
    stored.ok_or_else(|| ServiceError::Conflict("the webhook is not active, make it active first".to_owned()))
}

/// One webhook.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn get_webhook(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    id: WebhookId,
) -> Result<Webhook, ServiceError> {
    require_outgoing(&request.caller, Action::SeeWebhooks, tenant)?;
    webhooks.store.get_webhook(tenant, id).await?.ok_or(ServiceError::NotFound("webhook"))
}

/// Webhooks in the order of their ids.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_webhooks(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    after: Option<WebhookId>,
    limit: u32,
) -> Result<Vec<Webhook>, ServiceError> {
    require_outgoing(&request.caller, Action::SeeWebhooks, tenant)?;
    Ok(webhooks.store.list_webhooks(tenant, after, limit).await?)
}

/// Removes a webhook with its pending and sent calls.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`] when others keep
/// changing it.
pub async fn remove_webhook(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    id: WebhookId,
    expected: &ExpectedVersion,
) -> Result<(), ServiceError> {
    for _ in 0..TRIES {
        let before = read_expected(webhooks, request, tenant, id, expected).await?;
        if webhooks.store.by(request.author()).remove_webhook(tenant, id, Some(before.version)).await? {
            tracing::info!(webhook.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "webhook removed");
            return Ok(());
        }
    }
    Err(being_changed())
}

/// The calls of one webhook, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] for the webhook.
pub async fn list_webhook_calls(
    webhooks: &Webhooks,
    request: &Request,
    tenant: &TenantId,
    id: WebhookId,
    before: Option<CallId>,
    limit: u32,
) -> Result<Vec<StoredCall>, ServiceError> {
    get_webhook(webhooks, request, tenant, id).await?;
    Ok(webhooks.store.list_calls(tenant, Some(Target::Webhook(id)), before, limit).await?)
}

const EVENTS_RULE: &str = "must be of delivery.started, delivery.status_changed, parcel.added, parcel.changed, \
    parcel.zone_crossed, grade.updated, attendance.updated, scores.updated, trip.changed, geofence.crossed, \
    driver.event, maintenance.due, alert.raised";

/// A webhook's secret in the form that its owner sees: `whsec_` and base64.
pub fn shown_secret(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64.encode(secret))
}

fn read_secret(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok()?;
    (SECRET_MIN_BYTES..=SECRET_MAX_BYTES).contains(&bytes.len()).then_some(bytes)
}

fn new_secret() -> Vec<u8> {
    let mut bytes = vec![0; SECRET_BYTES];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_24_to_64_bytes_with_prefix_and_padding_or_without() {
        let of = |bytes: usize| shown_secret(&vec![7; bytes]);
        for bytes in [24, 25, 32, 63, 64] {
            assert_eq!(read_secret(&of(bytes)).unwrap(), vec![7; bytes]);
        }
        assert_eq!(read_secret(of(25).trim_end_matches('=')).unwrap().len(), 25);
        assert_eq!(read_secret(of(32).trim_start_matches("whsec_")).unwrap().len(), 32);
        for refused in ["", "whsec_", &of(23), &of(65), "whsec_not base64 at all, but long enough"] {
            assert!(read_secret(refused).is_none(), "{refused}");
        }
        assert_ne!(new_secret(), new_secret());
    }

    #[test]
    fn the_refusal_of_an_event_names_every_kind() {
        assert!(WEBHOOK_KINDS.iter().all(|kind| EVENTS_RULE.contains(kind)));
    }
}
