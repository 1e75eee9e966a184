//! Reads text protocols: fields between separators, two digits at a time.

use crate::civil::{Civil, full_year, time_of_day_ms};

/// A number in a field, with blanks around it and a plus sign. Empty and unreadable fields are `None`.
pub(crate) fn number(field: &str) -> Option<f64> {
    let field = field.trim().trim_end_matches('%');
    // Rust reads words such as `inf` too.
    let is_number = field.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    is_number.then(|| field.parse().ok()).flatten()
}

/// The field at this place, if it is there.
pub(crate) fn at<'a>(fields: &[&'a str], index: usize) -> &'a str {
    fields.get(index).copied().unwrap_or_default()
}

/// A number in the field at this place.
pub(crate) fn number_at(fields: &[&str], index: usize) -> Option<f64> {
    number(at(fields, index))
}

/// Pairs of digits: `123456` is 12, 34, 56.
pub(crate) fn pairs<const N: usize>(digits: &str) -> Option<[i64; N]> {
    let is_whole = digits.len() == 2 * N && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_whole.then(|| std::array::from_fn(|pair| digits[2 * pair..2 * pair + 2].parse().unwrap_or(0)))
}

/// `hhmmss` or `hhmmss.sss` in milliseconds since midnight.
pub(crate) fn time_of_day(text: &str) -> Option<i64> {
    let (time, fraction) = text.split_once('.').unwrap_or((text, ""));
    let [hour, minute, second] = pairs(time)?;
    let ms = if fraction.is_empty() { 0.0 } else { number(&format!("0.{fraction}"))? * 1_000.0 };
    time_of_day_ms(hour, minute, second, (ms as i64).clamp(0, 999))
}

/// The three numbers of a date.
pub(crate) fn year_month_day(text: &str) -> Option<[i64; 3]> {
    let [year, month, day] = pairs(text)?;
    Some([full_year(year), month, day])
}

/// As [`year_month_day`], for dates that begin with the day.
pub(crate) fn day_month_year(text: &str) -> Option<[i64; 3]> {
    let [day, month, year] = pairs(text)?;
    Some([full_year(year), month, day])
}

/// A date with a time of day.
pub(crate) fn civil([year, month, day]: [i64; 3], time_ms: i64) -> Civil {
    let seconds = time_ms / 1_000;
    Civil {
        year,
        month,
        day,
        hour: seconds / 3_600,
        minute: seconds / 60 % 60,
        second: seconds % 60,
        ms: time_ms % 1_000,
    }
}

/// `yyyymmddhhmmss`.
pub(crate) fn full_time(text: &str) -> Option<Civil> {
    let [century, year, month, day, hour, minute, second] = pairs(text)?;
    Some(Civil { year: century * 100 + year, month, day, hour, minute, second, ms: 0 })
}

/// The first place of `wanted` in `bytes`.
pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A frame as text. Bytes that are not ASCII become replacement characters: no protocol gives them a meaning.
pub(crate) fn text(frame: &[u8]) -> String {
    frame.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// Whether this is an identity as trackers have them: 3 to 20 letters and digits.
pub(crate) fn is_device_id(text: &str) -> bool {
    (3..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether this is an IMEI or another number of 10 to 17 digits.
pub(crate) fn is_imei(text: &str) -> bool {
    (10..=17).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
