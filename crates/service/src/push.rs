//! Push subscriptions. A user's browsers get its notices and alerts while no page is open. Each user manages its own.

use crate::tenants::ensure_tenant;
use crate::{CheckPush, Request, ServiceError};
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use milepost_domain::{Caller, Invalid, PushId, PushKeys, PushSubscription, UserId};
use milepost_store::{NewPushSubscription, Once, Store};
use std::sync::Arc;

/// Base64url with or without padding: browsers write none, some libraries do. [`read`] takes plain base64 too.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the use cases of push subscriptions need.
pub struct Push {
    store: Arc<dyn Store>,
    /// The VAPID public key with which pages subscribe.
    key: Option<String>,
    check: CheckPush,
}

impl Push {
    pub(crate) fn new(store: Arc<dyn Store>, key: Option<String>, check: CheckPush) -> Self {
        Self { store, key, check }
    }
}

/// A browser's subscription, as its page sends it.
#[derive(Clone, Default)]
pub struct PushRequest {
    /// The URL of the browser at its push service.
    pub endpoint: String,
    /// The browser's public key in base64url or base64.
    pub p256dh: String,
    /// The browser's shared secret in base64url or base64.
    pub auth: String,
}

/// The key with which pages subscribe.
///
/// # Errors
/// [`ServiceError::Forbidden`] for devices and users without a number, [`ServiceError::NotFound`] when this server
/// sends no pushes.
pub fn push_key<'a>(push: &'a Push, request: &Request) -> Result<&'a str, ServiceError> {
    user_of(&request.caller)?;
    push.key.as_deref().ok_or(ServiceError::NotFound("push key"))
}

/// Adds or refreshes a browser of the caller, and returns whether it is new. When a user has too many, the one that was
/// not refreshed for the longest time is removed.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] as [`push_key`], [`ServiceError::Invalid`].
pub async fn add_push_subscription(
    push: &Push,
    request: &Request,
    browser: PushRequest,
    once: &Once<'_, (PushSubscription, bool)>,
) -> Result<(PushSubscription, bool), ServiceError> {
    push_key(push, request)?;
    let user_id = user_of(&request.caller)?;
    let keys = PushKeys::new(&read("keys.p256dh", &browser.p256dh)?, &read("keys.auth", &browser.auth)?)?;
    (push.check)(&browser.endpoint, &keys)?;
    ensure_tenant(&*push.store, &request.caller.tenant).await?;
    let new = NewPushSubscription { tenant: request.caller.tenant.clone(), user_id, endpoint: browser.endpoint, keys };
    let (added, is_new) = push.store.add_push_subscription(&new, request.now, once).await?;
    if is_new {
        tracing::info!(push.id = %added.id, tenant.id = %request.caller.tenant, by = request.caller.log_name(), "browser subscribed");
    }
    Ok((added, is_new))
}

/// The caller's browsers, oldest first.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_push_subscriptions(push: &Push, request: &Request) -> Result<Vec<PushSubscription>, ServiceError> {
    Ok(push.store.list_push_subscriptions(&request.caller.tenant, user_of(&request.caller)?).await?)
}

/// Removes a browser of the caller with its pending pushes.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn remove_push_subscription(push: &Push, request: &Request, id: PushId) -> Result<(), ServiceError> {
    if push.store.remove_push_subscription(&request.caller.tenant, user_of(&request.caller)?, id).await? {
        Ok(())
    } else {
        Err(ServiceError::NotFound("push subscription"))
    }
}

fn user_of(caller: &Caller) -> Result<UserId, ServiceError> {
    caller.user_id().ok_or(ServiceError::Forbidden("only a user with a number can be pushed to"))
}

fn read(field: &'static str, text: &str) -> Result<Vec<u8>, Invalid> {
    // Some apps write plain base64, which differs in two characters.
    let text: String = text
        .chars()
        .map(|c| {
            if c == '+' {
                '-'
            } else if c == '/' {
                '_'
            } else {
                c
            }
        })
        .collect();
    BASE64URL.decode(text).map_err(|_| Invalid::new(field, "must be base64url or base64"))
}
