//! Codes of an authenticator app: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which every app knows.

use milepost_domain::Timestamp;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

/// The length of a step, milliseconds.
const STEP_MS: i64 = 30_000;
/// Codes of so many steps before and after the present one are right too: clocks of phones differ.
const STEPS_OFF: i64 = 1;
/// RFC 4226, section 4, recommends 160 bits.
pub(crate) const SECRET_BYTES: usize = 20;

/// The step of a right code that is newer than the last one that was used.
pub(crate) fn step_of(code: &str, secret: &[u8], last_step: i64, now: Timestamp) -> Option<i64> {
    let present = now.unix_ms().div_euclid(STEP_MS);
    (present - STEPS_OFF..=present + STEPS_OFF).find(|step| *step > last_step && code_of(secret, *step) == code)
}

/// RFC 4226, section 5.3.
fn code_of(secret: &[u8], step: i64) -> String {
    let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step.to_be_bytes());
    let digest = tag.as_ref();
    let offset = usize::from(digest[digest.len() - 1] & 0x0f);
    let word = digest[offset..offset + 4].iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// Base32 of RFC 4648 without padding, in which apps take a secret.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = |bits: &[u8]| {
        let number = bits.iter().chain([0; 5].iter()).take(5).fold(0, |number, bit| number << 1 | usize::from(*bit));
        char::from(LETTERS[number])
    };
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    bits.chunks(5).map(letter).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{base32, code_of, step_of};
    use milepost_domain::Timestamp;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfcs() {
        // RFC 6238, appendix B, the last six digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_of(SECRET, second / 30), code);
        }
        // RFC 4648, section 10.
        for (text, encoded) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_code_is_right_a_step_early_and_late_and_never_after_its_use() {
        let at = |second: i64| Timestamp::from_unix_ms(second * 1_000).unwrap();
        for (second, is_right) in [(0, false), (29, false), (31, true), (60, true), (119, true), (120, false)] {
            let step = step_of("359152", SECRET, 0, at(second));
            // 359152 is the code of step 2 (RFC 4226, appendix D).
            assert_eq!(step, is_right.then_some(2), "{second}");
        }
        assert_eq!(step_of("359152", SECRET, 2, at(60)), None);
        for wrong in ["", "35915", "0359152", "35 9152", "abcdef"] {
            assert_eq!(step_of(wrong, SECRET, 0, at(60)), None, "{wrong}");
        }
    }
}
