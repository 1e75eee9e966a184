//! How a person is reached: an e-mail address, a language and a time zone.

use crate::names::named_values;
use crate::{Invalid, Timestamp, ZoneName};
use std::fmt;

/// An address such as `ann@example.org`, in ASCII. A domain in another script has to be given in its ASCII form (`xn--…`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The length of the longest address, in bytes (RFC 5321, section 4.5.3.1.3).
    pub const MAX_BYTES: usize = 254;
    /// The length of the longest part before the `@`.
    const MAX_LOCAL_BYTES: usize = 64;

    /// An address without quotes and comments. The domain gets lower case.
    ///
    /// # Errors
    /// [`Invalid`] for any other text: it goes into the headers of messages.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let refused =
            Invalid::new("email", "must be an address such as ann@example.org, in ASCII, of at most 254 bytes");
        let fits = text.len() <= Self::MAX_BYTES;
        match text.rsplit_once('@').filter(|(local, domain)| fits && is_local_part(local) && is_domain(domain)) {
            Some((local, domain)) => Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase()))),
            None => Err(refused),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows only the domain: a log names no person.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EmailAddress").field(&self.0.rsplit_once('@').map_or("", |(_, domain)| domain)).finish()
    }
}

/// A dot-atom of RFC 5322, section 3.2.3.
fn is_local_part(text: &str) -> bool {
    let is_atom = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    text.len() <= EmailAddress::MAX_LOCAL_BYTES && text.split('.').all(is_atom)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.split('.').all(is_label)
}

/// The languages in which people are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Language {
    #[default]
    English,
    Indonesian,
}

named_values!(Language, "language", "must be en or id", {
    English => "en",
    Indonesian => "id",
});

/// Which mails about alerts a person gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AlertMail {
    /// One for each alert, at once.
    #[default]
    AtOnce,
    /// One with those of a quarter of an hour.
    QuarterHour,
    /// One with those of a day, in the morning of the reader's zone.
    Daily,
    /// None.
    Off,
}

named_values!(AlertMail, "alert_mail", "must be at_once, quarter_hour, daily or off", {
    AtOnce => "at_once",
    QuarterHour => "quarter_hour",
    Daily => "daily",
    Off => "off",
});

impl AlertMail {
    /// Whether there are any.
    pub const fn is_wanted(self) -> bool {
        !matches!(self, Self::Off)
    }
}

/// How a person is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// Where e-mail goes. It counts as confirmed: an admin has set it, or an identity provider has verified it.
    pub email: Option<EmailAddress>,
    /// The language of messages; English if unset.
    pub language: Option<Language>,
    /// The time zone of times in messages; UTC if unset.
    pub timezone: Option<ZoneName>,
    /// Which mails about alerts go to the address.
    pub alert_mail: AlertMail,
    /// Since when nothing goes to the address, because its mail server refuses it. It is good again when it is set again.
    pub refused_at: Option<Timestamp>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::EmailAddress;

    #[test]
    fn an_address_is_taken_as_it_is_but_for_the_case_of_its_domain() {
        for (typed, stored) in [
            ("ann@example.org", "ann@example.org"),
            ("Ann.Lee+bus@Example.ORG", "Ann.Lee+bus@example.org"),
            ("root@localhost", "root@localhost"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ] {
            assert_eq!(EmailAddress::new(typed).unwrap().as_str(), stored);
        }
    }

    #[test]
    fn what_could_be_another_header_or_recipient_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for wrong in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "a b@example.org",
            "ann@example.org\r\nBcc: eve@example.org",
            "ann@example.org,eve@example.org",
            "\"ann\"@example.org",
            "Ann <ann@example.org>",
            ".ann@example.org",
            "ann..lee@example.org",
            "ann@-example.org",
            "ann@example..org",
            "ann@[192.0.2.1]",
            "ánn@example.org",
            "ann@bücher.example",
            long.as_str(),
        ] {
            assert!(EmailAddress::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_log_names_no_person() {
        assert_eq!(format!("{:?}", EmailAddress::new("ann@example.org").unwrap()), "EmailAddress(\"example.org\")");
    }
}
