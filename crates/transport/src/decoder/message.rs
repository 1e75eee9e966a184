//! Assembles a message from its fragments.

use crate::close::code;
use crate::decoder::{DecodedEvent, NOT_UTF8, Violation};
use crate::deflate::{InflateError, inflate};

/// A message may have this many fragments, and one more for each 16 bytes of the size limit: empty fragments must not keep
/// a message open for ever.
const SPARE_FRAGMENTS: u64 = 64;

/// The most memory reserved for a message before its bytes arrive: a client may announce any length.
const MAX_RESERVE_BYTES: usize = 64 * 1024;

const TOO_LARGE: Violation = Violation { code: code::TOO_LARGE, reason: "message is too large" };
const CORRUPT: Violation = Violation { code: code::INVALID_DATA, reason: "compressed data does not inflate" };

/// A message whose end has not come yet.
#[derive(Debug)]
pub(super) struct Message {
    text: bool,
    compressed: bool,
    pub(super) data: Vec<u8>,
    /// The bytes of `data` that are known to be UTF-8.
    checked: usize,
    fragments: u64,
}

impl Message {
    pub(super) fn new(text: bool, compressed: bool) -> Self {
        Self { text, compressed, data: Vec::new(), checked: 0, fragments: 0 }
    }

    /// Refuses a fragment with which the message would be too large or have too many fragments.
    pub(super) fn add_fragment(&mut self, length: u64, max_bytes: usize) -> Result<(), Violation> {
        self.fragments += 1;
        // Data that does not compress grows by a few bytes for each block.
        let slack = if self.compressed { max_bytes / 1000 + 64 } else { 0 };
        if length.saturating_add(self.data.len() as u64) > (max_bytes + slack) as u64 {
            return Err(TOO_LARGE);
        }
        if self.fragments > SPARE_FRAGMENTS + max_bytes as u64 / 16 {
            return Err(Violation { code: code::POLICY, reason: "message has too many fragments" });
        }
        self.data.reserve((length as usize).min(MAX_RESERVE_BYTES));
        Ok(())
    }

    /// Refuses bytes that are not UTF-8 before the message is complete.
    pub(super) fn check_utf8(&mut self) -> Result<(), Violation> {
        if !self.text || self.compressed {
            return Ok(());
        }
        match std::str::from_utf8(&self.data[self.checked..]) {
            Ok(_) => self.checked = self.data.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(NOT_UTF8),
        }
        Ok(())
    }

    pub(super) fn finish(self, max_bytes: usize) -> Result<DecodedEvent, Violation> {
        let data = if self.compressed {
            inflate(&self.data, max_bytes).map_err(|error| match error {
                InflateError::TooLarge => TOO_LARGE,
                InflateError::Corrupt => CORRUPT,
            })?
        } else {
            self.data
        };
        if self.text {
            String::from_utf8(data).map(DecodedEvent::Text).map_err(|_| NOT_UTF8)
        } else {
            Ok(DecodedEvent::Binary(data.into()))
        }
    }
}

/// Appends `payload` without its mask, and rotates the mask for the next piece.
pub(super) fn append_unmasked(data: &mut Vec<u8>, payload: &[u8], mask: &mut [u8; 4], remaining: u64) {
    let start = data.len();
    data.extend_from_slice(payload);
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let mut words = data[start..].chunks_exact_mut(8);
    for word in &mut words {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(word);
        word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
    }
    for (at, byte) in words.into_remainder().iter_mut().enumerate() {
        *byte ^= mask[at % 4];
    }
    if remaining > 0 {
        mask.rotate_left(payload.len() % 4);
    }
}
