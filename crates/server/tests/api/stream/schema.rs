//! Compares messages with the schemas of `/api/v1/asyncapi.json`. A field that a schema does not have is a fault too.

use serde_json::{Value, json};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../dialects/stream/src/asyncapi.json")).unwrap());

/// Checks a message by its `op`.
pub fn check(message: &Value) {
    let op = message["op"].as_str().unwrap_or_else(|| panic!("no op: {message}"));
    let described = &DOCUMENT["components"]["messages"][op]["payload"];
    assert!(described.is_object(), "{op} is not described: {message}");
    if let Err(fault) = fits(described, message) {
        panic!("{fault}: {message}");
    }
}

fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(path) = schema["$ref"].as_str() {
        return fits(DOCUMENT.pointer(path.trim_start_matches('#')).unwrap(), value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fault = || format!("{value} is none of {}", schema["oneOf"]);
        return choices.iter().any(|choice| fits(choice, value).is_ok()).then_some(()).ok_or_else(fault);
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        return Err(format!("{value} is none of {}", schema["enum"]));
    }
    let types = match &schema["type"] {
        Value::Null => Vec::new(),
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    if !types.is_empty() && !types.iter().any(|name| is_of(name.as_str().unwrap(), value)) {
        return Err(format!("{value} is no {}", schema["type"]));
    }
    if let (Some(properties), Some(fields)) = (schema["properties"].as_object(), value.as_object()) {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                return Err(format!("{name} is missing"));
            }
        }
        for (name, field) in fields {
            let described = properties.get(name).ok_or_else(|| format!("{name} is not described"))?;
            fits(described, field).map_err(|fault| format!("{name}: {fault}"))?;
        }
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for value in values {
            fits(items, value)?;
        }
    }
    Ok(())
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn a_message_that_is_not_as_described_is_found() {
    check(&json!({ "op": "ended", "s": 1 }));
    for wrong in [
        json!({ "op": "ended", "s": "1" }),
        json!({ "op": "ended" }),
        json!({ "op": "ended", "s": 1, "more": 2 }),
        json!({ "op": "dance" }),
        json!({ "op": "vehicles", "v": [{ "id": "b" }] }),
    ] {
        assert!(std::panic::catch_unwind(|| check(&wrong)).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn the_document_is_served_and_its_references_lead_somewhere() {
    let server = crate::support::TestServer::start().await;
    let served = server.get_json("/api/v1/asyncapi.json", "").await;
    assert_eq!(served, *DOCUMENT);
    let mut references = 0;
    let mut open = vec![&served];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(path) = fields.get("$ref").and_then(Value::as_str) {
                    references += 1;
                    assert!(served.pointer(path.trim_start_matches('#')).is_some(), "{path}");
                }
                open.extend(fields.values());
            }
            Value::Array(values) => open.extend(values),
            _ => {}
        }
    }
    assert!(references > 50, "{references}");
}
