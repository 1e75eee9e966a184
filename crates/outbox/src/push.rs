//! Calls to push services: encrypted for one browser, signed for its push service.

use crate::aes128gcm::{encrypt, is_on_curve};
use crate::urls::push_url;
use crate::{AddressRule, OutboxConfig};
use milepost_domain::{Invalid, PushKeys, Timestamp};
use milepost_store::{DueCall, DuePush};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder};

/// How long a push service keeps a message, from its cause on. A browser that is off for longer finds it among the unread
/// ones.
const KEPT_FOR_MS: i64 = 24 * 3_600 * 1_000;

/// Checks a browser's subscription without calling its push service.
///
/// # Errors
/// The invalid part, and what it accepts.
pub fn check_push_subscription(endpoint: &str, keys: &PushKeys, rule: &AddressRule) -> Result<(), Invalid> {
    push_url(endpoint, rule).map_err(|takes| Invalid::new("endpoint", takes))?;
    if is_on_curve(keys) { Ok(()) } else { Err(Invalid::new("keys.p256dh", "must be a point of the curve P-256")) }
}

/// Whether the push has expired. It is not sent then: a phone should not ring for what is over.
pub(crate) fn has_expired(call: &DueCall, now: Timestamp) -> bool {
    call.push.as_ref().and_then(|push| push.expires_at).is_some_and(|expires_at| expires_at <= now)
}

pub(crate) fn push_request(
    client: &Client,
    config: &OutboxConfig,
    call: &DueCall,
    now: Timestamp,
) -> Result<RequestBuilder, &'static str> {
    let DuePush { endpoint, keys, is_urgent, expires_at } = call.push.as_ref().ok_or("the subscription was removed")?;
    let vapid = config.vapid.as_ref().ok_or("there is no VAPID key")?;
    // Checked again: the rule may have changed since the URL was stored.
    let url = push_url(endpoint, &config.webhook_addresses)
        .map_err(|_| "the push service's URL is not allowed any more, see MILEPOST_WEBHOOK_ALLOW")?;
    let authorization = vapid.authorization(&url, now);
    let kept_until = call.created_at.plus_ms(KEPT_FOR_MS);
    let kept_until = expires_at.map_or(kept_until, |expires_at| kept_until.min(expires_at));
    let left_ms = kept_until.ms_since(now).clamp(0, KEPT_FOR_MS);
    Ok(client
        .post(url)
        .header(AUTHORIZATION, authorization)
        .header("TTL", left_ms / 1_000)
        .header("Urgency", if *is_urgent { "high" } else { "normal" })
        .header(CONTENT_ENCODING, "aes128gcm")
        .header(CONTENT_TYPE, "application/octet-stream")
        .body(encrypt(call.body.as_bytes(), keys)?))
}
