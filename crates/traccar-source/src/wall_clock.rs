//! Times of a database, which have no zone: `2026-11-29 14:06:37.123`.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use milepost_domain::Timestamp;

/// The instant of a time on the wall clock of a zone. The hour that clocks show twice is taken as the first of the two.
pub(crate) fn read(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let is_written_so = bytes.len() >= 19
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b' ' | b'T')
        && bytes[13] == b':'
        && bytes[16] == b':';
    if !is_written_so {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> {
        bytes[from..to]
            .iter()
            .try_fold(0_i16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0')))
    };
    let small = |from: usize| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
    let date = Date::new(number(0, 4)?, small(5)?, small(8)?).ok()?;
    // Thousandths; what is finer is cut off, as by the API.
    let mut ms = 0;
    match bytes.get(19) {
        None => {}
        Some(b'.') => {
            let digits = &bytes[20..];
            let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
            for place in 0..3 {
                ms = ms * 10 + digits[..end].get(place).map_or(0, |byte| i32::from(byte - b'0'));
            }
            if end < digits.len() {
                return read_zoned(text);
            }
        }
        Some(_) => return read_zoned(text),
    }
    let time = Time::new(small(11)?, small(14)?, small(17)?, ms * 1_000_000).ok()?;
    let at = date.to_datetime(time);
    let instant = zone.to_ambiguous_timestamp(at).compatible().ok()?;
    Timestamp::from_unix_ms(instant.as_millisecond())
}

/// A time with its own offset: `2026-11-29 14:06:37.123+00`.
fn read_zoned(text: &str) -> Option<Timestamp> {
    let offset_at = text[19..].find(['+', '-', 'Z'])? + 19;
    let (wall, offset) = text.split_at(offset_at);
    let minutes = match offset {
        "Z" => 0,
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let digits: String = offset[1..].chars().filter(char::is_ascii_digit).collect();
            let hours: i64 = digits.get(..2)?.parse().ok()?;
            let minutes: i64 = digits.get(2..4).map_or(Ok(0), str::parse).ok()?;
            sign * (hours * 60 + minutes)
        }
    };
    let at = read(wall.trim_end(), &TimeZone::UTC)?;
    Timestamp::from_unix_ms(at.unix_ms() - minutes * 60_000)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_are_those_of_the_machine() {
        let ms = |text: &str, zone: &str| read(text, &TimeZone::get(zone).unwrap()).map(Timestamp::unix_ms);
        assert_eq!(ms("2026-11-29 20:06:23", "UTC"), Some(1_795_982_783_000));
        assert_eq!(ms("2026-11-29 20:06:23.12", "UTC"), Some(1_795_982_783_120));
        assert_eq!(ms("2026-11-29T20:06:23.123999", "UTC"), Some(1_795_982_783_123));
        assert_eq!(ms("2026-11-29 21:06:23.5", "Europe/Berlin"), Some(1_795_982_783_500));
        assert_eq!(ms("2026-11-29 20:06:23+00", "Europe/Berlin"), Some(1_795_982_783_000));
        assert_eq!(ms("2026-11-29 15:06:23.25-05:00", "UTC"), Some(1_795_982_783_250));
        for text in
            ["", "2026-11-29", "2026-13-29 20:06:23", "2026-11-29 25:06:23", "0000-00-00 00:00:00", "äöüäöüäöüäöü"]
        {
            assert_eq!(ms(text, "UTC"), None, "{text}");
        }
    }
}
