//! Refuses numbers that JSON libraries would change: what a sender puts into a payload comes out as it was sent, or is refused.

use crate::Problem;

/// Checks every number outside of strings in a JSON text that was parsed already.
///
/// # Errors
/// 422 with `field` when a number has more digits than an integer of 64 bits or a float of 64 bits keeps.
pub(crate) fn check_exact_numbers(json: &[u8], field: &'static str) -> Result<(), Problem> {
    match numbers(json).find(|number| !is_exact(number)) {
        None => Ok(()),
        Some(number) => {
            let shown: String = number.chars().take(40).collect();
            Err(Problem::invalid(field, format!("the number {shown} can't be kept digit for digit: send it as text")))
        }
    }
}

/// The numbers of a JSON text, as they are written.
fn numbers(json: &[u8]) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = json.get(at) {
            match byte {
                b'"' => at = end_of_string(json, at),
                b'-' | b'0'..=b'9' => {
                    let begin = at;
                    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                    at += json[begin..].iter().take_while(|byte| is_part(byte)).count();
                    return std::str::from_utf8(&json[begin..at]).ok();
                }
                _ => at += 1,
            }
        }
        None
    })
}

/// The index behind the string that begins at `begin`.
fn end_of_string(json: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

fn is_exact(number: &str) -> bool {
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    // The shortest text that reads as the same float is what comes out.
    let Ok(float) = number.parse::<f64>() else { return false };
    decimal(number) == decimal(&format!("{float:e}"))
}

/// The digits without zeros at either end, and the power of ten of the last one: equal for `1.50`, `15e-1` and `1.5`.
fn decimal(number: &str) -> Option<(String, i64)> {
    let number = number.trim_start_matches('-');
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let power = exponent.parse::<i64>().ok()? - fraction.len() as i64 + (digits.len() - kept.len()) as i64;
    let kept = kept.trim_start_matches('0');
    Some((kept.to_owned(), if kept.is_empty() { 0 } else { power }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn numbers_pass_that_come_out_as_they_were_sent() {
        for number in
            ["0", "-0", "5", "5.0", "1e2", "1E+2", "0.1", "-1.50", "9007199254740993", "18446744073709551615", "0.000"]
        {
            assert!(is_exact(number), "{number}");
            let kept: serde_json::Value = serde_json::from_str(number).unwrap();
            assert_eq!(decimal(number), decimal(&kept.to_string()), "{number}");
        }
        for number in
            ["89310410106543789301", "9007199254740993.0", "0.1234567890123456789", "1e400", "123456789012345678e5"]
        {
            assert!(!is_exact(number), "{number}");
        }
    }

    #[test]
    fn digits_in_texts_are_no_numbers() {
        let check = |json: &str| check_exact_numbers(json.as_bytes(), "payload");
        assert!(
            check(r#"{"89310410106543789301":"89310410106543789301 \" 89310410106543789301","n":[1,2.5]}"#).is_ok()
        );
        let refused = check(r#"{"a":"\\","n":[1,{"iccid":89310410106543789301}]}"#).unwrap_err();
        assert_eq!((refused.status, refused.errors[0].field.as_str()), (422, "payload"));
    }
}
