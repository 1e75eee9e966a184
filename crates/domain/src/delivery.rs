//! A delivery: one order on its way with one rider. Everybody with its link may follow it.

use crate::names::named_values;
use crate::text::short_text;
use crate::{Invalid, Latitude, Longitude, Timestamp};

short_text!(
    /// The shop's name for an order.
    OrderId, "order_id", 128, "must be 1 to 128 characters without control characters"
);
short_text!(
    /// The platform's name for a rider: the `sub` of its token.
    RiderId, "rider_id", 128, "must be 1 to 128 characters without control characters"
);
/// A telephone number in the international form of E.164: `+`, the country's code, and the rest of the digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// `+` and 7 to 15 digits, of which the first is not 0. Shorter numbers are those of services within a country.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('+').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        match digits {
            Some(digits) if (7..=15).contains(&digits.len()) && !digits.starts_with('0') => Ok(Self(text.to_owned())),
            _ => Err(Invalid::new("phone", "must be + and 7 to 15 digits, such as +233501234567")),
        }
    }

    /// The number, with its `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OrderId {
    /// Whether it can be a segment of a URL's path: libraries resolve `.` and `..`, however they are encoded.
    pub fn is_path_segment(&self) -> bool {
        !matches!(self.as_str(), "." | "..")
    }

    /// The id for a text to a customer, if it is an order's number and nothing else: at most 24 letters, digits, `-`, `_`
    /// and `#`. Without spaces, dots and slashes it can be neither a sentence nor a link.
    pub fn in_text(&self) -> Option<&str> {
        const MAX_CHARS: usize = 24;
        let id = self.as_str();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'#');
        (id.len() <= MAX_CHARS && id.bytes().all(plain)).then_some(id)
    }
}

/// A delivery's link works for this long after the delivery, milliseconds.
pub const AFTER_DELIVERED_MS: i64 = 60 * 60 * 1000;

/// The status of a delivery. It only moves forward:
///
/// | from \ to    | ASSIGNED | PICKED_UP | IN_TRANSIT | DELIVERED |
/// |--------------|----------|-----------|------------|-----------|
/// | `ASSIGNED`   | same     | forward   | forward    | forward   |
/// | `PICKED_UP`  | refused  | same      | forward    | forward   |
/// | `IN_TRANSIT` | refused  | refused   | same       | forward   |
/// | `DELIVERED`  | refused  | refused   | refused    | refused   |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStatus {
    /// A rider is assigned and has not fetched it yet.
    Assigned,
    /// The rider has fetched it.
    PickedUp,
    /// On the way to the customer.
    InTransit,
    /// Handed over: the end.
    Delivered,
}

/// The result of asking for a new status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is the present status.
    Same,
    /// It comes later than the present status.
    Forward,
}

/// Why a status was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepRefused {
    /// It comes earlier than the present status.
    Backward,
    /// The delivery has ended.
    Ended,
}

named_values!(DeliveryStatus, "status", "must be ASSIGNED, PICKED_UP, IN_TRANSIT or DELIVERED", {
    Assigned => "ASSIGNED",
    PickedUp => "PICKED_UP",
    InTransit => "IN_TRANSIT",
    Delivered => "DELIVERED",
});

impl DeliveryStatus {
    /// The step from here to `to`; see the table above.
    ///
    /// # Errors
    /// [`StepRefused`] for a step back, and for any step after the end.
    pub fn step(self, to: Self) -> Result<Step, StepRefused> {
        match (self, to) {
            (Self::Delivered, _) => Err(StepRefused::Ended),
            (from, to) if to < from => Err(StepRefused::Backward),
            (from, to) if to == from => Ok(Step::Same),
            _ => Ok(Step::Forward),
        }
    }
}

/// Where the rider was at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeliveryFix {
    /// When the fix arrived: phones of this dialect send no time of their own.
    pub at: Timestamp,
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
}

/// One delivery session.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The public link's secret part, unique over all tenants.
    pub tracking_id: crate::TrackingId,
    /// The delivery platform.
    pub tenant: crate::TenantId,
    /// The shop's order.
    pub order_id: OrderId,
    /// The rider who brings it.
    pub rider_id: RiderId,
    /// Subject of the token that started the session. That user may update it too.
    pub started_by: String,
    /// The customer's number, for notifications by SMS.
    pub phone: Option<Phone>,
    /// Its present status.
    pub status: DeliveryStatus,
    /// Destination: degrees north and east.
    pub dropoff: (Latitude, Longitude),
    /// The rider's newest fix.
    pub last: Option<DeliveryFix>,
    /// Where the ride to the customer began: the rider's first fix, or the first after `ASSIGNED`.
    pub first: Option<DeliveryFix>,
    /// Metres ridden along the fixes since [`Self::first`].
    pub driven_m: f64,
    /// When it was started.
    pub created_at: Timestamp,
    /// When its status or place changed last.
    pub updated_at: Timestamp,
    /// When its link stops working.
    pub expires_at: Timestamp,
    /// Counts up with each change, from 1.
    pub version: i64,
}

impl Delivery {
    /// Has its link stopped working at `now`?
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryStatus::{Assigned, Delivered, InTransit, PickedUp};
    use super::{DeliveryStatus, OrderId, Phone, Step, StepRefused};

    #[test]
    fn a_phone_number_is_written_as_e164_says() {
        for fine in ["+233501234567", "+14155552671", "+6834000", "+123456789012345"] {
            assert_eq!(Phone::new(fine).map(|phone| phone.as_str().to_owned()).as_deref(), Ok(fine));
        }
        for wrong in [
            "",
            "911",
            "+911",
            "233501234567",
            "00233501234567",
            "+0233501234567",
            "+1234567890123456",
            "+1900PREMIUM",
            "a",
            "tel:+14155552671",
            "+233 50 123 4567",
            "+233-501234567",
            "+\u{ff12}\u{ff13}\u{ff13}5012345",
            "++233501234567",
            "+233501234567,+14155552671",
            "+233501234567\n",
        ] {
            assert!(Phone::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_text_shows_an_orders_number_and_no_message() {
        let shown = |id: &str| OrderId::stored(id).expect("an order id").in_text().map(str::to_owned);
        for number in ["ORD-12345", "1001", "#1001", "a_b-C"] {
            assert_eq!(shown(number).as_deref(), Some(number));
        }
        for message in [
            "free gift at http://evil.example/ call now",
            "evil.example",
            "a/b",
            "a b",
            "you\u{a0}won",
            "\u{202e}x",
            "a:b@c",
            "1234567890123456789012345",
        ] {
            assert_eq!(shown(message), None, "{message}");
        }
    }

    #[test]
    fn dots_alone_are_no_segment_of_a_path() {
        for (id, expected) in [(".", false), ("..", false), ("...", true), ("a/..", true), ("%2E", true)] {
            assert_eq!(OrderId::new(id).expect("an order id").is_path_segment(), expected, "{id}");
        }
    }

    #[test]
    fn a_delivery_only_moves_forward() {
        use Step::{Forward, Same};
        use StepRefused::{Backward, Ended};
        let table = [
            (Assigned, [Ok(Same), Ok(Forward), Ok(Forward), Ok(Forward)]),
            (PickedUp, [Err(Backward), Ok(Same), Ok(Forward), Ok(Forward)]),
            (InTransit, [Err(Backward), Err(Backward), Ok(Same), Ok(Forward)]),
            (Delivered, [Err(Ended), Err(Ended), Err(Ended), Err(Ended)]),
        ];
        for (from, row) in table {
            for (to, expected) in DeliveryStatus::ALL.into_iter().zip(row) {
                assert_eq!(from.step(to), expected, "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn a_status_is_written_as_in_the_system_that_it_replaces() {
        for status in DeliveryStatus::ALL {
            assert_eq!(DeliveryStatus::parse(status.as_str()), Ok(status));
        }
        assert!(DeliveryStatus::parse("delivered").is_err());
    }
}
