//! What people can be told of, and by what means.

use crate::TraccarParts;
use crate::channel::{channel_of, event_message};
use crate::events::EventKind;
use crate::extract::{JsonBody, Signed};
use crate::refusal::Refusal;
use crate::time::write_time;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// The types of events.
pub(crate) async fn list_types(_: Signed) -> Json<Vec<Value>> {
    Json(EventKind::ALL.iter().map(|kind| json!({ "type": kind.name() })).collect())
}

/// By what means people are told: on their open pages.
pub(crate) async fn list_notificators(_: Signed) -> Json<Vec<Value>> {
    Json(vec![json!({ "type": "web" })])
}

/// Tells the caller something on its open pages.
pub(crate) async fn test_all(state: State<TraccarParts>, signed: Signed) -> Result<StatusCode, Refusal> {
    test_one(state, Path("web".to_owned()), signed).await
}

/// The same by one means.
pub(crate) async fn test_one(
    State(parts): State<TraccarParts>,
    Path(notificator): Path<String>,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    match notificator.as_str() {
        "web" => {}
        "mail" => return Err(Refusal::failed("jakarta.mail.MessagingException: No SMTP configuration found")),
        _ => return Err(Refusal::failed("java.lang.UnsupportedOperationException")),
    }
    if let (Some(user), Some(channel)) = (signed.user(), parts.live.hub.find_channel(&channel_of(signed.tenant()))) {
        let event = json!({
            "id": 0, "attributes": { "message": "Test notification message." }, "deviceId": 0, "type": "test",
            "eventTime": write_time(signed.now()), "positionId": 0, "geofenceId": 0, "maintenanceId": 0,
        });
        channel.publish(event_message(&[user.get()], json!({ "events": [event] }).to_string()));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Announcements are sent with `POST /api/v1/notifications`.
pub(crate) async fn send(Path(_): Path<String>, signed: Signed, JsonBody(_): JsonBody) -> Result<StatusCode, Refusal> {
    signed.require_administrator()?;
    Err(Refusal::failed("java.lang.UnsupportedOperationException"))
}
