//! Makes the ids of tracking sessions. They stand in public links and can't be guessed.

use milepost_domain::TrackingId;

/// Crockford's base 32: it has no letters that look like digits, so that a link can be read aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 26 characters of 5 bits: 130 random bits.
const RANDOM_CHARS: usize = 26;

/// `TRK-` and 130 random bits.
///
/// # Panics
/// When the operating system has no randomness, because a guessable id would be unsafe.
pub(super) fn random_tracking_id() -> TrackingId {
    TrackingId::new(&format!("TRK-{}", random_chars())).expect("30 letters, digits and a dash are an id")
}

/// 130 random bits as text.
pub(super) fn random_chars() -> String {
    let mut bytes = [0_u8; RANDOM_CHARS];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    // 256 is a multiple of 32, so that all characters are equally likely.
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_links_are_alike_and_all_have_the_length() {
        let ids: HashSet<_> = (0..1_000).map(|_| random_tracking_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.as_str().len() == 30 && id.as_str().starts_with("TRK-")));
    }
}
