//! Coordinates as degrees and minutes in one number: `ddmm.mmmm`, `dddmm.mmmm`.

/// The degrees of `ddmm.mmmm`. Clones leave out the point (then the last four digits are the fraction), write a minus sign between
/// degrees and minutes (`-23-35.3408`), or leave out the degrees. Minutes of 60 and more are refused.
pub(crate) fn from_minutes(text: &str) -> Option<f64> {
    let text = text.trim();
    let text = text.strip_prefix('-').unwrap_or(text);
    let (degrees, minutes) = if let Some((degrees, minutes)) = text.split_once('-') {
        (number(degrees)?, minutes.parse().ok()?)
    } else {
        let whole = match text.split_once('.') {
            Some((whole, _)) => whole.len(),
            None => text.len().checked_sub(4)?,
        };
        let (degrees, minutes) = text.split_at_checked(whole.saturating_sub(2))?;
        let minutes: f64 = if text.contains('.') {
            minutes.parse().ok()?
        } else {
            minutes.parse::<u32>().ok().map(|minutes| f64::from(minutes) / 10_000.0)?
        };
        (number(degrees)?, minutes)
    };
    (0.0..60.0).contains(&minutes).then(|| degrees + minutes / 60.0)
}

/// As [`from_minutes`], with the letter of the hemisphere. Without a letter the sign is unknown, and north and east are taken.
pub(crate) fn with_hemisphere(text: &str, letter: &str) -> Option<f64> {
    let degrees = from_minutes(text)?;
    match letter.trim() {
        "N" | "E" | "n" | "e" | "" => Some(degrees),
        "S" | "W" | "s" | "w" => Some(-degrees),
        _ => None,
    }
}

fn number(degrees: &str) -> Option<f64> {
    if degrees.is_empty() {
        return Some(0.0);
    }
    let is_number = degrees.len() <= 3 && degrees.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| degrees.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_forms_are_read_and_impossible_minutes_refused() {
        let check = |text: &str, expected: Option<f64>| {
            let degrees = from_minutes(text);
            assert!(
                degrees == expected || degrees.zip(expected).is_some_and(|(a, b)| (a - b).abs() < 1e-7),
                "{text}: {degrees:?}"
            );
        };
        check("3401.1523", Some(34.019205));
        check("37573392", Some(37.9556533));
        check("-23-3.3408", Some(23.05568));
        check("38.6508", Some(0.64418));
        check("3460.0000", None);
        check("", None);
        check("nan", None);
        check("99999999.0", None);
    }
}
