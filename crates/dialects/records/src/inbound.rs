//! Reads a client's messages, and names what is wrong with them.

use milepost_live::{INVALID_JSON, parse_event_id, unknown_type};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// A message from a client to the server. It borrows the timestamp, which is returned unchanged.
#[derive(Debug)]
pub enum FromClient<'a> {
    /// Asks for a `pong`: `{"type":"ping","timestamp":…}`.
    Ping(Option<&'a RawValue>),
    /// Asks for all events after this one: `{"type":"replay_request","last_event_id":…}`.
    ReplayRequest(i64),
}

/// Reads one message.
///
/// # Errors
/// The reason for the `error` message that answers it.
pub fn read_message(text: &str) -> Result<FromClient<'_>, String> {
    let fields: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).map_err(|_| {
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        if is_json { unknown_type("none") } else { INVALID_JSON.to_owned() }
    })?;
    let kind = fields.get("type").map_or("null", |kind| kind.get());
    let name: Option<Cow<'_, str>> = serde_json::from_str::<String>(kind).ok().map(Cow::from);
    match name.as_deref() {
        Some("ping") => Ok(FromClient::Ping(fields.get("timestamp").copied())),
        Some("replay_request") => {
            parse_event_id(fields.get("last_event_id").map_or("null", |id| id.get())).map(FromClient::ReplayRequest)
        }
        Some(other) => Err(unknown_type(other)),
        None if kind == "null" => Err(unknown_type("none")),
        None => Err(unknown_type(kind)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_pings_timestamp_is_kept_as_it_was_written() {
        for timestamp in ["1234567890", "1.50", "\"a\\u0062\"", "null", "{\"a\": [1 ,2]}", "99999999999999999999999"] {
            let text = format!("{{\"type\":\"ping\",\"timestamp\":{timestamp}}}");
            let FromClient::Ping(Some(kept)) = read_message(&text).unwrap() else { panic!("{timestamp}") };
            assert_eq!(kept.get(), timestamp);
        }
        assert!(matches!(read_message(r#"{"type":"ping"}"#), Ok(FromClient::Ping(None))));
        assert!(matches!(read_message(r#"{"t\u0079pe":"p\u0069ng"}"#), Ok(FromClient::Ping(None))));
    }

    #[test]
    fn a_replay_begins_after_any_whole_number_from_0() {
        let check = |id: &str, expected: i64| {
            let text = format!("{{\"type\":\"replay_request\",\"last_event_id\":{id}}}");
            assert!(matches!(read_message(&text), Ok(FromClient::ReplayRequest(id)) if id == expected), "{id}");
        };
        check("0", 0);
        check("123", 123);
        check("7.0", 7);
        check("9223372036854775807", i64::MAX);
        check("9223372036854775808", i64::MAX);
        check("1e30", i64::MAX);
        for id in ["-1", "1.5", "\"7\"", "null", "true", "[]", "-1e30"] {
            let text = format!("{{\"type\":\"replay_request\",\"last_event_id\":{id}}}");
            assert_eq!(read_message(&text).unwrap_err(), "last_event_id must be a whole number from 0", "{id}");
        }
        let missing = read_message(r#"{"type":"replay_request"}"#).unwrap_err();
        assert_eq!(missing, "last_event_id must be a whole number from 0");
    }

    #[test]
    fn every_refusal_says_what_is_wrong() {
        let check = |text: &str, expected: &str| assert_eq!(read_message(text).unwrap_err(), expected, "{text}");
        check("nonsense", "Invalid JSON format");
        check("", "Invalid JSON format");
        check(r#"{"type":"ping","timestamp":NaN}"#, "Invalid JSON format");
        check(r#"{"type":"ping""#, "Invalid JSON format");
        check("[1]", "Unknown message type: none");
        check("null", "Unknown message type: none");
        check("{}", "Unknown message type: none");
        check(r#"{"type":null}"#, "Unknown message type: none");
        check(r#"{"type":7}"#, "Unknown message type: 7");
        check(r#"{"type":"dance"}"#, "Unknown message type: dance");
        check(&format!("{{\"type\":\"{}\"}}", "é".repeat(100)), &format!("Unknown message type: {}", "é".repeat(64)));
        check(&"[".repeat(4000), "Invalid JSON format");
    }
}
