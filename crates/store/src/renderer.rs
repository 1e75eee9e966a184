//! Renders outgoing messages in their public form. The store keeps such a message with its cause without knowing the
//! form.

use milepost_domain::{Alert, Fact, Notice, Timestamp, WebhookId};

/// The message about one event to webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookMessage {
    /// The kind that webhooks select by: one of `milepost_domain::WEBHOOK_KINDS`.
    pub kind: &'static str,
    /// The body in JSON.
    pub body: String,
}

/// Writes the bodies of outgoing calls. It is called within transactions, so that it must neither wait nor fail.
pub trait Renderer: Send + Sync + 'static {
    /// Writes the message about the event `event_id` to webhooks; `None` for a fact that is not public.
    fn webhook_message(&self, event_id: i64, at: Timestamp, fact: &Fact) -> Option<WebhookMessage>;

    /// Writes the message that tests a webhook, in JSON.
    fn webhook_test(&self, id: WebhookId, at: Timestamp) -> String;

    /// Writes the push message about a notice, in JSON.
    fn notice_push(&self, notice: &Notice) -> String;

    /// Writes the push message about an alert, in JSON.
    fn alert_push(&self, alert: &Alert) -> String;

    /// Writes what a mail about an alert is made from, in JSON; `None` if no mails are sent.
    fn alert_mail(&self, alert: &Alert) -> Option<String>;

    /// Writes what one mail about these alerts is made from, in JSON, from what [`Self::alert_mail`] wrote of each.
    fn gathered_mail(&self, alerts: &[String]) -> String;
}

/// A renderer for stores that send nothing: webhooks get no messages, and browsers an empty object.
#[derive(Debug, Clone, Copy)]
pub struct Unsent;

impl Renderer for Unsent {
    fn webhook_message(&self, _: i64, _: Timestamp, _: &Fact) -> Option<WebhookMessage> {
        None
    }

    fn webhook_test(&self, _: WebhookId, _: Timestamp) -> String {
        "{}".to_owned()
    }

    fn notice_push(&self, _: &Notice) -> String {
        "{}".to_owned()
    }

    fn alert_push(&self, _: &Alert) -> String {
        "{}".to_owned()
    }

    fn alert_mail(&self, _: &Alert) -> Option<String> {
        None
    }

    fn gathered_mail(&self, _: &[String]) -> String {
        "{}".to_owned()
    }
}
