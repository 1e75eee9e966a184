//! Time zones, and the instants at which their clocks showed a time.

use crate::options_error::OptionsError;
use jiff::civil::{DateTime, date};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
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

/// The Unix milliseconds at which a zone's clocks showed a time.
pub(crate) enum Instants {
    One(i64),
    /// The clocks were put back and showed the time twice.
    Twice(i64, i64),
    /// The clocks were put forward over the time.
    Never,
}

impl Zone {
    pub(crate) fn instants(&self, wall: DateTime) -> Instants {
        let ms = |offset: Offset| wall_ms(wall) - i64::from(offset.seconds()) * 1000;
        match self.0.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => Instants::One(ms(offset)),
            AmbiguousOffset::Fold { before, after } => Instants::Twice(ms(before), ms(after)),
            AmbiguousOffset::Gap { .. } => Instants::Never,
        }
    }

    /// What the zone's clocks showed: `2025-06-01T10:00:00+02:00`.
    pub(crate) fn show(&self, at: Timestamp) -> String {
        let Ok(instant) = jiff::Timestamp::from_millisecond(at.unix_ms()) else { return at.to_string() };
        let offset = self.0.to_offset(instant);
        let wall = offset.to_datetime(instant);
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{wall}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    /// The zone that a file names. Abbreviations such as CET mean one offset to some and summer time to others.
    pub(crate) fn of_file(text: &str) -> Option<Self> {
        let zone: Self = text.parse().ok()?;
        let is_sure = text.contains('/') || zone.0.to_fixed_offset().is_ok();
        is_sure.then_some(zone)
    }

    pub(crate) fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC
    }

    pub(crate) fn name(&self) -> String {
        match self.0.iana_name() {
            Some(name) => name.to_owned(),
            None => self.0.to_fixed_offset().map_or_else(|_| "UTC".to_owned(), |offset| offset.to_string()),
        }
    }
}

/// Milliseconds since 1970 as a clock that shows UTC counts them.
fn wall_ms(wall: DateTime) -> i64 {
    let since = wall.duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    since.as_secs() * 1000 + i64::from(since.subsec_millis())
}

/// `UTC`, `+05:30`, `-0600`, `GMT+2` or an IANA name such as `America/New_York`.
impl FromStr for Zone {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let text = text.trim();
        let after = |name: &str| {
            text.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(|_| &text[name.len()..])
        };
        let rest = after("UTC").or_else(|| after("GMT")).unwrap_or(text).trim();
        if rest.is_empty() && !text.is_empty() || text.eq_ignore_ascii_case("z") {
            return Ok(Self::default());
        }
        if let Some(offset) = parse_offset(rest) {
            return Ok(Self(TimeZone::fixed(offset)));
        }
        TimeZone::get(text).map(Self).map_err(|_| {
            OptionsError::new(format!(
                "time zone {text:?} is not known: give UTC, an offset such as +05:30 or a name such as America/New_York"
            ))
        })
    }
}

/// Most hours that a zone is from UTC (Kiribati).
const MAX_HOURS: i32 = 14;

fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.chars().next()? {
        '+' => (1, &text[1..]),
        '-' => (-1, &text[1..]),
        // The minus sign of typesetters.
        '\u{2212}' => (-1, &text['\u{2212}'.len_utf8()..]),
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
    let seconds = whole(hours, MAX_HOURS)? * 3600 + whole(minutes, 59)? * 60;
    if seconds > MAX_HOURS * 3600 { None } else { Offset::from_seconds(sign * seconds).ok() }
}
