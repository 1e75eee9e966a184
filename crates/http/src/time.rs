//! Timestamps in JSON: written as RFC 3339 in UTC with milliseconds, read as RFC 3339 or Unix time.

use jiff::SignedDuration;
use jiff::civil::date;
use jiff::fmt::temporal::Pieces;
use milepost_domain::Timestamp;
use serde_json::Value;

/// A smaller number is Unix seconds, a larger one Unix milliseconds. The limit is the year 5138 in seconds and March
/// 1973 in milliseconds.
const FIRST_MS: f64 = 1e11;

/// Formats an instant: `2025-01-15T10:30:45.123Z`.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_string()
}

/// Reads an instant: RFC 3339, Unix seconds or Unix milliseconds.
///
/// # Errors
/// A description of the accepted formats.
pub fn parse_timestamp(value: &Value) -> Result<Timestamp, &'static str> {
    const TAKES: &str = "must be RFC 3339, Unix seconds or Unix milliseconds";
    match value {
        Value::String(text) => {
            let ms = parse_rfc3339_ms(text.trim()).ok_or(TAKES)?;
            Timestamp::from_unix_ms(ms).ok_or("must lie between 1970 and 9999")
        }
        Value::Number(number) => {
            let number = number.as_f64().filter(|number| number.is_finite()).ok_or(TAKES)?;
            let ms = if number < FIRST_MS { number * 1000.0 } else { number };
            if !(0.0..=253_402_300_799_999.0).contains(&ms) {
                return Err("must lie between 1970 and 9999");
            }
            Timestamp::from_unix_ms(ms.round() as i64).ok_or(TAKES)
        }
        _ => Err(TAKES),
    }
}

/// Seconds in a day: an offset of as many is in no zone.
const DAY_S: i32 = 86_400;

/// Unix milliseconds. By the parts of the text, because jiff's own instants end a day before the year 9999 does.
fn parse_rfc3339_ms(text: &str) -> Option<i64> {
    let pieces = Pieces::parse(text).ok()?;
    let offset_s = pieces.to_numeric_offset()?.seconds();
    if offset_s.abs() >= DAY_S {
        return None;
    }
    let since_1970 = pieces.date().to_datetime(pieces.time()?).duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    let instant = since_1970.checked_sub(SignedDuration::from_secs(i64::from(offset_s)))?;
    i64::try_from(instant.as_millis()).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn written_as_an_independent_library_writes_it() {
        for ms in [0, 1, 951_782_399_999, 951_782_400_000, 1_736_937_045_123, 4_107_542_400_000] {
            let expected = format!("{:.3}", jiff::Timestamp::from_millisecond(ms).unwrap());
            assert_eq!(rfc3339(Timestamp::from_unix_ms(ms).unwrap()), expected);
        }
        let last = Timestamp::from_unix_ms(253_402_300_799_999).unwrap();
        assert_eq!(rfc3339(last), "9999-12-31T23:59:59.999Z");
        for day in 0..40_000 {
            let ms = day * 86_400_000 * 7 + 45_296_789;
            let expected = format!("{:.3}", jiff::Timestamp::from_millisecond(ms).unwrap());
            assert_eq!(rfc3339(Timestamp::from_unix_ms(ms).unwrap()), expected);
        }
    }

    #[test]
    fn read_in_every_form_of_the_contract() {
        let check = |value: Value, ms: Option<i64>| {
            assert_eq!(parse_timestamp(&value).ok().map(Timestamp::unix_ms), ms, "{value}");
        };
        check(json!("2025-01-15T10:30:45.123Z"), Some(1_736_937_045_123));
        check(json!("2025-01-15T04:30:45-06:00"), Some(1_736_937_045_000));
        check(json!(1_736_937_045), Some(1_736_937_045_000));
        check(json!(1_736_937_045.25), Some(1_736_937_045_250));
        check(json!(1_736_937_045_123_i64), Some(1_736_937_045_123));
        check(json!("2025-01-15 10:30:45Z"), Some(1_736_937_045_000));
        check(json!("9999-12-31T23:59:59.999Z"), Some(253_402_300_799_999));
        check(json!("9999-12-31T23:59:59-01:00"), None);
        check(json!("1970-01-01T00:00:00+01:00"), None);
        check(json!("2025-01-15T10:30:45+25:00"), None);
        check(json!("2025-01-15"), None);
        check(json!("yesterday"), None);
        check(json!("2025-01-15T10:30:45"), None);
        check(json!(-1), None);
        check(json!(1e300), None);
        check(json!(null), None);
    }
}
