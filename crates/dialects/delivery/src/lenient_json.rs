//! Reads JSON bodies, and treats the `NaN` of other languages as an invalid number instead of bad JSON.

use milepost_http::{Problem, parse_object};
use serde::de::DeserializeOwned;

/// Like [`parse_object`], but answers a bare `NaN`, `Infinity` or `1e999` in a known field with 422 and the field's
/// name. Python and JavaScript clients write such values, and the dialect promises 422 for coordinates that are not
/// numbers.
///
/// # Errors
/// 400 for text that is still not JSON, 422 for a value that does not fit.
pub fn parse_delivery_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    parse_object(bytes).map_err(|problem| {
        if problem.status != 400 {
            return problem;
        }
        match std::str::from_utf8(bytes).map(quote_non_numbers).map(|text| parse_object::<T>(text.as_bytes())) {
            Ok(Err(better)) if better.status == 422 => better,
            _ => problem,
        }
    })
}

/// Puts quotes around every bare token that other languages read as a number and JSON does not.
fn quote_non_numbers(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            _ if is_token(first) => rest.find(|c| !is_token(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if is_no_number(token) {
            quoted.push('"');
            quoted.push_str(token);
            quoted.push('"');
        } else {
            quoted.push_str(token);
        }
        rest = after;
    }
    quoted
}

const fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
}

fn is_no_number(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    matches!(digits, "NaN" | "Infinity")
        || (digits.starts_with(|c: char| c.is_ascii_digit()) && token.parse::<f64>().is_ok_and(f64::is_infinite))
}

/// The length of a string literal up to and including its closing quote, or to the end of the text.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::wire::UpdateLocation;

    fn check(body: &str, status: u16, field: Option<&str>) {
        let problem = parse_delivery_json::<UpdateLocation>(body.as_bytes()).unwrap_err();
        assert_eq!((problem.status, problem.errors.first().map(|e| e.field.as_str())), (status, field), "{body}");
    }

    #[test]
    fn a_number_that_json_does_not_have_is_an_invalid_field() {
        check(r#"{"lat":NaN,"lng":0}"#, 422, Some("lat"));
        check(r#"{"lat":0,"lng":-Infinity}"#, 422, Some("lng"));
        check(r#"{"lat":1e999,"lng":0}"#, 422, Some("lat"));
        check(r#"{"lat":"NaN","lng":0}"#, 422, Some("lat"));
        check(r#"{"lat":NaN,"lng":0"#, 400, None);
        check(r#"{"lat":nonsense,"lng":0}"#, 400, None);
        check(r#"{"lat":0,"lng":0,"other":NaN}"#, 400, None);
        check(r#"{"status":"a \" NaN","lat":Infinity}"#, 422, Some("lat"));
        check("NaN", 422, Some("body"));
    }
}
