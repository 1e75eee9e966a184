//! Reads the parcel number from a URL.

use milepost_domain::ParcelId;
use milepost_http::Problem;

/// The value of `?parcel_id=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedParcel {
    /// Absent, or not a number.
    NoNumber,
    /// A number that no parcel can have.
    NoParcel,
    /// A possible parcel number.
    Parcel(ParcelId),
}

impl NamedParcel {
    pub(crate) fn parse(text: Option<&str>) -> Self {
        let text = text.unwrap_or_default();
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::NoNumber;
        }
        // Below 1, or more digits than any parcel number has.
        text.parse().ok().and_then(|number| ParcelId::new(number).ok()).map_or(Self::NoParcel, Self::Parcel)
    }

    /// The parcel's number, or the refusal.
    pub(crate) fn id(self) -> Result<ParcelId, Problem> {
        match self {
            Self::Parcel(id) => Ok(id),
            Self::NoNumber => Err(Problem::malformed("parcel_id must be a number: ?parcel_id=12")),
            Self::NoParcel => Err(Problem::not_found("parcel")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_number_differs_from_an_impossible_one() {
        for text in ["", "abc", "12abc", "1.5", "1e3", "-", "+1", " 1", "٣", "0x10", "NaN"] {
            assert_eq!(NamedParcel::parse(Some(text)), NamedParcel::NoNumber, "{text}");
        }
        for text in ["0", "-5", "99999999999999999999"] {
            assert_eq!(NamedParcel::parse(Some(text)), NamedParcel::NoParcel, "{text}");
        }
        assert_eq!(NamedParcel::parse(None), NamedParcel::NoNumber);
        assert_eq!(NamedParcel::parse(Some("12")), NamedParcel::Parcel(ParcelId::new(12).unwrap()));
    }
}
