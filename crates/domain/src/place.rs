//! Places: a point on the map with an address.

use crate::unicode::turns_direction;
use crate::{Invalid, Latitude, Longitude};

/// Longest address, characters.
const MAX_ADDRESS_CHARS: usize = 500;

/// An address for people. May be empty, because a phone does not always know one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Address(String);

impl Address {
    /// An address as it is entered.
    ///
    /// # Errors
    /// [`Invalid`] past 500 characters, with control characters other than line breaks and tabs, or with characters that
    /// turn the direction of the text around it.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if turns_direction(text) {
            return Err(Invalid::new("address", "must not have characters that turn the direction of text"));
        }
        Self::stored(text)
    }

    /// A stored address, possibly accepted by rules that allowed more.
    ///
    /// # Errors
    /// [`Invalid`] past 500 characters, or with control characters other than line breaks and tabs.
    pub fn stored(text: &str) -> Result<Self, Invalid> {
        let fits = text.chars().count() <= MAX_ADDRESS_CHARS;
        if fits && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("address", "must be at most 500 characters without control characters"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a parcel is fetched or delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// In words.
    pub address: Address,
}
