//! Lets clients write whole numbers with a point: JSON has one kind of number (RFC 8259 section 6), and some languages write 5 as `5.0`.

/// The largest number of corrections in one body. No request has as many fields; a list is corrected in one step.
pub(crate) const MAX_CORRECTIONS: usize = 64;

/// Rewrites the number that `error` complains about as an integer, if it is a whole one: `5.0` becomes `5`. In a list of numbers, those
/// that follow are rewritten too. All other bytes stay as they are. Returns `None` when the error is about something else.
pub(crate) fn correct(json: &[u8], error: &serde_json::Error) -> Option<Vec<u8>> {
    if !error.to_string().starts_with("invalid type: floating point `") {
        return None;
    }
    let line_start = json.split_inclusive(|byte| *byte == b'\n').take(error.line() - 1).map(<[u8]>::len).sum::<usize>();
    let end = (line_start + error.column()).min(json.len());
    let begin = end - json[..end].iter().rev().take_while(|byte| is_of_number(**byte)).count();
    let mut corrected = json[..begin].to_vec();
    corrected.extend_from_slice(whole(&json[begin..end])?.as_bytes());
    let mut rest = &json[end..];
    while let Some((separator, number, after)) = next_in_list(rest) {
        let Some(integer) = whole(number) else { break };
        corrected.extend_from_slice(separator);
        corrected.extend_from_slice(integer.as_bytes());
        rest = after;
    }
    corrected.extend_from_slice(rest);
    Some(corrected)
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// A comma with the white space around it, the number behind it, and what follows.
fn next_in_list(json: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = |json: &[u8]| json.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let comma = blank(json);
    if json.get(comma) != Some(&b',') {
        return None;
    }
    let begin = comma + 1 + blank(&json[comma + 1..]);
    let length = json[begin..].iter().take_while(|byte| is_of_number(**byte)).count();
    (length > 0).then(|| (&json[..begin], &json[begin..begin + length], &json[begin + length..]))
}

/// A whole number's digits. Beyond 2^53 a float does not hold every whole number, so that it could be another one than was sent.
fn whole(number: &[u8]) -> Option<String> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let value: f64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    (value.fract() == 0.0 && value.abs() < LARGEST).then(|| format!("{value:.0}"))
}
