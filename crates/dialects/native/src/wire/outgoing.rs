//! Webhooks and outgoing calls.

use super::fleet::not_null;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A webhook to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewWebhookJson {
    /// Where to: http or https, at a public address unless the operator allows others.
    #[schema(example = "https://shop.example.org/hooks/milepost")]
    pub url: String,
    /// delivery.started, delivery.status_changed, parcel.added, parcel.changed, parcel.zone_crossed, grade.updated,
    /// attendance.updated, scores.updated, trip.changed, geofence.crossed, driver.event, maintenance.due, alert.raised; all
    /// if absent or empty.
    pub events: Option<Vec<String>>,
    /// `whsec_` and the base64 of 24 to 64 bytes, which signs the calls; generated if absent.
    pub secret: Option<String>,
    /// The caller's own if absent.
    pub tenant: Option<String>,
}

/// What to change of a webhook; absent fields stay.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ChangeWebhookJson {
    /// Where to, as when it was added. What waits goes there too.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// Which kinds of events; all if empty.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub events: Option<Vec<String>>,
    /// False: it gets nothing, and what waits for it is given up. True: it gets what happens from now on.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
}

/// How to replace a webhook's secret.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RotateSecretJson {
    /// For how many seconds the old secret signs too, 0 to 604800; 86400 if absent.
    #[serde(deserialize_with = "not_null")]
    #[schema(nullable = false, minimum = 0, maximum = 604_800)]
    pub overlap: Option<u32>,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookJson {
    /// Number.
    pub id: i64,
    /// Where to.
    pub url: String,
    /// Which kinds of events; all if empty.
    pub events: Vec<String>,
    /// Whether it gets calls.
    pub active: bool,
    /// When it was added.
    pub created_at: String,
    /// Since when it is not active, because its receiver answered 410 or it was changed so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
    /// Until when calls are signed with a secret that was replaced, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_secret_valid_until: Option<String>,
    /// What signs the calls; shown when the webhook is added or its secret is rotated, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What became of a call so far.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallStatusJson {
    /// Waits for its next try.
    Pending,
    /// Taken by its receiver.
    Delivered,
    /// Given up; it can be retried by hand.
    Dead,
}

/// Whom a call goes to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallTargetJson {
    /// The order service.
    Orders,
    /// The notification service.
    Notifications,
    /// A webhook.
    Webhook,
    /// A user's browser.
    Push,
}

/// A call to another program.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutgoingCallJson {
    /// Number; it counts up in the order in which calls were stored.
    pub id: i64,
    /// Whom it goes to.
    pub target: CallTargetJson,
    /// The webhook's number, if it goes to one.
    pub webhook_id: Option<i64>,
    /// Kind of event, for webhooks; `webhook.test` for a test.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What the receiver sees as `webhook-id` or `Idempotency-Key`.
    pub message_id: String,
    /// What became of it so far.
    pub status: CallStatusJson,
    /// Tries so far.
    pub attempts: u32,
    /// HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was stored.
    pub created_at: String,
    /// When it is tried next.
    pub next_attempt_at: Option<String>,
    /// When it was taken.
    pub delivered_at: Option<String>,
    /// When it was given up.
    pub dead_at: Option<String>,
}

/// `?target=` on the list of outgoing calls.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TargetQuery {
    /// orders or notifications; calls of all kinds, webhooks' too, if absent.
    pub target: Option<String>,
}
