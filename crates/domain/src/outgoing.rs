//! Calls to other programs that must not be lost: stored with their cause, sent until they are taken.

use crate::{PushId, TenantId, Timestamp};
use std::fmt;

/// Whom a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The order service, `ORDER_SERVICE_URL`.
    Orders,
    /// The notification service, `NOTIFICATION_SERVICE_URL`.
    Notifications,
    /// A tenant's webhook.
    Webhook(WebhookId),
    /// A user's browser, by its push service.
    Push(PushId),
}

/// A webhook's number, unique over all tenants, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookId(pub i64);

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A call that is to be made, as its cause describes it. Those of webhooks and browsers
/// are made by the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingCall {
    /// Whom it goes to: orders or notifications.
    pub target: Target,
    /// Path under the target's URL, percent-encoded, beginning with a slash.
    pub path: String,
    /// JSON.
    pub body: String,
    /// Names the call for its receiver, however often it is sent: its `Idempotency-Key`. Unique over all calls.
    pub key: String,
}

/// The kinds of facts that webhooks may be told. Facts of other kinds are the house's own and never leave it.
pub const WEBHOOK_KINDS: &[&str] = &[
    "delivery.started",
    "delivery.status_changed",
    "parcel.added",
    "parcel.changed",
    "parcel.zone_crossed",
    "grade.updated",
    "attendance.updated",
    "scores.updated",
    "trip.changed",
    "geofence.crossed",
    "driver.event",
    "maintenance.due",
    "alert.raised",
];

/// Where facts of a tenant are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its number.
    pub id: WebhookId,
    /// Whose facts.
    pub tenant: TenantId,
    /// Where to: http or https.
    pub url: String,
    /// Which kinds of facts (`delivery.status_changed`); all if empty.
    pub kinds: Vec<String>,
    /// Signs the calls.
    pub secret: Vec<u8>,
    /// When it was added.
    pub created_at: Timestamp,
}
