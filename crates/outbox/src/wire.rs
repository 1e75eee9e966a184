//! The JSON that receivers outside get: webhooks and browsers. Their names and forms stand here and nowhere else.

mod push;
mod webhook;

use milepost_domain::{Alert, Fact, Notice, Timestamp};
use milepost_store::{Renderer, WebhookMessage};

/// Renders what the store keeps for receivers. The store has it rendered in the transaction that causes the call.
#[derive(Debug, Clone, Copy)]
pub struct PublicForm;

impl Renderer for PublicForm {
    fn webhook_message(&self, event_id: i64, at: Timestamp, fact: &Fact) -> Option<WebhookMessage> {
        webhook::message(event_id, at, fact)
    }

    fn notice_push(&self, notice: &Notice) -> String {
        push::notice(notice)
    }

    fn alert_push(&self, alert: &Alert) -> String {
        push::alert(alert)
    }
}
