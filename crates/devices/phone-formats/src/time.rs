//! Times as apps write them.

use crate::Malformed;
use jiff::SignedDuration;
use jiff::civil::date;
use jiff::fmt::temporal::Pieces;
use milepost_device_report::ReportTime;
use milepost_domain::Timestamp;
use serde_json::Value;

/// A smaller number is Unix seconds, a larger one Unix milliseconds.
const FIRST_MS: f64 = 1e11;

/// Unix seconds or milliseconds, ISO 8601 with or without a zone (UTC is assumed), or only a date.
///
/// # Errors
/// [`Malformed`] for other texts.
pub(crate) fn read_time(text: &str) -> Result<ReportTime, Malformed> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(ReportTime::Unknown);
    }
    if let Ok(number) = text.parse::<f64>() {
        return of_number(number);
    }
    // A query turns a `+` that is not escaped into a space.
    let with_plus = || text.rsplit_once(' ').map(|(time, zone)| format!("{time}+{zone}"));
    of_iso(text)
        .or_else(|| of_iso(&with_plus()?))
        .ok_or(Malformed("the time must be Unix seconds, Unix milliseconds or ISO 8601"))
}

/// The same of a value in JSON.
///
/// # Errors
/// [`Malformed`] for other values.
pub(crate) fn time_of(value: &Value) -> Result<ReportTime, Malformed> {
    match value {
        Value::Null => Ok(ReportTime::Unknown),
        Value::String(text) => read_time(text),
        Value::Number(number) => of_number(number.as_f64().unwrap_or(f64::NAN)),
        _ => Err(Malformed("the time must be a number or a text")),
    }
}

fn of_number(number: f64) -> Result<ReportTime, Malformed> {
    if !number.is_finite() {
        return Err(Malformed("the time must be a number"));
    }
    let ms = if number < FIRST_MS { number * 1000.0 } else { number };
    // A number that is no time is a clock that was never set.
    Ok(Timestamp::from_unix_ms(ms.round() as i64).map_or(ReportTime::Unknown, ReportTime::At))
}

fn of_iso(text: &str) -> Option<ReportTime> {
    let pieces = Pieces::parse(text).ok()?;
    let Some(time) = pieces.time() else { return Some(ReportTime::Unknown) };
    let offset_s = pieces.to_numeric_offset().map_or(0, |offset| offset.seconds());
    let since_1970 = pieces.date().to_datetime(time).duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    let instant = since_1970.checked_sub(SignedDuration::from_secs(i64::from(offset_s)))?;
    let ms = i64::try_from(instant.as_millis()).ok()?;
    Some(Timestamp::from_unix_ms(ms).map_or(ReportTime::Unknown, ReportTime::At))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_their_forms() {
        let at = |ms| Ok(ReportTime::At(Timestamp::from_unix_ms(ms).unwrap()));
        for (text, ms) in [
            ("1377177267", 1_377_177_267_000),
            ("1442068686579", 1_442_068_686_579),
            ("1457205869.5", 1_457_205_869_500),
            ("2016-01-27T18:55:47Z", 1_453_920_947_000),
            ("2014-06-04 09:10:11", 1_401_873_011_000),
            ("2014-06-04T09:10:11", 1_401_873_011_000),
            ("2016-03-05T21:24:29.949+02:00", 1_457_205_869_949),
            ("2016-03-05T21:24:29.949 02:00", 1_457_205_869_949),
            ("2016-03-05T16:24:29.949-0300", 1_457_205_869_949),
        ] {
            assert_eq!(read_time(text), at(ms), "{text}");
        }
        for text in ["", " ", "2016-03-05"] {
            assert_eq!(read_time(text), Ok(ReportTime::Unknown), "{text}");
        }
        for text in ["%TIMESTAMP", "yesterday", "NaN", "inf", "10:11", "2016-13-05T00:00:00Z"] {
            assert!(read_time(text).is_err(), "{text}");
        }
    }
}
