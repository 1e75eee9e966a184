//! The public form of what receivers outside are sent. The store keeps it with its cause, and does not know it.

use milepost_domain::{Alert, Fact, Notice, Timestamp};

/// What webhooks are sent of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookMessage {
    /// By this webhooks choose: one of `milepost_domain::WEBHOOK_KINDS`.
    pub kind: &'static str,
    /// JSON.
    pub body: String,
}

/// Writes the bodies of outgoing calls. Called within transactions: it neither waits nor fails.
pub trait Renderer: Send + Sync + 'static {
    /// What webhooks are sent of the event `event_id`; `None` for a fact that is not public.
    fn webhook_message(&self, event_id: i64, at: Timestamp, fact: &Fact) -> Option<WebhookMessage>;

    /// What a browser is sent of a notice to its user, as JSON.
    fn notice_push(&self, notice: &Notice) -> String;

    /// What a browser is sent of an alert, as JSON.
    fn alert_push(&self, alert: &Alert) -> String;
}

/// For a store from which nobody sends: webhooks get nothing, and browsers an empty object.
#[derive(Debug, Clone, Copy)]
pub struct Unsent;

impl Renderer for Unsent {
    fn webhook_message(&self, _: i64, _: Timestamp, _: &Fact) -> Option<WebhookMessage> {
        None
    }

    fn notice_push(&self, _: &Notice) -> String {
        "{}".to_owned()
    }

    fn alert_push(&self, _: &Alert) -> String {
        "{}".to_owned()
    }
}
