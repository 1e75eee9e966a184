//! Reads the part of CBOR that authenticators write (CTAP 2.1, section 8): definite lengths, and no tags. Nothing is copied, and nothing that
//! the bytes announce is believed before it is there.

/// Maps and arrays in each other, at most. Authenticators write four.
const MAX_DEPTH: u8 = 8;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;

/// What is left to read.
pub(super) struct Cbor<'a>(pub(super) &'a [u8]);

impl<'a> Cbor<'a> {
    /// Major type and argument of the next item (RFC 8949, section 3).
    fn head(&mut self) -> Option<(u8, u64)> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        let argument = match first & 0x1f {
            small @ 0..=23 => u64::from(small),
            24 => u64::from(u8::from_be_bytes(self.array()?)),
            25 => u64::from(u16::from_be_bytes(self.array()?)),
            26 => u64::from(u32::from_be_bytes(self.array()?)),
            27 => u64::from_be_bytes(self.array()?),
            _ => return None,
        };
        Some((first >> 5, argument))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// The number of entries of a map.
    pub(super) fn map(&mut self) -> Option<u64> {
        self.head().and_then(|(major, entries)| (major == MAP).then_some(entries))
    }

    /// A whole number.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let (major, argument) = self.head()?;
        let argument = i64::try_from(argument).ok()?;
        match major {
            UNSIGNED => Some(argument),
            NEGATIVE => Some(-1 - argument),
            _ => None,
        }
    }

    /// A byte string.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        match self.head()? {
            (BYTES, length) => self.take(length),
            _ => None,
        }
    }

    /// A text.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        match self.head()? {
            (TEXT, length) => std::str::from_utf8(self.take(length)?).ok(),
            _ => None,
        }
    }

    /// Passes the next item over.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.skip_within(MAX_DEPTH)
    }

    fn skip_within(&mut self, depth: u8) -> Option<()> {
        let (major, argument) = self.head()?;
        let items = match major {
            UNSIGNED | NEGATIVE | SIMPLE => 0,
            BYTES | TEXT => {
                self.take(argument)?;
                0
            }
            ARRAY => argument,
            MAP => argument.checked_mul(2)?,
            _ => return None,
        };
        // Each item takes a byte at least: more than are left can't follow.
        if items > self.0.len() as u64 {
            return None;
        }
        let depth = if items == 0 { depth } else { depth.checked_sub(1)? };
        (0..items).try_for_each(|_| self.skip_within(depth))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Cbor;

    #[test]
    fn items_are_read_and_passed_over() {
        // {1: 2, -7: h'0102', "a": [true, {"b": null}], 3: -257}
        let bytes = [0xa4, 1, 2, 0x26, 0x42, 1, 2, 0x61, b'a', 0x82, 0xf5, 0xa1, 0x61, b'b', 0xf6, 3, 0x39, 1, 0];
        let mut cbor = Cbor(&bytes);
        assert_eq!(cbor.map(), Some(4));
        assert_eq!((cbor.integer(), cbor.integer()), (Some(1), Some(2)));
        assert_eq!((cbor.integer(), cbor.bytes()), (Some(-7), Some(&[1, 2][..])));
        assert_eq!((cbor.text(), cbor.skip()), (Some("a"), Some(())));
        assert_eq!((cbor.integer(), cbor.integer(), cbor.0), (Some(3), Some(-257), &[][..]));
    }

    #[test]
    fn what_is_announced_and_missing_is_refused() {
        let deep = [0x81_u8; 10_000];
        let hostile: [&[u8]; 9] = [
            &[],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x42, 1],
            &[0x5f, 0x41, 1, 0xff],
            &[0xc0, 0],
            &[0x1c],
            &deep,
        ];
        for bytes in hostile {
            assert_eq!(Cbor(bytes).skip(), None, "{bytes:?}");
        }
        assert_eq!(Cbor(&[0x1b, 0xff, 0, 0, 0, 0, 0, 0, 0]).integer(), None);
    }
}
