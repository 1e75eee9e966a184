//! The fields of a query or a form.

use crate::Malformed;
use milepost_domain::{AttributeList, AttributeValue, UniqueId};
use std::borrow::Cow;

/// More fields than any app sends; the rest is not read.
const MAX_FIELDS: usize = 256;

/// Names and values, decoded. Of several values of one name the first counts.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// The fields of a query and of the form in a body.
    pub fn of(query: Option<&'a str>, form: &'a [u8]) -> Self {
        let query = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(query.chain(url::form_urlencoded::parse(form)).take(MAX_FIELDS).collect())
    }

    /// Whether one of the names is there, with whatever value.
    pub fn has(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| names.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)))
    }

    /// The value of the first of these names that is there and not empty.
    pub fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|wanted| {
            let found = self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
            Some(found.1.trim()).filter(|value| !value.is_empty())
        })
    }

    /// The same as a number; `None` also for NaN and the infinities.
    ///
    /// # Errors
    /// [`Malformed`] if it is none.
    pub fn number(&self, names: &[&str]) -> Result<Option<f64>, Malformed> {
        let Some(text) = self.text(names) else { return Ok(None) };
        let number: f64 = text.parse().map_err(|_| Malformed("a value that should be a number is none"))?;
        Ok(Some(number).filter(|number| number.is_finite()))
    }

    /// The same as true or false; `None` for other words.
    pub fn flag(&self, names: &[&str]) -> Option<bool> {
        flag_of(self.text(names)?)
    }

    /// A place in two fields. `None` if both are missing.
    ///
    /// # Errors
    /// [`Malformed`] if one is missing, empty or no number.
    pub fn place(&self, latitude: &[&str], longitude: &[&str]) -> Result<Option<(f64, f64)>, Malformed> {
        if !self.has(latitude) && !self.has(longitude) {
            return Ok(None);
        }
        match (self.number(latitude)?, self.number(longitude)?) {
            (Some(latitude), Some(longitude)) => Ok(Some((latitude, longitude))),
            _ => Err(Malformed("latitude and longitude must be numbers")),
        }
    }

    /// The first of these names that is an id.
    pub fn unique_id(&self, names: &[&str]) -> Option<UniqueId> {
        names.iter().find_map(|name| UniqueId::new(self.text(&[name])?).ok())
    }

    /// Adds all fields as attributes but those with these names.
    pub(crate) fn add_others(&self, known: &[&str], attributes: &mut AttributeList) {
        for (name, value) in &self.0 {
            let is_known = known.iter().any(|known| name.eq_ignore_ascii_case(known));
            if !is_known && !attributes.has(name) && !value.trim().is_empty() {
                add_text(attributes, name, value.trim());
            }
        }
    }
}

fn flag_of(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Some(true),
        "false" | "0" | "off" | "no" => Some(false),
        _ => None,
    }
}

/// An attribute of a text that may be a number or a boolean.
pub(crate) fn add_text(attributes: &mut AttributeList, name: &str, text: &str) {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    match text {
        "true" => attributes.flag(name, true),
        "false" => attributes.flag(name, false),
        // A number of many digits is an id, and loses some of them as a number.
        _ => match text.parse().ok().filter(|_| is_number && text.len() <= 15).map(AttributeValue::number) {
            Some(Ok(number)) => attributes.set(name, number),
            _ => attributes.text(name, text),
        },
    };
}
