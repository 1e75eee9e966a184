//! Values of JSON as apps write them: numbers may be texts, and ids may be numbers.

use milepost_domain::{AttributeList, UniqueId};
use serde_json::Value;

/// A finite number, also one that is written as text.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// An id that is a text or a whole number.
pub(crate) fn unique_id(value: &Value) -> Option<UniqueId> {
    match value {
        Value::String(text) => UniqueId::new(text.trim()).ok(),
        Value::Number(number) if number.is_u64() || number.is_i64() => UniqueId::new(&number.to_string()).ok(),
        _ => None,
    }
}

/// Whether a field is missing; null is as good as that.
pub(crate) fn is_missing(value: &Value) -> bool {
    value.is_null()
}

/// A plain value as an attribute. What is nested is left out, but for lists of texts.
pub(crate) fn add(attributes: &mut AttributeList, name: &str, value: &Value) {
    match value {
        Value::Bool(flag) => attributes.flag(name, *flag),
        Value::Number(number) => attributes.number(name, number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => attributes.text(name, text),
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            attributes.text(name, &texts.join(","))
        }
        Value::Null | Value::Object(_) => attributes,
    };
}
