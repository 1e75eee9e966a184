//! Reads a viewer's messages, and names what is wrong with them.

use crate::filter::{Filter, MessageType};
use milepost_live::{INVALID_JSON, parse_event_id, unknown_type};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// Vehicles in one subscription; more are refused. The limit on a message's size is usually reached first.
const MAX_NARROWED: usize = 1_000;

/// A message from a viewer to the server. It borrows the timestamp, which is returned unchanged.
#[derive(Debug)]
pub enum FleetRequest<'a> {
    /// Asks for a `pong`: `{"type":"ping","timestamp":…}`.
    Ping(Option<&'a RawValue>),
    /// Narrows the stream: `{"type":"subscribe","events":[…],"vehicle_ids":[…]}`. Empty lists widen it again.
    Subscribe(Filter),
    /// Asks for all events after this one: `{"type":"replay_request","last_event_id":…}`.
    ReplayRequest(i64),
}

/// Reads one message.
///
/// # Errors
/// The reason for the `error` message that answers it.
pub fn read_message(text: &str) -> Result<FleetRequest<'_>, String> {
    let fields: Fields<'_> = serde_json::from_str(text).map_err(|_| {
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        if is_json { unknown_type("none") } else { INVALID_JSON.to_owned() }
    })?;
    let kind = fields.get("type").map_or("null", |kind| kind.get());
    match serde_json::from_str::<String>(kind).ok().as_deref() {
        Some("ping") => Ok(FleetRequest::Ping(fields.get("timestamp").copied())),
        Some("subscribe") => filter(&fields).map(FleetRequest::Subscribe),
        Some("replay_request") => {
            parse_event_id(fields.get("last_event_id").map_or("null", |id| id.get())).map(FleetRequest::ReplayRequest)
        }
        Some(other) => Err(unknown_type(other)),
        None if kind == "null" => Err(unknown_type("none")),
        None => Err(unknown_type(kind)),
    }
}

type Fields<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

fn filter(fields: &Fields<'_>) -> Result<Filter, String> {
    let mut types = Vec::new();
    for name in &texts(fields, "events")? {
        match MessageType::named(name) {
            Some(kind) if types.contains(&kind) => {}
            Some(kind) => types.push(kind),
            // Accepted and ignored: it is the first message of every socket and never comes again.
            None if name == "connection_established" => {}
            None => return Err(no_such_type(name)),
        }
    }
    let vehicles = texts(fields, "vehicle_ids")?;
    if vehicles.len() > MAX_NARROWED {
        return Err(format!("at most {MAX_NARROWED} vehicle_ids"));
    }
    Ok(Filter { types, vehicles: vehicles.into_iter().collect() })
}

fn no_such_type(name: &str) -> String {
    let names = MessageType::ALL.map(MessageType::as_str).join(", ");
    format!("events must be of {names}, which {} is not", name.chars().take(64).collect::<String>())
}

/// Reads a list of texts. Absent and null are the empty list.
fn texts(fields: &Fields<'_>, field: &str) -> Result<Vec<String>, String> {
    let Some(list) = fields.get(field) else { return Ok(Vec::new()) };
    let list: Result<Option<Vec<String>>, _> = serde_json::from_str(list.get());
    list.map(Option::unwrap_or_default).map_err(|_| format!("{field} must be a list of texts"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_narrow_and_empty_ones_widen() {
        let check = |text: &str, types: &[MessageType], vehicles: &[&str]| {
            let vehicles = vehicles.iter().map(|&id| id.to_owned()).collect();
            let expected = Filter { types: types.to_vec(), vehicles };
            assert!(matches!(read_message(text), Ok(FleetRequest::Subscribe(read)) if read == expected), "{text}");
        };
        check(
            r#"{"type":"subscribe","events":["alert","trip_update","alert"],"vehicle_ids":["7","7"]}"#,
            &[MessageType::Alert, MessageType::Trip],
            &["7"],
        );
        check(r#"{"type":"subscribe","events":[],"vehicle_ids":[]}"#, &[], &[]);
        check(r#"{"type":"subscribe"}"#, &[], &[]);
        check(r#"{"type":"subscribe","events":null,"vehicle_ids":["a b"]}"#, &[], &["a b"]);
        // A client that lists all ten documented types gets everything.
        check(r#"{"type":"subscribe","events":["connection_established","alert"]}"#, &[MessageType::Alert], &[]);
    }

    #[test]
    fn a_pings_timestamp_is_kept_as_it_was_written() {
        assert!(matches!(read_message(r#"{"type":"ping"}"#), Ok(FleetRequest::Ping(None))));
        for timestamp in ["1.50", "null", "{\"a\": [1 ,2]}", "99999999999999999999999", "1e400"] {
            let text = format!("{{\"type\":\"ping\",\"timestamp\":{timestamp}}}");
            let Ok(FleetRequest::Ping(Some(kept))) = read_message(&text) else { panic!("{timestamp}") };
            assert_eq!(kept.get(), timestamp);
        }
    }

    #[test]
    fn a_replay_begins_after_any_whole_number_from_0() {
        for (id, expected) in [("0", 0), ("7.0", 7), ("9223372036854775807", i64::MAX), ("1e30", i64::MAX)] {
            let text = format!("{{\"type\":\"replay_request\",\"last_event_id\":{id}}}");
            assert!(matches!(read_message(&text), Ok(FleetRequest::ReplayRequest(id)) if id == expected), "{id}");
        }
        for id in ["-1", "1.5", "\"7\"", "null", "true", "[]"] {
            let text = format!("{{\"type\":\"replay_request\",\"last_event_id\":{id}}}");
            assert_eq!(read_message(&text).unwrap_err(), "last_event_id must be a whole number from 0", "{id}");
        }
    }

    #[test]
    fn every_refusal_says_what_is_wrong() {
        let check = |text: &str, expected: &str| assert_eq!(read_message(text).unwrap_err(), expected, "{text}");
        check("nonsense", "Invalid JSON format");
        check("", "Invalid JSON format");
        check(&"[".repeat(400), "Invalid JSON format");
        check("[1]", "Unknown message type: none");
        check("{}", "Unknown message type: none");
        check(r#"{"type":7}"#, "Unknown message type: 7");
        check(r#"{"type":"dance"}"#, "Unknown message type: dance");
        check(r#"{"type":"subscribe","events":"alert"}"#, "events must be a list of texts");
        check(r#"{"type":"subscribe","vehicle_ids":[7]}"#, "vehicle_ids must be a list of texts");
        let unknown = read_message(r#"{"type":"subscribe","events":["alerts"]}"#).unwrap_err();
        assert!(unknown.contains("alert_deleted") && unknown.ends_with("which alerts is not"), "{unknown}");
        let many = json!({"type": "subscribe", "vehicle_ids": vec!["v"; MAX_NARROWED + 1]}).to_string();
        check(&many, "at most 1000 vehicle_ids");
    }
}
