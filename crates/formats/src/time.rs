//! Times in files: RFC 3339, Unix seconds and milliseconds, and wall clocks of a given zone.

use crate::options_error::OptionsError;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use milepost_domain::Timestamp;
use std::str::FromStr;

/// The zone of times that name none: a fixed offset, or a place with its daylight saving time.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// The instant at which this zone's clocks showed `wall`. Of a time that occurred twice when
    /// clocks were put back, the first is taken. A time that was skipped is moved on by the gap, as a clock that wasn't put
    /// forward would show it.
    pub(crate) fn instant(&self, wall: DateTime) -> Option<Timestamp> {
        let zoned = self.0.to_ambiguous_timestamp(wall).compatible().ok()?;
        Timestamp::from_unix_ms(zoned.as_millisecond())
    }
}

/// `UTC`, `+05:30`, `-0600` or an IANA name such as `America/New_York`.
impl FromStr for Zone {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Ok(Self::default());
        }
        if let Some(offset) = parse_offset(text) {
            return Ok(Self(TimeZone::fixed(offset)));
        }
        TimeZone::get(text).map(Self).map_err(|_| {
            OptionsError::new(format!(
                "time zone {text:?} is not known: give UTC, an offset such as +05:30 or a name such as America/New_York"
            ))
        })
    }
}

fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let whole = |part: &str, most: i32| {
        let plain = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|value: &i32| plain && *value <= most)
    };
    Offset::from_seconds(sign * (whole(hours, 25)? * 3600 + whole(minutes, 59)? * 60)).ok()
}

/// Numbers from this one on are Unix milliseconds: as seconds it would be the year 5138.
const FIRST_MS_NUMBER: f64 = 1e11;

/// Reads RFC 3339 (`2016-12-16T05:34:02-06:00`, also with a blank for the T), Unix seconds or milliseconds (whole or
/// with decimals), or a time without a zone (`2010-12-09 15:48:14`), which `zone` completes. `None` for anything else,
/// for times before 1970 and after 9999.
pub fn parse_timestamp(text: &str, zone: &Zone) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(number) = parse_number(text) {
        return from_unix_number(number);
    }
    // Every form of date has at least `2010-12-09`; jiff would also take `20101209`, which is a number above.
    if text.len() < 10 || !text.is_ascii() {
        return None;
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Timestamp::from_unix_ms(instant.as_millisecond());
    }
    zone.instant(text.parse::<DateTime>().ok()?)
}

/// Reads Unix seconds or milliseconds, distinguished by their size.
pub(crate) fn from_unix_number(number: f64) -> Option<Timestamp> {
    let ms = if number.abs() >= FIRST_MS_NUMBER { number } else { number * 1000.0 };
    // NaN fits no range; the bound keeps the cast exact.
    if (0.0..1e15).contains(&ms) { Timestamp::from_unix_ms(ms.round() as i64) } else { None }
}

/// Reads a plain decimal number. Rust's own parser would also accept `inf`, `nan` and `1e5`, which no device writes.
fn parse_number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if plain { text.parse().ok() } else { None }
}

/// RFC 3339 in UTC with milliseconds: `2025-01-15T10:30:45.123Z`.
pub fn format_rfc3339(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.unix_ms()).expect("1970 to 9999 lies within jiff's range");
    format!("{instant:.3}")
}
