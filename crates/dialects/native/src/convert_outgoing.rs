//! Between the native dialect's JSON and webhooks and outgoing calls.

use crate::wire::outgoing::{CallStatusJson, CallTargetJson, OutgoingCallJson, WebhookJson};
use milepost_domain::{Target, Timestamp, Webhook};
use milepost_http::rfc3339;
use milepost_service::{CallState, StoredCall};
use serde::Deserialize;

pub(crate) fn webhook_to_json(webhook: &Webhook, now: Timestamp) -> WebhookJson {
    let valid_until = webhook.old_secrets.iter().map(|old| old.valid_until).max();
    WebhookJson {
        id: webhook.id.0,
        url: webhook.url.clone(),
        events: webhook.kinds.clone(),
        active: webhook.disabled_at.is_none(),
        created_at: rfc3339(webhook.created_at),
        disabled_at: webhook.disabled_at.map(rfc3339),
        old_secret_valid_until: valid_until.filter(|until| *until > now).map(rfc3339),
        secret: None,
    }
}

/// The call without its body, which may hold a customer's phone number.
pub(crate) fn call_to_json(call: &StoredCall) -> OutgoingCallJson {
    let (target, webhook_id) = match call.target {
        Target::Orders => (CallTargetJson::Orders, None),
        Target::Notifications => (CallTargetJson::Notifications, None),
        Target::Webhook(id) => (CallTargetJson::Webhook, Some(id.0)),
        Target::Push(_) => (CallTargetJson::Push, None),
        Target::Mail(_) => (CallTargetJson::Mail, None),
    };
    let (mut next_attempt_at, mut delivered_at, mut dead_at) = (None, None, None);
    let status = match call.state {
        CallState::Pending { next_attempt_at: at } => {
            next_attempt_at = Some(rfc3339(at));
            CallStatusJson::Pending
        }
        CallState::Delivered { at } => {
            delivered_at = Some(rfc3339(at));
            CallStatusJson::Delivered
        }
        CallState::Dead { at } => {
            dead_at = Some(rfc3339(at));
            CallStatusJson::Dead
        }
    };
    OutgoingCallJson {
        id: call.id.0,
        target,
        webhook_id,
        kind: webhook_id.and_then(|_| kind_of(&call.body)),
        message_id: call.key.clone(),
        status,
        attempts: call.attempts,
        last_status: call.last_status,
        last_error: call.last_error.clone(),
        created_at: rfc3339(call.created_at),
        next_attempt_at,
        delivered_at,
        dead_at,
    }
}

fn kind_of(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: String,
    }
    serde_json::from_str::<Typed>(body).ok().map(|typed| typed.kind)
}
