//! Reads numbers from the front of bytes. Everything that is not there is `None`.

#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

macro_rules! numbers {
    ($($name:ident, $type:ty, $from:ident;)*) => {$(
        pub(crate) fn $name(&mut self) -> Option<$type> {
            let (number, rest) = self.0.split_first_chunk()?;
            self.0 = rest;
            Some(<$type>::$from(*number))
        }
    )*};
}

impl<'a> Cursor<'a> {
    numbers! {
        u8, u8, from_be_bytes;
        u16, u16, from_be_bytes;
        u32, u32, from_be_bytes;
        u64, u64, from_be_bytes;
        i16, i16, from_be_bytes;
        i32, i32, from_be_bytes;
        u16_le, u16, from_le_bytes;
        i16_le, i16, from_le_bytes;
        u32_le, u32, from_le_bytes;
        i32_le, i32, from_le_bytes;
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of up to eight bytes, the highest first.
    pub(crate) fn number(&mut self, bytes: usize) -> Option<u64> {
        let taken = self.take(bytes).filter(|taken| taken.len() <= 8)?;
        Some(taken.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// As [`Cursor::number`], the lowest byte first.
    pub(crate) fn number_le(&mut self, bytes: usize) -> Option<u64> {
        let taken = self.take(bytes).filter(|taken| taken.len() <= 8)?;
        Some(taken.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The digits of binary coded decimals. `None` if a half is no digit.
pub(crate) fn bcd_digits(bytes: &[u8]) -> Option<String> {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            digits.push(char::from_digit(half.into(), 10)?);
        }
    }
    Some(digits)
}

/// Two decimals a byte, as a number.
pub(crate) fn bcd(byte: u8) -> Option<i64> {
    let (high, low) = (byte >> 4, byte & 15);
    (high < 10 && low < 10).then(|| i64::from(high * 10 + low))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits. `None` for anything else.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let is_hex = !text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
    is_hex.then(|| (0..text.len()).step_by(2).map(byte).collect()).flatten()
}
