//! Degrees of latitude and longitude: decimal, with a hemisphere's letter, or with minutes and seconds.

use crate::number::parse_number;

/// The two directions of an axis, the positive one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    NorthSouth,
    EastWest,
}

impl Axis {
    const fn letters(self) -> (char, char) {
        match self {
            Self::NorthSouth => ('N', 'S'),
            Self::EastWest => ('E', 'W'),
        }
    }

    /// Whether a text for a hemisphere means the negative one.
    fn is_negative(self, text: &str) -> Option<bool> {
        let (positive, negative) = self.letters();
        match text.chars().next()?.to_ascii_uppercase() {
            _ if !matches!(
                text.to_ascii_lowercase().as_str(),
                "n" | "s" | "e" | "w" | "north" | "south" | "east" | "west"
            ) =>
            {
                None
            }
            letter if letter == positive => Some(false),
            letter if letter == negative => Some(true),
            _ => None,
        }
    }
}

/// Reads degrees north or east. `hemisphere` is the cell of a column of its own, which decides the sign.
///
/// # Errors
/// The reason, which goes on after the column's name.
pub(crate) fn parse_degrees(
    text: &str,
    axis: Axis,
    hemisphere: Option<&str>,
    decimal_comma: bool,
) -> Result<f64, String> {
    let (magnitude, written) = split_hemisphere(text.trim(), axis)?;
    if is_packed(magnitude) {
        return Err(format!("{text:?} looks like degrees and minutes in one number, which are not read"));
    }
    let value = parse_number(magnitude, decimal_comma)
        .or_else(|| parse_sexagesimal(magnitude, written.is_some(), decimal_comma))
        .ok_or_else(|| format!("{text:?} is not a number of degrees"))?;
    let stated = match hemisphere {
        Some(cell) => Some(axis.is_negative(cell.trim()).ok_or_else(|| {
            let (positive, negative) = axis.letters();
            format!("has {cell:?} for its hemisphere, which must be {positive} or {negative}")
        })?),
        None => None,
    };
    match (stated, written) {
        (Some(stated), Some(written)) if stated != written => {
            Err(format!("{text:?} contradicts the column of its hemisphere"))
        }
        (None, None) => Ok(value),
        (stated, written) => {
            let negative = stated.or(written) == Some(true);
            if value < 0.0 && !negative {
                return Err(format!("{text:?} is negative, but its hemisphere is the positive one"));
            }
            Ok(if negative { -value.abs() } else { value })
        }
    }
}

/// `S 34.9`, `34.9 S`: the number and whether its letter is the negative one.
fn split_hemisphere(text: &str, axis: Axis) -> Result<(&str, Option<bool>), String> {
    let is_letter = |c: &char| matches!(c.to_ascii_uppercase(), 'N' | 'S' | 'E' | 'W');
    let first = text.chars().next().filter(is_letter);
    let last = text.chars().next_back().filter(is_letter);
    let (letter, rest) = match (first, last) {
        (Some(letter), None) => (letter, &text[1..]),
        (None, Some(letter)) => (letter, &text[..text.len() - 1]),
        _ => return Ok((text, None)),
    };
    let negative = axis.is_negative(letter.encode_utf8(&mut [0; 4]));
    let negative = negative.ok_or_else(|| format!("{text:?} names a direction of the other axis"))?;
    Ok((rest.trim(), Some(negative)))
}

/// `0034.5`: zero degrees and 34.5 minutes, as NMEA writes them. Without its zeros it is out of range.
fn is_packed(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.starts_with('0') && digits.bytes().take_while(u8::is_ascii_digit).count() >= 4
}

/// `34°54'18.4"`, `34 54.31` with a letter, `-34:54:18`.
fn parse_sexagesimal(text: &str, has_letter: bool, decimal_comma: bool) -> Option<f64> {
    const MARKS: [char; 14] = ['°', 'º', '˚', '\'', '\u{2032}', '’', '"', '\u{2033}', '”', ':', 'd', 'D', 'm', '´'];
    if !has_letter && !text.contains(MARKS) {
        return None;
    }
    let (negative, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let is_gap = |c: char| c.is_whitespace() || MARKS.contains(&c) || c == 's';
    let parts: Vec<&str> = text.split(is_gap).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.len() > 3 {
        return None;
    }
    let mut degrees = 0.0;
    for (index, part) in parts.iter().enumerate() {
        let value = parse_number(part, decimal_comma)?;
        let whole = index + 1 == parts.len() || part.bytes().all(|byte| byte.is_ascii_digit());
        if !whole || value < 0.0 || (index > 0 && value >= 60.0) {
            return None;
        }
        degrees += value / [1.0, 60.0, 3600.0][index];
    }
    Some(if negative { -degrees } else { degrees })
}
