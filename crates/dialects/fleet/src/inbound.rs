//! Reads a viewer's messages, and names what is wrong with them.

use crate::filter::{Filter, MessageType};
use milepost_live::{INVALID_JSON, parse_event_id, unknown_type};
use serde_json::{Map, Value};

/// Vehicles in one subscription; more are refused. The limit on a message's size is usually reached first.
const MAX_NARROWED: usize = 1_000;

/// A message from a viewer to the server.
#[derive(Debug, Clone, PartialEq)]
pub enum FleetRequest {
    /// Asks for a `pong`: `{"type":"ping","timestamp":…}`.
    Ping(Option<Value>),
    /// Narrows the stream: `{"type":"subscribe","events":[…],"vehicle_ids":[…]}`. Empty lists widen it again.
    Subscribe(Filter),
    /// Asks for all events after this one: `{"type":"replay_request","last_event_id":…}`.
    ReplayRequest(i64),
}

/// Reads one message.
///
/// # Errors
/// The reason for the `error` message that answers it.
pub fn read_message(text: &str) -> Result<FleetRequest, String> {
    let message: Value = serde_json::from_str(text).map_err(|_| INVALID_JSON.to_owned())?;
    let Value::Object(mut fields) = message else { return Err(unknown_type("none")) };
    match fields.get("type") {
        Some(Value::String(kind)) => match kind.as_str() {
            "ping" => Ok(FleetRequest::Ping(fields.remove("timestamp"))),
            "subscribe" => filter(&fields).map(FleetRequest::Subscribe),
            "replay_request" => event_id(fields.get("last_event_id")).map(FleetRequest::ReplayRequest),
            other => Err(unknown_type(other)),
        },
        None | Some(Value::Null) => Err(unknown_type("none")),
        Some(other) => Err(unknown_type(&other.to_string())),
    }
}

fn event_id(value: Option<&Value>) -> Result<i64, String> {
    parse_event_id(&value.unwrap_or(&Value::Null).to_string())
}

fn filter(fields: &Map<String, Value>) -> Result<Filter, String> {
    let mut types = Vec::new();
    for name in texts(fields, "events")? {
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
    Ok(Filter { types, vehicles: vehicles.into_iter().map(str::to_owned).collect() })
}

fn no_such_type(name: &str) -> String {
    let names = MessageType::ALL.map(MessageType::as_str).join(", ");
    format!("events must be of {names}, which {} is not", name.chars().take(64).collect::<String>())
}

/// Reads a list of texts. Absent and null are the empty list.
fn texts<'a>(fields: &'a Map<String, Value>, field: &str) -> Result<Vec<&'a str>, String> {
    let refusal = || format!("{field} must be a list of texts");
    match fields.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(|item| item.as_str().ok_or_else(refusal)).collect(),
        Some(_) => Err(refusal()),
    }
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
            let expected = FleetRequest::Subscribe(Filter { types: types.to_vec(), vehicles });
            assert_eq!(read_message(text).unwrap(), expected, "{text}");
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
    fn a_pings_timestamp_may_be_any_value() {
        assert_eq!(read_message(r#"{"type":"ping"}"#).unwrap(), FleetRequest::Ping(None));
        let ping = read_message(r#"{"type":"ping","timestamp":{"a":[1]}}"#).unwrap();
        assert_eq!(ping, FleetRequest::Ping(Some(json!({"a": [1]}))));
    }

    #[test]
    fn a_replay_begins_after_any_whole_number_from_0() {
        for (id, expected) in [("0", 0), ("7.0", 7), ("9223372036854775807", i64::MAX), ("1e30", i64::MAX)] {
            let text = format!("{{\"type\":\"replay_request\",\"last_event_id\":{id}}}");
            assert_eq!(read_message(&text).unwrap(), FleetRequest::ReplayRequest(expected), "{id}");
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
