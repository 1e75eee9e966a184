//! The fields of this API's objects: their names, types and values where a client leaves them out.

use crate::refusal::Refusal;
use serde_json::{Map, Value, json};

/// An object as it is read and written.
pub(crate) type Object = Map<String, Value>;

/// The form of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A text or null.
    Text,
    /// An integer; 0 stands for none.
    Whole,
    /// A number.
    Real,
    /// True or false.
    Flag,
    /// An instant or null.
    Time,
    /// An object of the client's own; `{}` if there is none.
    Attributes,
    /// Anything; the server makes its own.
    Ignored,
}

/// One field.
pub(crate) struct Field(pub(crate) &'static str, pub(crate) Form);

/// The fields of one kind of object.
pub(crate) struct Shape {
    /// As it names itself in refusals.
    pub(crate) class: &'static str,
    /// In the order in which a refusal lists them.
    pub(crate) fields: &'static [Field],
}

/// The longest text of one field, in bytes.
const MAX_TEXT_BYTES: usize = 48 * 1024;

impl Shape {
    /// Reads a body of this shape. A field that is not sent gets its value for that.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Object, Refusal> {
        self.check(parse_object(body)?)
    }

    /// Checks the fields of an object, and adds those that are missing.
    pub(crate) fn check(&self, sent: Object) -> Result<Object, Refusal> {
        if let Some(unknown) = sent.keys().find(|name| self.form(name).is_none()) {
            let known: Vec<String> = self.fields.iter().map(|field| format!("\"{}\"", field.0)).collect();
            return Err(Refusal::unreadable(format!(
                "Unrecognized field \"{unknown}\" (class org.traccar.model.{}), not marked as ignorable ({} known properties: {})",
                self.class,
                known.len(),
                known.join(", ")
            )));
        }
        let mut object = Object::new();
        for Field(name, form) in self.fields {
            let value = match sent.get(*name) {
                None | Some(Value::Null) => missing(*form),
                Some(value) => fit(name, *form, value)?,
            };
            object.insert((*name).to_owned(), value);
        }
        Ok(object)
    }

    /// A stored object with all of its fields.
    pub(crate) fn fill(&self, id: i64, stored: &Object) -> Object {
        let mut object = Object::new();
        for Field(name, form) in self.fields {
            let value = stored.get(*name).filter(|value| !value.is_null()).cloned();
            object.insert((*name).to_owned(), value.unwrap_or_else(|| missing(*form)));
        }
        object.insert("id".to_owned(), id.into());
        object
    }

    fn form(&self, name: &str) -> Option<Form> {
        self.fields.iter().find(|field| field.0 == name).map(|field| field.1)
    }
}

pub(crate) fn missing(form: Form) -> Value {
    match form {
        Form::Text | Form::Time | Form::Ignored => Value::Null,
        Form::Whole => 0.into(),
        Form::Real => json!(0.0),
        Form::Flag => false.into(),
        Form::Attributes => json!({}),
    }
}

fn fit(name: &str, form: Form, value: &Value) -> Result<Value, Refusal> {
    let wrong = || Refusal::unreadable(format!("Cannot deserialize value of field \"{name}\""));
    Ok(match (form, value) {
        (Form::Ignored, _) => Value::Null,
        (Form::Text, Value::String(text)) if text.len() <= MAX_TEXT_BYTES => value.clone(),
        (Form::Text, Value::Number(_) | Value::Bool(_)) => value.to_string().into(),
        (Form::Whole, Value::Number(number)) => {
            let whole = number.as_i64().or_else(|| number.as_f64().filter(|n| n.abs() < 9e15).map(|n| n as i64));
            whole.ok_or_else(wrong)?.into()
        }
        (Form::Whole, Value::String(text)) => text.trim().parse::<i64>().map_err(|_| wrong())?.into(),
        (Form::Real, Value::Number(number)) => json!(number.as_f64().ok_or_else(wrong)?),
        (Form::Real, Value::String(text)) => {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            json!(number.ok_or_else(wrong)?)
        }
        (Form::Flag, Value::Bool(_)) => value.clone(),
        (Form::Time, Value::String(_) | Value::Number(_)) => {
            let at = milepost_http::parse_timestamp(value).map_err(|_| wrong())?;
            crate::time::write_time(at).into()
        }
        (Form::Attributes, Value::Object(_)) => value.clone(),
        _ => return Err(wrong()),
    })
}

/// Reads a JSON object.
pub(crate) fn parse_object(body: &[u8]) -> Result<Object, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::unreadable("Cannot deserialize value: an object is expected")),
        Err(error) => Err(Refusal::unreadable(unexpected(body, &error))),
    }
}

/// What is wrong with a text that is no JSON, in the words of this API's server.
pub(crate) fn unexpected(body: &[u8], error: &serde_json::Error) -> String {
    let line = body.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let found = line.get(error.column().saturating_sub(1)).map(|byte| char::from(*byte));
    let Some(found) = found else { return "Unexpected end-of-input".to_owned() };
    let wanted = if error.to_string().starts_with("key must be a string") {
        "was expecting double-quote to start field name"
    } else {
        "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    };
    format!("Unexpected character ('{found}' (code {})): {wanted}", u32::from(found))
}

/// A text field of an object.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// A whole number of an object; 0 if there is none.
pub(crate) fn whole(object: &Object, name: &str) -> i64 {
    object.get(name).and_then(Value::as_i64).unwrap_or(0)
}

/// A flag of an object.
pub(crate) fn flag(object: &Object, name: &str) -> bool {
    object.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// The text of an object, for the catalogue.
pub(crate) fn written(object: &Object) -> String {
    serde_json::to_string(object).expect("texts and finite numbers serialise")
}
