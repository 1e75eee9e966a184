//! The contents of pushes. Texts are cut to the size that a push service accepts.

use milepost_domain::{Alert, Notice, NoticeContent, VehicleId};
use serde_json::{Value, json};

/// What is pushed at once, bytes: a push service takes 4,096 with everything around it. Longer texts are cut.
const MAX_PAYLOAD_BYTES: usize = 3_000;

/// A notification has the fields of its event's `data`. Of a message a browser only learns that it came.
pub(super) fn notice(notice: &Notice) -> String {
    let NoticeContent::Notification { message, kind } = &notice.content else {
        return json!({ "id": notice.id.get(), "type": "message" }).to_string();
    };
    fitted(message.as_str(), |text| {
        json!({
            "id": notice.id.get(),
            "message": text,
            "type": kind.as_str(),
            "is_read": notice.read_at.is_some(),
            "created_at": notice.created_at.to_string(),
        })
        .to_string()
    })
}

/// An alert has the fields of its message on the fleet's socket, without its data.
pub(super) fn alert(alert: &Alert) -> String {
    fitted(alert.message.as_str(), |message| {
        let mut body = json!({
            "type": "alert",
            "id": alert.id.as_str(),
            "alert_type": alert.kind.as_str(),
            "company_id": alert.tenant.as_str(),
            "severity": alert.severity.as_str(),
            "title": alert.title.as_str(),
            "message": message,
            "timestamp": alert.at.to_string(),
            "expires_at": alert.expires_at.to_string(),
        });
        if let Some(vehicle) = &alert.vehicle_id {
            body["vehicle_id"] = Value::from(VehicleId::as_str(vehicle));
        }
        if let Some(driver) = alert.driver_id {
            body["driver_id"] = Value::from(driver.to_string());
        }
        body.to_string()
    })
}

/// Renders a text, or as much of it as a push service accepts.
fn fitted(text: &str, render: impl Fn(&str) -> String) -> String {
    let whole = render(text);
    if whole.len() <= MAX_PAYLOAD_BYTES {
        return whole;
    }
    let mut room = MAX_PAYLOAD_BYTES.saturating_sub(render("…").len());
    let fits = |c: &char| {
        // As JSON writes it, without the quotes around it.
        let bytes = json!(c.to_string()).to_string().len() - 2;
        let left = room.checked_sub(bytes);
        room = left.unwrap_or(0);
        left.is_some()
    };
    let kept: String = text.chars().take_while(fits).collect();
    render(&format!("{kept}…"))
}
