//! Between an object of a sender's own and the domain's. It is stored and told as it was written, without the white space between
//! its parts.

use milepost_domain::JsonObject;
use milepost_http::{Problem, RawFields};
use serde_json::value::RawValue;

/// How deeply objects and lists may be nested in an object that a client sends. Deeper ones are refused: stored objects are
/// later read as a part of larger ones, and readers give up at some depth, such as 128 levels.
const MAX_LEVELS: usize = 32;
/// What a refusal says of an object that is nested more deeply.
const TOO_DEEP: &str = "must not have more than 32 objects and lists within each other";

/// `field` is the name that a refusal gives to the object.
///
/// # Errors
/// 422 if it is no object, is too long or nested too deeply, has a name twice, or a number beyond the range of 64-bit floats: many
/// readers refuse the whole message for one such number. 400 if a text has half of a surrogate pair.
pub(crate) fn object_from_json(object: &RawValue, field: &'static str) -> Result<JsonObject, Problem> {
    if !object.get().starts_with('{') {
        return Err(Problem::invalid(field, "must be an object"));
    }
    let mut text = String::with_capacity(object.get().len());
    write_value(object.get(), MAX_LEVELS, field, &mut text)?;
    Ok(JsonObject::of_parsed(text, field)?)
}

/// As [`object_from_json`], for an object whose fields were read.
pub(crate) fn fields_from_json(fields: &RawFields, field: &'static str) -> Result<JsonObject, Problem> {
    let object = serde_json::value::to_raw_value(fields).map_err(|_| Problem::invalid(field, "can't be read"))?;
    object_from_json(&object, field)
}

pub(crate) fn object_to_json(object: &JsonObject) -> Box<RawValue> {
    RawValue::from_string(object.as_str().to_owned()).unwrap_or_default()
}

/// Writes a JSON value that may be `levels` deep. Recurses as deeply as that.
fn write_value(json: &str, levels: usize, field: &'static str, text: &mut String) -> Result<(), Problem> {
    match json.as_bytes().first() {
        Some(b'{' | b'[') if levels == 0 => return Err(Problem::invalid(field, TOO_DEEP)),
        Some(b'{') => {
            let RawFields(fields) = read(json, field)?;
            text.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::Value::from(name.as_str()).to_string());
                text.push(':');
                write_value(value.get(), levels - 1, field, text)?;
            }
            text.push('}');
        }
        Some(b'[') => {
            text.push('[');
            for (index, item) in read::<Vec<&RawValue>>(json, field)?.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(item.get(), levels - 1, field, text)?;
            }
            text.push(']');
        }
        Some(b'"') => {
            read::<String>(json, field)?;
            text.push_str(json);
        }
        Some(b'-' | b'0'..=b'9') if !json.parse().is_ok_and(f64::is_finite) => {
            let shown: String = json.chars().take(40).collect();
            return Err(Problem::invalid(field, format!("the number {shown} is beyond 1.8e308: send it as text")));
        }
        _ => text.push_str(json),
    }
    Ok(())
}

/// The syntax of `json` was checked when the body was read.
fn read<'a, T: serde::Deserialize<'a>>(json: &'a str, field: &'static str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| {
        if error.is_data() {
            let message = error.to_string();
            return Problem::invalid(field, message.split(" at line ").next().unwrap_or_default().to_owned());
        }
        Problem::malformed(format!("the body is not JSON: {error}"))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<String, (u16, Option<String>)> {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        let object = object_from_json(&raw, "payload").map(|object| object.as_str().to_owned());
        object.map_err(|problem| (problem.status, problem.errors.first().map(|error| error.field.clone())))
    }

    #[test]
    fn an_object_stays_as_it_was_written_without_its_white_space() {
        for json in [
            r#"{}"#,
            r#"{"iccid":89310410106543789301,"n":9007199254740993,"x":1.50,"zero":-0,"small":1e-400,"E":1E+2}"#,
            r#"{"z":[],"a":{"0.1234567890123456789":0.1234567890123456789},"text":"\u00e9 \\\" { , é"}"#,
        ] {
            assert_eq!(check(json).unwrap(), json);
        }
        assert_eq!(
            check("{ \"a\" :\r\n[ 1.0 ,\t\"x y\"] ,\"\\u0062\":null }").unwrap(),
            r#"{"a":[1.0,"x y"],"b":null}"#
        );
        // As long as the object may be.
        let digits = format!(r#"{{"pi":3.{}}}"#, "14".repeat(5_000));
        assert_eq!(check(&digits).unwrap(), digits);
    }

    #[test]
    fn an_object_that_readers_stumble_over_is_refused() {
        let refused = |json: &str| check(json).unwrap_err();
        for json in [
            "5",
            "null",
            "[]",
            r#"{"a":1e400}"#,
            r#"{"a":[-1e309]}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":1,"\u0061":2}"#,
            &format!(r#"{{"a":1{}}}"#, "0".repeat(10_000)),
        ] {
            assert_eq!(refused(json), (422, Some("payload".to_owned())), "{json}");
        }
        assert_eq!(refused(r#"{"a":["\ud800"]}"#).0, 400);
        assert_eq!(refused(r#"{"\udc00":1}"#).0, 400);
    }

    #[test]
    fn an_object_may_be_32_levels_deep_and_16384_bytes_long() {
        let nested = |levels: usize| {
            let inner = (1..levels).fold("1".to_owned(), |inner, level| {
                if level % 2 == 0 { format!(r#"{{"a":{inner}}}"#) } else { format!("[{inner}]") }
            });
            format!(r#"{{"a":{inner}}}"#)
        };
        assert!(check(&nested(32)).is_ok());
        assert_eq!(check(&nested(33)).unwrap_err().0, 422);
        assert_eq!(check(&nested(5_000)).unwrap_err().0, 422);
        let long = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - r#"{"a":""}"#.len()));
        assert_eq!(check(&long(16_384)).unwrap().len(), 16_384);
        assert_eq!(check(&long(16_385)).unwrap_err().0, 422);
    }
}
