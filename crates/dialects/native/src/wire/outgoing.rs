//! Webhooks and outgoing calls.

use super::fleet::not_null;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A webhook to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewWebhookJson {
    /// Where its calls go: http or https, at a public address unless the operator allows others.
    #[schema(example = "https://shop.example.org/hooks/milepost")]
    pub url: String,
    /// delivery.started, delivery.status_changed, parcel.added, parcel.changed, parcel.zone_crossed, grade.updated,
    /// attendance.updated, scores.updated, trip.changed, geofence.crossed, driver.event, maintenance.due, alert.raised; all
    /// if absent or empty.
    pub events: Option<Vec<String>>,
    /// `whsec_` and the base64 of the 24 to 64 bytes that sign the calls; generated if absent.
    pub secret: Option<String>,
    /// The caller's own tenant if absent.
    pub tenant: Option<String>,
}

/// What to change of a webhook. Absent fields stay as they are.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeWebhookJson {
    /// Where its calls go, as for a new one. Pending calls go there too.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// The kinds of events that it gets; all if empty.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub events: Option<Vec<String>>,
    /// False: it gets no calls, and pending ones are given up. True: it gets the events from now on.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
}

/// How to replace a webhook's secret.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateSecretJson {
    /// For how many seconds calls are signed with the old secret too, 0 to 604800; 86400 if absent.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, minimum = 0, maximum = 604_800)]
    pub overlap: Option<u32>,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookJson {
    pub id: i64,
    /// Where its calls go.
    pub url: String,
    /// The kinds of events that it gets; all if empty.
    pub events: Vec<String>,
    /// Whether it gets calls.
    pub active: bool,
    /// When it was added.
    pub created_at: String,
    /// Since when it is not active, because its receiver answered 410 or a PATCH said so. Retrying one of its dead calls by
    /// hand makes it active again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
    /// Until when calls are signed with a replaced secret too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_secret_valid_until: Option<String>,
    /// The secret that signs the calls, shown only when the webhook is added or its secret is replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// The status of a call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallStatusJson {
    /// Waits for its next attempt.
    Pending,
    /// Its receiver answered 2xx.
    Delivered,
    /// Given up. It can be retried by hand.
    Dead,
}

/// The receiver of a call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallTargetJson {
    /// The order service.
    Orders,
    /// The notification service.
    Notifications,
    /// A webhook.
    Webhook,
    /// A browser of a user.
    Push,
    /// A user, by e-mail.
    Mail,
}

/// A call to another program.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutgoingCallJson {
    /// Numbers count up in the order in which calls were stored.
    pub id: i64,
    pub target: CallTargetJson,
    /// The webhook's number, if it goes to one.
    pub webhook_id: Option<i64>,
    /// Kind of event, if it goes to a webhook; `webhook.test` for a test.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The call's `webhook-id` or `Idempotency-Key`.
    pub message_id: String,
    pub status: CallStatusJson,
    /// Attempts so far.
    pub attempts: u32,
    /// HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// Error of the last attempt.
    pub last_error: Option<String>,
    /// When it was stored.
    pub created_at: String,
    /// When the next attempt is due.
    pub next_attempt_at: Option<String>,
    /// When its receiver answered 2xx.
    pub delivered_at: Option<String>,
    /// When it was given up.
    pub dead_at: Option<String>,
}

/// `?target=` on the list of outgoing calls.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TargetQuery {
    /// orders or notifications; all calls, including those to webhooks, if absent.
    pub target: Option<String>,
}
