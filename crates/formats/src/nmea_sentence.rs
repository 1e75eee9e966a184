//! One NMEA 0183 sentence: checksum, time, place.

use jiff::civil::{Date, Time};

/// The kinds of sentences that have a time and a place. All others are skipped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sentence {
    /// Recommended minimum data.
    Rmc(Rmc),
    /// Fix data. Only its altitude is used.
    Gga { time: Time, altitude_m: f64 },
    /// A receiver without a fix: status V, mode N, quality 0.
    WithoutFix,
    /// A sentence that is not read.
    OtherKind,
}

/// The values of an RMC sentence with a valid fix.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rmc {
    pub(crate) date: Date,
    pub(crate) time: Time,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) speed_knots: Option<f64>,
    pub(crate) course_deg: Option<f64>,
}

/// The text of a sentence, and whether a checksum says that it is whole.
pub(crate) struct Body<'a> {
    pub(crate) text: &'a str,
    pub(crate) has_checksum: bool,
}

/// The sentence in `line`, after anything that a logger wrote before it. `None` if there is no sentence.
///
/// # Errors
/// The reason why it can't be used.
pub(crate) fn find_sentence(line: &str) -> Option<Result<Body<'_>, &'static str>> {
    // Loggers write times or tag blocks (`\s:gps1*5A\`) before a sentence. The last `$` begins it.
    let start = line.rfind('$')?;
    Some(check(&line[start + 1..]))
}

/// The text between `$` and `*`, if its checksum (the exclusive or of its bytes) is right. Loggers write more behind it.
fn check(sentence: &str) -> Result<Body<'_>, &'static str> {
    let (text, stated) = match sentence.split_once('*') {
        Some((text, rest)) => (text, Some(rest.trim())),
        None => (sentence.trim_end(), None),
    };
    if !text.is_ascii() {
        return Err("the sentence is not ASCII");
    }
    let Some(stated) = stated else { return Ok(Body { text, has_checksum: false }) };
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([',', ' ', '\t', ';']);
    let stated = stated
        .get(..2)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && ends(&stated[2..]))
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        .ok_or("the sentence has no checksum")?;
    if text.bytes().fold(0, |sum, byte| sum ^ byte) != stated {
        return Err("the checksum is wrong");
    }
    Ok(Body { text, has_checksum: true })
}

/// Reads the fields of a sentence.
///
/// # Errors
/// The field that can't be used.
pub(crate) fn parse_body(body: &str) -> Result<Sentence, &'static str> {
    let mut fields = body.split(',');
    let address = fields.next().unwrap_or("");
    // Two letters of the talker (GP, GN, GL, GA, BD, …) and three of the sentence; `P…` is proprietary.
    if address.len() != 5 || address.starts_with('P') {
        return Ok(Sentence::OtherKind);
    }
    // GGA, the longer of the two, has fourteen fields.
    let mut field = [""; 16];
    for (slot, text) in field.iter_mut().zip(fields) {
        *slot = text.trim();
    }
    match &address[2..] {
        "RMC" => parse_rmc(&field),
        "GGA" => parse_gga(&field),
        _ => Ok(Sentence::OtherKind),
    }
}

/// `hhmmss.ss,A,ddmm.mm,N,dddmm.mm,E,knots,course,ddmmyy,variation,E[,mode[,status]]`
fn parse_rmc(field: &[&str; 16]) -> Result<Sentence, &'static str> {
    // Mode N: not valid. Older receivers have no mode.
    if field[1] != "A" || field[11].starts_with('N') {
        return Ok(Sentence::WithoutFix);
    }
    if field[2].is_empty() && field[4].is_empty() {
        return Ok(Sentence::WithoutFix);
    }
    Ok(Sentence::Rmc(Rmc {
        date: parse_date(field[8]).ok_or("the date is not ddmmyy")?,
        time: parse_time(field[0]).ok_or("the time is not hhmmss")?,
        latitude: parse_angle(field[2], field[3], "N", "S").ok_or("the latitude is not ddmm.mm,N or S")?,
        longitude: parse_angle(field[4], field[5], "E", "W").ok_or("the longitude is not dddmm.mm,E or W")?,
        speed_knots: parse_decimal(field[6]),
        course_deg: parse_decimal(field[7]),
    }))
}

/// `hhmmss.ss,ddmm.mm,N,dddmm.mm,E,quality,satellites,hdop,altitude,M,…`
fn parse_gga(field: &[&str; 16]) -> Result<Sentence, &'static str> {
    match (parse_time(field[0]), parse_signed(field[8])) {
        (Some(time), Some(altitude_m)) if !matches!(field[5], "" | "0") => Ok(Sentence::Gga { time, altitude_m }),
        _ => Ok(Sentence::WithoutFix),
    }
}

/// `ddmmyy`. Years 80 to 99 mean 1980 to 1999, when GPS began.
fn parse_date(text: &str) -> Option<Date> {
    let (day, month, year) = (two_digits(text, 0)?, two_digits(text, 2)?, two_digits(text, 4)?);
    if text.len() != 6 {
        return None;
    }
    let century = if year >= 80 { 1900 } else { 2000 };
    Date::new(century + i16::from(year), day_or_month(month)?, day_or_month(day)?).ok()
}

fn day_or_month(value: u8) -> Option<i8> {
    i8::try_from(value).ok()
}

/// `hhmmss` with any decimals. A leap second counts as the last millisecond before it ends.
fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute, second) = (two_digits(text, 0)?, two_digits(text, 2)?, two_digits(text, 4)?);
    let decimals = match text.get(6..)? {
        "" => 0.0,
        rest => parse_decimal(rest).filter(|_| rest.starts_with('.'))?,
    };
    let (second, millisecond) =
        if second == 60 { (59, 999) } else { (second, ((decimals * 1000.0).round() as i32).min(999)) };
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, millisecond * 1_000_000)
        .ok()
}

/// `ddmm.mmmm` and its side of the globe, in degrees.
fn parse_angle(text: &str, side: &str, positive: &str, negative: &str) -> Option<f64> {
    let value = parse_decimal(text)?;
    let degrees = (value / 100.0).trunc();
    let minutes = value - degrees * 100.0;
    if minutes >= 60.0 {
        return None;
    }
    let angle = degrees + minutes / 60.0;
    if side == positive {
        Some(angle)
    } else if side == negative {
        Some(-angle)
    } else {
        None
    }
}

fn two_digits(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at..at + 2)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn parse_decimal(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { text.parse().ok() } else { None }
}

fn parse_signed(text: &str) -> Option<f64> {
    match text.strip_prefix('-') {
        Some(rest) => parse_decimal(rest).map(|value| -value),
        None => parse_decimal(text),
    }
}
