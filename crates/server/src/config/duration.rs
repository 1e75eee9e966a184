//! Reads durations as people write them: `54s`, `1h30m`, `7d`, `250ms`, or plain seconds.

use std::time::Duration;

/// A century. Longer durations could overflow dates.
const MAX: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// Reads a duration.
///
/// # Errors
/// A description of the accepted forms.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let takes = || "must be a duration such as 54s, 1h30m, 7d or 250ms".to_owned();
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(takes());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().map_err(|_| takes())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let ms = match &rest[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "" if total == Duration::ZERO => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(takes()),
        };
        rest = &rest[letters..];
        total += Duration::from_millis(number.checked_mul(ms).ok_or_else(takes)?);
        if total > MAX {
            return Err("must be at most 100 years".to_owned());
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        let check = |text, ms: Option<u64>| {
            assert_eq!(parse_duration(text).ok(), ms.map(Duration::from_millis), "{text}");
        };
        check("54s", Some(54_000));
        check("1h30m", Some(5_400_000));
        check("7d", Some(604_800_000));
        check("250ms", Some(250));
        check("86400", Some(86_400_000));
        check("0", Some(0));
        check("", None);
        check("s", None);
        check("-5s", None);
        check("5 minutes", None);
        check("99999999999999999999s", None);
        check("9999999d", None);
    }
}
