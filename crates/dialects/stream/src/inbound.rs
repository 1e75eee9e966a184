//! Reads a client's messages, and names what is wrong with them.

use crate::wire::request::{ReadJson, ReportJson, StatusJson};
use crate::wire::{AuthJson, SeenJson, SubJson, UnsubJson, ViewJson};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A message from a client to the server.
#[derive(Debug)]
pub(crate) enum FromClient {
    /// Begins a subscription.
    Sub(Box<SubJson>),
    /// Ends one.
    Unsub(UnsubJson),
    /// Acknowledges a window.
    Seen(SeenJson),
    /// Moves a view.
    View(ViewJson),
    /// Brings positions.
    Report(ReportJson),
    /// Marks something read.
    Read(ReadJson),
    /// Tells how far a parcel or delivery is.
    Status(StatusJson),
    /// Brings a newer credential.
    Auth(AuthJson),
    /// Asks for a `pong`.
    Ping,
}

/// What an answer refers to.
#[derive(Debug, Default)]
pub(crate) struct Reference<'a> {
    /// The subscription.
    pub s: Option<u32>,
    /// The request.
    pub id: Option<&'a RawValue>,
}

/// A message that can't be taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    op: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    s: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// The longest `id` of a request in bytes. A longer one is not repeated in the answer.
const MAX_REFERENCE: usize = 64;

/// Reads one message, and what its answer refers to.
pub(crate) fn read_message(text: &str) -> (Reference<'_>, Result<FromClient, Refusal>) {
    // serde would also read an array, field by field.
    let head = if text.trim_start().starts_with('{') { serde_json::from_str::<Head<'_>>(text).ok() } else { None };
    let Some(head) = head else {
        return (Reference::default(), Err(Refusal::new("malformed", "a message is a JSON object")));
    };
    let op = head.op.as_deref().unwrap_or_default();
    let id = head.id.filter(|id| id.get().len() <= MAX_REFERENCE);
    let reference = Reference {
        s: head.s.and_then(|s| serde_json::from_str(s.get()).ok()),
        // In `sub`, `id` is what to follow.
        id: if op == "sub" { None } else { id },
    };
    let message = match op {
        "sub" => read(text).map(|sub| FromClient::Sub(Box::new(sub))),
        "unsub" => read(text).map(FromClient::Unsub),
        "seen" => read(text).map(FromClient::Seen),
        "view" => read(text).map(FromClient::View),
        "report" => read(text).map(FromClient::Report),
        "read" => read(text).map(FromClient::Read),
        "status" => read(text).map(FromClient::Status),
        "auth" => read(text).map(FromClient::Auth),
        "ping" => Ok(FromClient::Ping),
        "hello" => Err(Refusal::new("taken", "hello came already")),
        other => {
            let name: String = other.chars().take(64).collect();
            Err(Refusal::new("unknown_op", format!("unknown op: {name}")))
        }
    };
    (reference, message)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| Refusal::new("invalid", error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_refers_to_what_it_refuses() {
        let check = |text: &str, s: Option<u32>, id: Option<&str>, code: &str| {
            let (reference, message) = read_message(text);
            assert_eq!((reference.s, reference.id.map(RawValue::get)), (s, id), "{text}");
            assert_eq!(message.unwrap_err().code, code, "{text}");
        };
        check("nonsense", None, None, "malformed");
        check("[]", None, None, "malformed");
        check("{}", None, None, "unknown_op");
        check(r#"{"op":"dance","id":7}"#, None, Some("7"), "unknown_op");
        check(r#"{"op":"sub","s":3}"#, Some(3), None, "invalid");
        check(r#"{"op":"sub","s":-3,"to":"alerts"}"#, None, None, "invalid");
        check(r#"{"op":"unsub","s":4.5}"#, None, None, "invalid");
        check(r#"{"op":"hello"}"#, None, None, "taken");
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let (_, message) = read_message(r#"{"op":"sub","s":1,"to":"vehicles","future":{"a":[1]},"ids":["a"]}"#);
        let FromClient::Sub(sub) = message.unwrap() else { panic!("no sub") };
        assert_eq!((sub.s, sub.to.as_str(), sub.ids.unwrap().as_slice()), (1, "vehicles", &["a".to_owned()][..]));
    }
}
