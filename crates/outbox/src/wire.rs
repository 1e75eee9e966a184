//! The JSON that receivers outside get: webhooks and browsers. Their names and forms stand here and nowhere else.

mod push;
mod webhook;

use crate::mail::MailBody;
use milepost_domain::{Alert, Fact, Notice, Timestamp, WebhookId};
use milepost_store::{Renderer, WebhookMessage};
use serde_json::json;

/// Renders what the store keeps for receivers. The store has it rendered in the transaction that causes the call.
#[derive(Debug, Clone, Default)]
pub struct PublicForm {
    /// Whether mails are sent.
    pub sends_mail: bool,
    /// Where people reach this server; empty if that is not known.
    pub public_url: String,
}

impl Renderer for PublicForm {
    fn webhook_message(&self, event_id: i64, at: Timestamp, fact: &Fact) -> Option<WebhookMessage> {
        webhook::message(event_id, at, fact, &self.public_url)
    }

    fn webhook_test(&self, id: WebhookId, at: Timestamp) -> String {
        json!({ "type": "webhook.test", "timestamp": at.to_string(), "data": { "webhook_id": id.0 } }).to_string()
    }

    fn notice_push(&self, notice: &Notice) -> String {
        push::notice(notice)
    }

    fn alert_push(&self, alert: &Alert) -> String {
        push::alert(alert)
    }

    fn alert_mail(&self, alert: &Alert) -> Option<String> {
        self.sends_mail.then(|| MailBody::of_alert(alert).to_json())
    }

    fn gathered_mail(&self, alerts: &[String]) -> String {
        MailBody::of_gathered(alerts).to_json()
    }
}
