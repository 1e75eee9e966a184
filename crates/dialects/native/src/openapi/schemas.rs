//! Completes the schemas: plain names, items of pages by reference, sizes of numbers, and what [`super::bounds`] says of each field.

use super::bounds;
use serde_json::{Map, Value, json};

/// Takes the suffix from the names that tells a type of the wire from the domain's in the code.
pub(super) fn name_plainly(document: &mut Value) {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        let named = std::mem::take(schemas).into_iter();
        schemas.extend(named.map(|(name, schema)| (plain(&name).to_owned(), schema)));
    }
    name_references_plainly(document);
}

fn name_references_plainly(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(target) if name == "$ref" => *target = plain(target).to_owned(),
                    value => name_references_plainly(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(name_references_plainly),
        _ => {}
    }
}

fn plain(name: &str) -> &str {
    name.strip_suffix("Json").unwrap_or(name)
}

pub(super) fn complete(schemas: &mut Map<String, Value>) {
    for (name, schema) in &mut *schemas {
        if let Some(item) = name.strip_prefix("Page_") {
            schema["properties"]["items"]["items"] = json!({ "$ref": format!("#/components/schemas/{item}") });
        }
        require_what_always_comes(name, schema);
        if name == "NewMessage" {
            schema["minProperties"] = 2.into();
        }
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (field, schema) in properties.into_iter().flatten() {
            if takes_unix_time(schema) {
                constrain(schema, bounds::instant());
            } else if let Some(values) = bounds::of_field(name, field, is_text(schema)) {
                constrain(schema, values);
            }
        }
        size_numbers(schema);
    }
    schemas.insert("Instant".to_owned(), bounds::instant_schema());
    schemas.insert("NewPositions".to_owned(), bounds::positions_schema());
}

/// Numbers without a size are of 32 bits to some generators.
fn size_numbers(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (kind, size) in [("number", "double"), ("integer", "int64")] {
                if members.get("type").is_some_and(|types| is_of_type(types, kind)) {
                    members.entry("format").or_insert_with(|| size.into());
                }
            }
            members.values_mut().for_each(size_numbers);
        }
        Value::Array(items) => items.iter_mut().for_each(size_numbers),
        _ => {}
    }
}

/// A field that may be null is none that may be missing.
fn require_what_always_comes(name: &str, schema: &mut Value) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let is_required = |field: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|of| of == field));
    let required = properties.keys().filter(|field| bounds::is_always_there(name, field) || is_required(field));
    let required: Vec<Value> = required.map(|field| field.as_str().into()).collect();
    if !required.is_empty() {
        schema["required"] = required.into();
    }
}

/// Whether the schema is one of a text, or of a text or null.
pub(super) fn is_text(schema: &Value) -> bool {
    has_type(schema, "string")
}

fn has_type(schema: &Value, name: &str) -> bool {
    is_of_type(&schema["type"], name)
}

fn is_of_type(types: &Value, name: &str) -> bool {
    match types {
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
    if let Some(Value::Array(allowed)) = values.get_mut("enum").filter(|_| is_nullable) {
        allowed.push(Value::Null);
    }
    if let Some(schema) = schema.as_object_mut() {
        if let Some(target) = values.get("$ref") {
            schema.remove("type");
            if is_nullable {
                schema.insert("oneOf".to_owned(), json!([{ "$ref": target }, { "type": "null" }]));
                return;
            }
        }
        schema.extend(values);
    }
}
