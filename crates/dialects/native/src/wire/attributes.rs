//! The attributes of a position: a flat object of numbers, booleans and texts.

use milepost_domain::{AttributeValue, Attributes, Invalid};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whole numbers up to here are numbers of their own in 64-bit floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(crate) struct AttributesJson(pub Attributes);

impl Serialize for AttributesJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, ValueJson::from(value))))
    }
}

/// Written as it is, a whole number without a point.
#[derive(Serialize)]
#[serde(untagged)]
enum ValueJson<'a> {
    Whole(i64),
    Number(f64),
    Flag(bool),
    Text(&'a str),
}

impl<'a> From<&'a AttributeValue> for ValueJson<'a> {
    fn from(value: &'a AttributeValue) -> Self {
        match value {
            #[allow(clippy::cast_possible_truncation, reason = "it is whole and at most 2^53")]
            AttributeValue::Number(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                Self::Whole(*number as i64)
            }
            AttributeValue::Number(number) => Self::Number(*number),
            AttributeValue::Flag(flag) => Self::Flag(*flag),
            AttributeValue::Text(text) => Self::Text(text),
        }
    }
}

impl<'de> Deserialize<'de> for AttributesJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = AttributesJson;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of numbers, booleans and texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AttributesJson, A::Error> {
        let mut entries: Vec<(String, AttributeValue)> = Vec::new();
        while let Some((name, OneValue(value))) = map.next_entry()? {
            // Not all of an endless object.
            if entries.len() > milepost_domain::MAX_ATTRIBUTES {
                break;
            }
            entries.push((name, value));
        }
        Attributes::new(entries).map(AttributesJson).map_err(refused)
    }
}

fn refused<E: Error>(invalid: Invalid) -> E {
    E::custom(invalid)
}

struct OneValue(AttributeValue);

impl<'de> Deserialize<'de> for OneValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = AttributeValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a boolean or a text")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<AttributeValue, E> {
        Ok(AttributeValue::Flag(flag))
    }

    fn visit_u64<E: Error>(self, whole: u64) -> Result<AttributeValue, E> {
        let number = whole as f64;
        if number as u64 == whole && number < 1.8e19 {
            AttributeValue::number(number).map_err(refused)
        } else {
            Err(inexact())
        }
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<AttributeValue, E> {
        let number = whole as f64;
        #[allow(clippy::cast_possible_truncation, reason = "it was whole")]
        if number as i64 == whole { AttributeValue::number(number).map_err(refused) } else { Err(inexact()) }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<AttributeValue, E> {
        AttributeValue::number(number).map_err(refused)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<AttributeValue, E> {
        AttributeValue::text(text).map_err(refused)
    }
}

/// It would not come out as it was sent.
fn inexact<E: Error>() -> E {
    E::custom("attributes must have numbers that 64-bit floats can hold: send a longer one as text")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::AttributesJson;

    fn again(json: &str) -> Result<String, String> {
        let read: AttributesJson = serde_json::from_str(json).map_err(|error| error.to_string())?;
        Ok(serde_json::to_string(&read).unwrap())
    }

    #[test]
    fn attributes_come_out_as_they_were_sent() {
        let json =
            r#"{"battery_percent":54,"battery_v":4.1,"motion":false,"alarm":"sos","Türe 1":-3,"big":9007199254740992}"#;
        assert_eq!(again(json).unwrap(), json);
        assert_eq!(again("{}").unwrap(), "{}");
        assert_eq!(again(r#"{"a":5.0}"#).unwrap(), r#"{"a":5}"#);
    }

    #[test]
    fn what_is_not_flat_or_not_exact_is_refused() {
        for json in [
            "[]",
            "7",
            r#"{"a":null}"#,
            r#"{"a":[1]}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"a":18446744073709551615}"#,
            r#"{"":1}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":1e999}"#,
        ] {
            assert!(again(json).is_err(), "{json}");
        }
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(257));
        assert!(again(&long).is_err());
        let many: Vec<String> = (0..65).map(|n| format!(r#""n{n}":1"#)).collect();
        assert!(again(&format!("{{{}}}", many.join(","))).is_err());
    }
}
