//! Reads the parts of inbound messages that all dialects share, and refuses them with the same texts.

use axum::http::request::Parts;
use milepost_http::query_value;

/// The error for a message that is not JSON.
pub const INVALID_JSON: &str = "Invalid JSON format";

/// The error for a message of an unknown type. It quotes at most 64 characters of the name.
pub fn unknown_type(name: &str) -> String {
    format!("Unknown message type: {}", name.chars().take(64).collect::<String>())
}

/// Reads an event id from JSON: a whole number of any length, from 0. A number beyond `i64` becomes the largest id,
/// above which there is nothing to replay.
///
/// # Errors
/// The reason why the id can't be read.
pub fn parse_event_id(json: &str) -> Result<i64, String> {
    let id: Option<i64> = serde_json::from_str(json).ok();
    let id = id.or_else(|| {
        // Numbers such as `7.0` and `1e30`. A number beyond the range becomes its end.
        let number: f64 = serde_json::from_str(json).ok()?;
        #[allow(clippy::cast_possible_truncation, reason = "whole; saturates")]
        (number.fract() == 0.0).then_some(number as i64)
    });
    id.filter(|id| *id >= 0).ok_or_else(|| no_event_id("last_event_id"))
}

/// The id of the last event that the client has, from its header or else from its URL.
pub(crate) fn parse_last_event_id(head: &Parts) -> Result<Option<i64>, String> {
    let header = head.headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").trim().to_owned());
    let (name, id) = match header.filter(|id| !id.is_empty()) {
        Some(id) => ("Last-Event-ID", id),
        // Browsers' EventSource takes no headers: its replacements write the id into the URL, under this name.
        None => ["last_event_id", "lastEventId"]
            .into_iter()
            .find_map(|name| Some((name, query_value(head, name).filter(|id| !id.is_empty())?)))
            .unwrap_or_default(),
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
