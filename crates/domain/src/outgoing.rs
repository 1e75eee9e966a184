//! Calls to other programs that must not be lost: stored with their cause, and sent until they are accepted.

use crate::{PushId, TenantId, Timestamp, UserId};
use std::fmt;

/// The receiver of a call.
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
    /// A user, by e-mail.
    Mail(UserId),
}

/// A webhook's number, unique in its tenant, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookId(pub i64);

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A call to the order or notification service. The store makes the calls to webhooks and browsers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingCall {
    /// Orders or notifications.
    pub target: Target,
    /// Path under the target's URL, percent-encoded, beginning with a slash.
    pub path: String,
    /// JSON.
    pub body: String,
    /// The `Idempotency-Key`, the same each time that the call is sent. Random, so that no other server makes it too.
    pub key: String,
}

/// The kinds of facts that webhooks may get. Facts of other kinds are internal.
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

/// A receiver of a tenant's facts.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Unique in its tenant.
    pub id: WebhookId,
    /// The tenant whose facts it gets.
    pub tenant: TenantId,
    /// http or https.
    pub url: String,
    /// The kinds of facts that it gets (`delivery.status_changed`); if empty, all.
    pub kinds: Vec<String>,
    /// Key that signs the calls.
    pub secret: Vec<u8>,
    /// Keys that were replaced and still sign beside it for a while, newest first.
    pub old_secrets: Vec<OldSecret>,
    /// When it was added.
    pub created_at: Timestamp,
    /// Since when it gets nothing, because its receiver refused further calls or its tenant stopped it.
    pub disabled_at: Option<Timestamp>,
    /// Counts up with each change.
    pub version: i64,
}

/// A webhook's secret that was replaced.
#[derive(Clone, PartialEq, Eq)]
pub struct OldSecret {
    /// The key.
    pub secret: Vec<u8>,
    /// Until when calls are signed with it too.
    pub valid_until: Timestamp,
}

// By hand, so that neither the secret nor a URL, which may hold one, ever reaches a log line.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OldSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OldSecret").field("valid_until", &self.valid_until).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{OldSecret, Webhook, WebhookId};
    use crate::{TenantId, Timestamp};

    #[test]
    fn a_webhook_shows_neither_its_secret_nor_its_url() {
        let webhook = Webhook {
            id: WebhookId(7),
            tenant: TenantId::default_tenant(),
            url: "https://shop.example/hooks/s3cret".to_owned(),
            kinds: vec!["grade.updated".to_owned()],
            secret: vec![201; 32],
            old_secrets: vec![OldSecret {
                secret: vec![202; 32],
                valid_until: Timestamp::from_unix_ms(0).expect("1970"),
            }],
            created_at: Timestamp::from_unix_ms(0).expect("1970 is in range"),
            disabled_at: None,
            version: 1,
        };
        let shown = format!("{webhook:?} {webhook:#?} {:?}", webhook.old_secrets);
        assert!(
            shown.contains("grade.updated")
                && !shown.contains("201")
                && !shown.contains("202")
                && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
