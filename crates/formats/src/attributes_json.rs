//! Attributes as a JSON object.

use crate::push::push;
use milepost_domain::{AttributeValue, Attributes, MAX_ATTRIBUTES};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::fmt;

pub(crate) fn push_attributes(out: &mut Vec<u8>, attributes: &Attributes) {
    for (index, (name, value)) in attributes.iter().enumerate() {
        out.push(if index == 0 { b'{' } else { b',' });
        push_text(out, name);
        out.push(b':');
        push_value(out, value);
    }
    out.push(b'}');
}

/// One value as JSON.
pub(crate) fn push_value(out: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::Number(number) => push!(out, "{number}"),
        AttributeValue::Flag(flag) => push!(out, "{flag}"),
        AttributeValue::Text(text) => push_text(out, text),
    }
}

/// Names and values, before they are checked together.
pub(crate) type Entries = Vec<(String, AttributeValue)>;

/// Reads an object of numbers, booleans and texts. `None` if it is anything else.
pub(crate) fn read_attributes(text: &str) -> Option<Entries> {
    serde_json::from_str::<Object>(text).ok().map(|object| object.0)
}

/// Reads one value. `None` if it is no JSON of a number, boolean or text.
pub(crate) fn read_value(text: &str) -> Option<AttributeValue> {
    serde_json::from_str::<Value>(text).ok()?.0
}

/// In the order of the file, which a map would lose.
struct Object(Entries);

/// `None` for null.
struct Value(Option<AttributeValue>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of numbers, booleans and texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Entries::new();
                while let Some((name, Value(value))) = map.next_entry::<String, Value>()? {
                    if entries.len() == MAX_ATTRIBUTES {
                        return Err(A::Error::custom("too many"));
                    }
                    entries.extend(value.map(|value| (name, value)));
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entry)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Null => return Ok(Self(None)),
            serde_json::Value::Bool(flag) => Some(AttributeValue::Flag(flag)),
            serde_json::Value::Number(number) => number.as_f64().and_then(|number| AttributeValue::number(number).ok()),
            serde_json::Value::String(text) => AttributeValue::text(&text).ok(),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        };
        read.map(|value| Self(Some(value))).ok_or_else(|| D::Error::custom("no value of an attribute"))
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing a string to a Vec does not fail");
}
