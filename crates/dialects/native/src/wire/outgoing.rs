//! Webhooks and outgoing calls.

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

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookJson {
    /// Number.
    pub id: i64,
    /// Where to.
    pub url: String,
    /// Which kinds of events; all if empty.
    pub events: Vec<String>,
    /// When it was added.
    pub created_at: String,
    /// Since when its receiver wants no more: it answered 410. Nothing is told it until one of its calls is retried by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
    /// What signs the calls; shown when the webhook is added, and never again.
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
    /// Kind of event, for webhooks.
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
