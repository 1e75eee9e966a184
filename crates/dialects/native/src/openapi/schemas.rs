//! Completes the schemas: items of pages by reference, and what [`super::bounds`] says of each field.

use super::bounds;
use serde_json::{Map, Value, json};

pub(super) fn complete(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas {
        if let Some(item) = name.strip_prefix("Page_") {
            schema["properties"]["items"]["items"] = json!({ "$ref": format!("#/components/schemas/{item}") });
        }
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (field, schema) in properties.into_iter().flatten() {
            if takes_unix_time(schema) {
                constrain(schema, bounds::instant_or_number());
            } else if let Some(values) = bounds::of_field(name, field, is_text(schema)) {
                constrain(schema, values);
            }
        }
    }
}

/// Whether the schema is one of a text, or of a text or null.
pub(super) fn is_text(schema: &Value) -> bool {
    has_type(schema, "string")
}

fn has_type(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::Array(types) => types.iter().any(|kind| kind == name),
        kind => kind == name,
    }
}

fn takes_unix_time(schema: &Value) -> bool {
    schema["description"].as_str().is_some_and(|text| text.contains("Unix milliseconds"))
}

/// Adds constraints to a schema. Those of one value apply to the items of a list. Null stays allowed where it was.
pub(super) fn constrain(schema: &mut Value, values: Value) {
    let Value::Object(mut values) = values else { return };
    let is_nullable = has_type(schema, "null");
    if has_type(schema, "array") && values.contains_key("enum") {
        return constrain(&mut schema["items"], Value::Object(values));
    }
    if let Some(items) = values.remove("items") {
        constrain(&mut schema["items"], items);
    }
    for list in ["enum", "type"] {
        if let Some(Value::Array(allowed)) = values.get_mut(list).filter(|_| is_nullable) {
            allowed.push(if list == "enum" { Value::Null } else { "null".into() });
        }
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.extend(values);
    }
}
