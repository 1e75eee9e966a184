//! Identifiers: texts and numbers.

use crate::precis::may_join;
use crate::{Invalid, unicode};
use std::fmt;
use std::sync::Arc;

/// Ids are short so that channel names, log lines and URLs stay short too.
pub const MAX_ID_CHARS: usize = 64;

/// Letters of every script with their marks, digits, and the signs that real fleets use in their numbers (`MTA NYCT_2782`,
/// `bus:7`). `text` is in NFC.
fn is_id(text: &str) -> bool {
    let fits = (1..=MAX_ID_CHARS).contains(&text.chars().count());
    // URL libraries remove `.` and `..` from paths.
    fits && text.trim() == text && text != "." && text != ".." && has_only_id_characters(text)
}

fn has_only_id_characters(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '@' | '-' | ' ');
    if text.is_ascii() {
        return text.chars().all(is_plain);
    }
    let chars: Vec<char> = text.chars().collect();
    let is_letter = |c: char| c.is_alphanumeric() && !unicode::is_ignorable(c);
    let has_letter_before = |at: usize| at > 0 && (is_letter(chars[at - 1]) || unicode::is_mark(chars[at - 1]));
    chars.iter().enumerate().all(|(at, &c)| match c {
        // Sinhala, Bengali and Persian words are written with them.
        '\u{200c}' | '\u{200d}' => may_join(&chars, at),
        _ => is_plain(c) || is_letter(c) || (unicode::is_mark(c) && has_letter_before(at)),
    })
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// 1 to 64 letters with their marks, digits, spaces inside, or `. _ : @ -`. Kept in NFC.
            ///
            /// # Errors
            /// [`Invalid`] for anything else.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                let text = unicode::nfc(text);
                if is_id(&text) {
                    Ok(Self(text.as_ref().into()))
                } else {
                    Err(Invalid::new($field, "must be 1 to 64 letters, digits, . _ : @ - or spaces inside"))
                }
            }

            /// A stored id, possibly accepted by rules that allowed other characters.
            ///
            /// # Errors
            /// [`Invalid`] when it is empty.
            pub fn stored(text: &str) -> Result<Self, Invalid> {
                if text.is_empty() { Err(Invalid::new($field, "must not be empty")) } else { Ok(Self(unicode::nfc(text).as_ref().into())) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// # Errors
            /// [`Invalid`](crate::Invalid) below 1.
            pub const fn new(number: i64) -> Result<Self, $crate::Invalid> {
                if number >= 1 { Ok(Self(number)) } else { Err($crate::Invalid::new($field, "must be a whole number from 1")) }
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}
pub(crate) use number_id;

text_id!(
    /// A company, a school, a platform, a unit. Nothing of one tenant is ever visible to another.
    TenantId,
    "tenant"
);
text_id!(
    /// A bus, car, truck, bike or person that is tracked. Unique within its tenant.
    VehicleId,
    "vehicle_id"
);
text_id!(
    /// A kiosk, tracker or phone that reports for one vehicle. Unique within its tenant.
    DeviceId,
    "device_id"
);
text_id!(
    /// A delivery's public link: everybody who knows it may follow. Unique over all tenants, and not to be guessed.
    TrackingId,
    "tracking_id"
);
text_id!(
    /// A trip: a UUID of version 7, so that ids sort by the time at which they were made. Unique over all tenants.
    TripId,
    "trip_id"
);
text_id!(
    /// An alert: a UUID of version 7. Unique over all tenants.
    AlertId,
    "alert_id"
);
text_id!(
    /// A proof of delivery: a UUID of version 7. Unique over all tenants.
    ProofId,
    "proof_id"
);
text_id!(
    /// A job: random, so that nobody guesses it. Unique over all tenants.
    JobId,
    "job_id"
);

impl TenantId {
    /// The tenant that exists from the start.
    pub fn default_tenant() -> Self {
        Self("default".into())
    }
}

number_id!(
    /// A person's number, unique over all tenants, from 1.
    UserId,
    "user_id"
);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_of_every_script() {
        for id in [
            "bus-7",
            "MTA NYCT_2782",
            "बस",
            "ट्रक",
            "গাড়ি ২",
            "ট্রাক",
            "รถบัสที่ ๑",
            "பேருந்து",
            "Coche-ñ",
            "שָׁלוֹם",
            "ශ්\u{200d}රී",
            "می\u{200c}روم",
            "ガ",
            "Số-7",
            "한국",
        ] {
            assert!(VehicleId::new(id).is_ok(), "{id}");
        }
    }

    #[test]
    fn the_composed_and_the_decomposed_form_are_one_id() {
        for (composed, decomposed) in
            [("Coche-ñ", "Coche-n\u{303}"), ("한", "\u{1112}\u{1161}\u{11ab}"), ("ガ", "カ\u{3099}")]
        {
            let id = VehicleId::new(decomposed).unwrap();
            assert_eq!(id.as_str(), composed);
            assert_eq!(id, VehicleId::new(composed).unwrap());
            assert_eq!(id, VehicleId::stored(decomposed).unwrap());
        }
        assert!(VehicleId::new(&"n\u{303}".repeat(64)).is_ok(), "64 letters");
        assert!(VehicleId::new(&"n\u{303}".repeat(65)).is_err(), "65 letters");
    }

    #[test]
    fn what_shows_nothing_or_is_no_letter_is_refused() {
        for id in [
            "",
            " ",
            "a ",
            ".",
            "..",
            "a/b",
            "a\u{200b}",
            "a\u{2060}",
            "a\u{ad}b",
            "a\u{202e}b",
            "\u{3164}",
            "bus\u{3164}",
            "a\u{200d}b",
            "\u{301}",
            "a \u{301}",
            "a\u{fe0f}",
            "🚌",
            "a\u{a0}b",
            "a\tb",
            "\u{2800}",
        ] {
            assert!(DeviceId::new(id).is_err(), "{id:?}");
        }
    }
}
