//! How attributes are stored: some four bytes for each, instead of the twenty of JSON.
//!
//! A byte for the form, then the entries. A name is one byte, or a zero, its length and its text. A value is a byte for its kind
//! and its bytes: most numbers are whole or have few decimals, and are written as a whole number of them.

use crate::{Result, StoreError};
use milepost_domain::{AttributeValue, Attributes, attribute};

const FORM: u8 = 1;
const OTHER_NAME: u8 = 0;

const FALSE: u8 = 0;
const TRUE: u8 = 1;
/// A number with 0, 1, 2 or 3 decimals: from here on, one kind for each.
const DECIMAL: u8 = 2;
const POWERS: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];
const FLOAT: u8 = 6;
const TEXT: u8 = 7;

/// Numbers from here on are not all whole numbers of their own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `None` for no attributes, which is what most positions have.
pub(crate) fn encode(attributes: &Attributes) -> Option<Vec<u8>> {
    if attributes.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(1 + attributes.len() * 6);
    bytes.push(FORM);
    for (name, value) in attributes.iter() {
        match attribute::SHARED.iter().position(|shared| *shared == name) {
            Some(place) => bytes.push(u8::try_from(place + 1).expect("there are few shared names")),
            None => {
                bytes.push(OTHER_NAME);
                put_text(&mut bytes, name);
            }
        }
        match value {
            AttributeValue::Flag(false) => bytes.push(FALSE),
            AttributeValue::Flag(true) => bytes.push(TRUE),
            AttributeValue::Text(text) => {
                bytes.push(TEXT);
                put_text(&mut bytes, text);
            }
            AttributeValue::Number(number) => put_number(&mut bytes, *number),
        }
    }
    Some(bytes)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_varint(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn put_number(bytes: &mut Vec<u8>, number: f64) {
    for (decimals, power) in (0_u8..).zip(POWERS) {
        let scaled = (number * power).round();
        if scaled.abs() < EXACT && scaled / power == number {
            bytes.push(DECIMAL + decimals);
            // Small negative numbers are small too: -1 is 1, 1 is 2.
            #[allow(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
            let whole = scaled as i64;
            return put_varint(bytes, ((whole << 1) ^ (whole >> 63)).cast_unsigned());
        }
    }
    bytes.push(FLOAT);
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(bytes: Option<&[u8]>) -> Result<Attributes> {
    let Some(bytes) = bytes else { return Ok(Attributes::NONE) };
    let damaged = || StoreError::Corrupt("the attributes of a position".to_owned());
    let mut rest = Rest(bytes);
    if rest.byte() != Some(FORM) {
        return Err(damaged());
    }
    let mut entries = Vec::new();
    while !rest.0.is_empty() {
        entries.push(rest.entry().ok_or_else(damaged)?);
    }
    Ok(Attributes::new(entries)?)
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn entry(&mut self) -> Option<(&'a str, AttributeValue)> {
        let name = match self.byte()? {
            OTHER_NAME => self.text()?,
            code => attribute::SHARED.get(usize::from(code) - 1)?,
        };
        let value = match self.byte()? {
            FALSE => AttributeValue::Flag(false),
            TRUE => AttributeValue::Flag(true),
            TEXT => AttributeValue::text(self.text()?).ok()?,
            FLOAT => AttributeValue::number(f64::from_le_bytes(self.take(8)?.try_into().ok()?)).ok()?,
            kind => {
                let power = POWERS.get(usize::from(kind - DECIMAL))?;
                let written = self.varint()?;
                let whole = (written >> 1).cast_signed() ^ -(written & 1).cast_signed();
                AttributeValue::number(whole as f64 / power).ok()?
            }
        };
        Some((name, value))
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.varint()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{decode, encode};
    use milepost_domain::{AttributeValue, Attributes};

    fn number(value: f64) -> AttributeValue {
        AttributeValue::number(value).unwrap()
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let numbers = [
            0.0,
            1.0,
            -1.0,
            55.0,
            12.6,
            4.012,
            -40.5,
            0.1,
            0.001,
            123_456.789,
            1e-4,
            0.1 + 0.2,
            9_007_199_254_740_991.0,
            -9_007_199_254_740_992.0,
            1e300,
            f64::MAX,
            f64::MIN_POSITIVE,
            19.445_000_000_000_003,
        ];
        let mut entries: Vec<(String, AttributeValue)> =
            numbers.iter().enumerate().map(|(place, value)| (format!("n{place}"), number(*value))).collect();
        entries.push(("battery_percent".to_owned(), number(54.0)));
        entries.push(("motion".to_owned(), AttributeValue::Flag(false)));
        entries.push(("charging".to_owned(), AttributeValue::Flag(true)));
        entries.push(("alarm".to_owned(), AttributeValue::text("sos").unwrap()));
        entries.push(("Türe".to_owned(), AttributeValue::text(&"ü".repeat(128)).unwrap()));
        entries.push(("empty".to_owned(), AttributeValue::text("").unwrap()));
        let attributes = Attributes::new(entries).unwrap();
        assert_eq!(decode(encode(&attributes).as_deref()).unwrap(), attributes);
        assert_eq!((encode(&Attributes::NONE), decode(None).unwrap()), (None, Attributes::NONE));
    }

    #[test]
    fn usual_attributes_take_few_bytes() {
        let usual = [("satellites", number(9.0)), ("battery_v", number(4.1)), ("power_v", number(13.812))];
        assert!(encode(&Attributes::new(usual).unwrap()).unwrap().len() <= 12);
    }

    /// Written by the first version. Every later version reads it.
    #[test]
    fn the_first_versions_bytes_are_read() {
        let bytes =
            [1, 1, 2, 110, 2, 3, 82, 11, 7, 3, b's', b'o', b's', 13, 0, 0, 1, b'x', 6, 0, 0, 0, 0, 0, 0, 240, 63];
        let expected = Attributes::new([
            ("battery_percent", number(55.0)),
            ("battery_v", number(4.1)),
            ("alarm", AttributeValue::text("sos").unwrap()),
            ("motion", AttributeValue::Flag(false)),
            ("x", number(1.0)),
        ]);
        assert_eq!(decode(Some(&bytes)).unwrap(), expected.unwrap());
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let whole = [1, 1, 2, 110, 0, 1, b'x', 7, 2, b'o', b'k'];
        assert!(decode(Some(&whole)).is_ok());
        for length in [0, 2, 3, 5, 6, 7, 8, 9, 10] {
            assert!(decode(Some(&whole[..length])).is_err(), "{length}");
        }
        for bytes in [
            &[2, 1, 0][..],
            &[1, 200, 0],
            &[1, 1, 9],
            &[1, 1, 255],
            &[1, 1, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        ] {
            assert!(decode(Some(bytes)).is_err(), "{bytes:?}");
        }
    }
}
