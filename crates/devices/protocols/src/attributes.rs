//! What a device reports beside its position.

use std::borrow::Cow;

/// Attributes of one fix. Further ones are dropped.
pub const MAX_ATTRIBUTES: usize = 64;
/// Bytes of a text. The rest is cut off.
pub const MAX_TEXT_BYTES: usize = 256;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// A text without control characters.
    Text(String),
}

/// Attributes by name, in the order in which they were read. The names that all protocols share are in the documentation of the API
/// (`battery_percent`, `alarm`, …).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attributes(Vec<(Cow<'static, str>, Value)>);

impl Attributes {
    /// Sets a number. NaN and the infinities are dropped.
    pub fn number(&mut self, name: impl Into<Cow<'static, str>>, value: f64) {
        if value.is_finite() {
            self.set(name.into(), Value::Number(value));
        }
    }

    /// Sets a number that the device may have left out.
    pub fn maybe(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    /// Sets yes or no.
    pub fn flag(&mut self, name: impl Into<Cow<'static, str>>, value: bool) {
        self.set(name.into(), Value::Bool(value));
    }

    /// Sets a text without its control characters. An empty one is dropped.
    pub fn text(&mut self, name: impl Into<Cow<'static, str>>, value: &str) {
        let mut kept = String::new();
        for letter in value.trim().chars().filter(|letter| !letter.is_control()) {
            if kept.len() + letter.len_utf8() > MAX_TEXT_BYTES {
                break;
            }
            kept.push(letter);
        }
        if !kept.is_empty() {
            self.set(name.into(), Value::Text(kept));
        }
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a value that was read elsewhere.
    pub(crate) fn add(&mut self, name: &str, value: &Value) {
        self.set(name.to_owned().into(), value.clone());
    }

    fn set(&mut self, name: Cow<'static, str>, value: Value) {
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *old = value;
        } else if self.0.len() < MAX_ATTRIBUTES {
            self.0.push((name, value));
        }
    }
}
