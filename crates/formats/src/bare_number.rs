//! Times that are written as a number alone: Unix times, compact dates, Excel's days.

use crate::OptionsError;
use crate::date_order::DateOrders;
use crate::field::{ClockName, Field};
use crate::time_refusal::TimeRefusal;
use crate::written_time::{WrittenTime, date_of, time_of_day};
use jiff::civil::{Date, DateTime, Time, date};
use jiff::{SignedDuration, ToSpan};
use milepost_domain::Timestamp;
use std::str::FromStr;

/// What a time that is a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// Seconds, milliseconds, microseconds or nanoseconds since 1970, distinguished by their size.
    Unix,
    /// Days since the end of 1899, as Excel and its kin store a time.
    Excel,
}

impl FromStr for TimeFormat {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text.to_ascii_lowercase().as_str() {
            "unix" => Ok(Self::Unix),
            "excel" => Ok(Self::Excel),
            _ => Err(OptionsError::new(format!("time format {text:?} must be unix or excel"))),
        }
    }
}

impl TimeFormat {
    pub(crate) const fn clock(self) -> ClockName {
        match self {
            Self::Unix => ClockName::Unix,
            Self::Excel => ClockName::Excel,
        }
    }
}

/// Days of Excel from 1990 to 2099: what lies outside is another number.
const EXCEL_DAYS: std::ops::Range<f64> = 32_874.0..73_051.0;
/// Digits behind the point by which a number of five digits can be nothing but Excel's day and time: a clock's seconds
/// have fewer.
const EXCEL_DECIMALS: usize = 4;

/// Reads a number in the column of `field`, of which the header or a flag says that it is `clock`.
pub(crate) fn read_time_number(
    text: &str,
    field: Field,
    clock: Option<&ClockName>,
    orders: &DateOrders,
) -> Result<WrittenTime, TimeRefusal> {
    let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let value: f64 = format!("{whole}.{decimals}0").parse().map_err(|_| unknown())?;
    match clock {
        Some(ClockName::UnixUnit(ms)) => return unix(value * ms),
        Some(ClockName::Unix) => return unix(value * unit_of_unix(value).ok_or_else(no_unix)?),
        Some(ClockName::Excel) => return excel(value, decimals.len()).ok_or_else(unknown),
        Some(ClockName::Zone(_) | ClockName::Local) | None => {}
    }
    let compact = |digits: &str| compact_date_time(digits, decimals);
    match (field, whole.len()) {
        (Field::Time, 5..=6) => {
            let digits = format!("{whole:0>6}");
            clock_digits(&digits, decimals).map(|time| WrittenTime::TimeOfDay(time, None)).ok_or_else(unknown)
        }
        (Field::Time, 4) if whole.starts_with('0') && decimals.is_empty() => {
            clock_digits(&format!("{whole}00"), "").map(|time| WrittenTime::TimeOfDay(time, None)).ok_or_else(unknown)
        }
        (Field::Time, 1) if value < 1.0 && !decimals.is_empty() => {
            excel(value + 40_000.0, decimals.len()).and_then(time_only).ok_or_else(unknown)
        }
        (Field::Date, 5) if decimals.is_empty() && EXCEL_DAYS.contains(&value) => {
            excel(value, 0).and_then(date_only).ok_or_else(unknown)
        }
        (Field::Date | Field::Timestamp, 8) if decimals.is_empty() => match whole[..4].parse() {
            Ok(1970..=2099) => date_of(&whole[..4], digits(&whole[4..6]), &whole[6..]).map(WrittenTime::Date),
            _ => Err(unknown()),
        },
        (Field::Date, 6) if decimals.is_empty() => orders
            .short_date(whole, [digits(&whole[..2]), digits(&whole[2..4]), digits(&whole[4..])])
            .map(WrittenTime::Date),
        // As milliseconds these would be of 1976 or of the year 2600.
        (_, 12 | 14 | 17) => compact(whole).ok_or_else(unknown),
        (_, 10 | 13 | 16 | 19) => unix(value * unit_of_unix(value).ok_or_else(no_unix)?),
        (_, 5) if decimals.len() >= EXCEL_DECIMALS && EXCEL_DAYS.contains(&value) => {
            excel(value, decimals.len()).ok_or_else(unknown)
        }
        _ => Err(unknown()),
    }
}

fn unknown() -> TimeRefusal {
    TimeRefusal::row(
        "is a bare number that may be a Unix time, a time of day or a day of Excel: \
         name what it is in the header (unix, ms, excel) or with --time-format",
    )
}

fn no_unix() -> TimeRefusal {
    TimeRefusal::row("is too small for a Unix time of a recording: the device had no clock")
}

/// How many milliseconds the unit of a Unix time has. A number below the first bound would be of before 1973.
fn unit_of_unix(value: f64) -> Option<f64> {
    match value {
        1e8..1e11 => Some(1000.0),
        1e11..1e14 => Some(1.0),
        1e14..1e17 => Some(1e-3),
        1e17.. => Some(1e-6),
        _ => None,
    }
}

fn unix(ms: f64) -> Result<WrittenTime, TimeRefusal> {
    if ms < 1e11 {
        return Err(no_unix());
    }
    // The bound keeps the cast exact.
    let at = if ms < 1e15 { Timestamp::from_unix_ms(ms.round() as i64) } else { None };
    at.map(WrittenTime::Instant).ok_or_else(|| TimeRefusal::row("lies after the year 9999"))
}

/// Excel's days since 1899-12-30, rounded to a whole second where the digits are no finer.
fn excel(days: f64, decimals: usize) -> Option<WrittenTime> {
    if !EXCEL_DAYS.contains(&days) {
        return None;
    }
    let seconds = days.fract() * 86_400.0;
    let fineness = 86_400.0 / 10f64.powi(i32::try_from(decimals).ok()?);
    let near = (seconds - seconds.round()).abs() <= fineness.max(0.001);
    let ms = if near { seconds.round() * 1000.0 } else { (seconds * 1000.0).round() };
    let day = date(1899, 12, 30).checked_add((days.trunc() as i64).days()).ok()?;
    let wall = day.to_datetime(Time::midnight()).checked_add(SignedDuration::from_millis(ms as i64)).ok()?;
    Some(WrittenTime::Wall(wall, None))
}

fn time_only(written: WrittenTime) -> Option<WrittenTime> {
    if let WrittenTime::Wall(wall, zone) = written { Some(WrittenTime::TimeOfDay(wall.time(), zone)) } else { None }
}

fn date_only(written: WrittenTime) -> Option<WrittenTime> {
    if let WrittenTime::Wall(wall, _) = written { Some(WrittenTime::Date(wall.date())) } else { None }
}

/// `202506010800`, `20250601080000`, `20250601080000123`.
fn compact_date_time(whole: &str, decimals: &str) -> Option<WrittenTime> {
    let year: i16 = whole[..4].parse().ok().filter(|year| (1980..=2099).contains(year))?;
    let day = Date::new(year, whole[4..6].parse().ok()?, whole[6..8].parse().ok()?).ok()?;
    let time = match whole.len() {
        12 => clock_digits(&format!("{}00", &whole[8..]), decimals)?,
        14 => clock_digits(&whole[8..], decimals)?,
        _ => clock_digits(&whole[8..14], &whole[14..])?,
    };
    Some(WrittenTime::Wall(DateTime::from_parts(day, time), None))
}

/// `hhmmss` and the digits behind its point.
fn clock_digits(whole: &str, decimals: &str) -> Option<Time> {
    let ms = digits(&format!("{decimals:0<3}")[..3]);
    time_of_day(digits(&whole[..2]), digits(&whole[2..4]), digits(&whole[4..6]), ms)
}

fn digits(text: &str) -> u32 {
    text.parse().unwrap_or(u32::MAX)
}
