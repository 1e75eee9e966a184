//! Numbers in cells, with or without a unit.

use crate::units::{Quantity, Unit};

/// Reads a decimal number. Rust's own parser would also accept `inf` and `nan`, which no device means.
pub(crate) fn parse_number(text: &str, decimal_comma: bool) -> Option<f64> {
    match split_number(text.trim(), decimal_comma)? {
        (number, "") => Some(number),
        _ => None,
    }
}

/// Reads a number in `unit`, unless the text names another: `31.4 km/h`, `120 ft`.
pub(crate) fn parse_measure(text: &str, quantity: Quantity, unit: Unit, decimal_comma: bool) -> Option<f64> {
    let (number, rest) = split_number(text.trim(), decimal_comma)?;
    let unit = if rest.is_empty() { unit } else { quantity.unit_named(rest)? };
    Some(unit.convert(number))
}

/// The number at the start of a text, and what follows it.
fn split_number(text: &str, decimal_comma: bool) -> Option<(f64, &str)> {
    let (negative, digits) = match text.chars().next()? {
        sign @ ('-' | '\u{2212}') => (true, &text[sign.len_utf8()..]),
        '+' => (false, &text[1..]),
        _ => (false, text),
    };
    let is_point = |c: char| c == '.' || (c == ',' && decimal_comma);
    let mut end = digits.find(|c: char| !c.is_ascii_digit() && !is_point(c)).unwrap_or(digits.len());
    // `1.5e-7`, but not `5 E`.
    if let Some(exponent) = digits[end..].strip_prefix(['e', 'E']) {
        let signed = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = signed.bytes().take_while(u8::is_ascii_digit).count();
        if count > 0 {
            end += 1 + exponent.len() - signed.len() + count;
        }
    }
    let value: f64 = digits[..end].replace(',', ".").parse().ok().filter(|value: &f64| value.is_finite())?;
    Some((if negative { -value } else { value }, digits[end..].trim()))
}
