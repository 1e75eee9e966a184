//! The fields of a JSON object as they were written: what a sender puts in comes out, to the last digit.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// Names and values in the order of the text. Each value is its own text, so that no number is ever converted.
#[derive(Debug, Default)]
pub struct RawFields(pub Vec<(String, Box<RawValue>)>);

impl RawFields {
    /// Reads an object that is known to be one: text that was checked before it was stored.
    pub fn of_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for RawFields {
    /// Refuses an object with a name that stands twice: receivers would disagree about its value.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = RawFields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<RawFields, M::Error> {
                let mut names = HashSet::new();
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(M::Error::custom(format_args!("the name `{name}` stands twice in one object")));
                    }
                    fields.push((name, map.next_value()?));
                }
                Ok(RawFields(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl Serialize for RawFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[derive(serde::Serialize)]
    struct Message {
        id: u64,
        #[serde(flatten)]
        fields: RawFields,
    }

    #[test]
    fn fields_come_out_as_they_were_written_beside_others() {
        let text = r#"{"z":1.50,"a":[89310410106543789301],"b":{"-0":-0}}"#;
        let message = Message { id: 7, fields: serde_json::from_str(text).unwrap() };
        assert_eq!(serde_json::to_string(&message.fields).unwrap(), text);
        assert_eq!(serde_json::to_string(&message).unwrap(), format!(r#"{{"id":7,{}"#, &text[1..]));
    }

    #[test]
    fn a_name_may_stand_once() {
        let refused = serde_json::from_str::<RawFields>(r#"{"a":1,"\u0061":2}"#).unwrap_err();
        assert!(refused.to_string().starts_with("the name `a` stands twice in one object"), "{refused}");
    }
}
