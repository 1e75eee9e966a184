//! What all dialects read in the same way and refuse in the same words.

use axum::http::request::Parts;
use milepost_http::query_value;

/// Said of what is no JSON.
pub const INVALID_JSON: &str = "Invalid JSON format";

/// Said of a message of a type that the dialect does not know; of its name at most 64 characters.
pub fn unknown_type(name: &str) -> String {
    format!("Unknown message type: {}", name.chars().take(64).collect::<String>())
}

/// An event's id, written as JSON: a whole number from 0, of any length. Above the newest event there is nothing to
/// replay, so that a number out of range is as good as the largest.
///
/// # Errors
/// Says what it must be.
pub fn parse_event_id(json: &str) -> Result<i64, String> {
    let id: Option<i64> = serde_json::from_str(json).ok();
    let id = id.or_else(|| {
        // Also for `7.0` and `1e30`; a double beyond the range becomes its end.
        let number: f64 = serde_json::from_str(json).ok()?;
        #[allow(clippy::cast_possible_truncation, reason = "whole; saturates")]
        (number.fract() == 0.0).then_some(number as i64)
    });
    id.filter(|id| *id >= 0).ok_or_else(|| no_event_id("last_event_id"))
}

/// The last event that a client has: by its header, else by its URL.
pub(crate) fn parse_last_event_id(head: &Parts) -> Result<Option<i64>, String> {
    let header = head.headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").trim().to_owned());
    let (name, id) = match header.filter(|id| !id.is_empty()) {
        Some(id) => ("Last-Event-ID", id),
        None => ("last_event_id", query_value(head, "last_event_id").unwrap_or_default()),
    };
    if id.is_empty() {
        return Ok(None);
    }
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(id.parse().unwrap_or(i64::MAX)));
    }
    Err(no_event_id(name))
}

fn no_event_id(name: &str) -> String {
    format!("{name} must be a whole number from 0")
}
