//! A delivery: one order on its way with one rider. Everybody with its link may follow it.

use crate::names::named_values;
use crate::text::short_text;
use crate::{Latitude, Longitude, Timestamp};

short_text!(
    /// The shop's name for an order.
    OrderId, "order_id", 128, "must be 1 to 128 characters without control characters"
);
short_text!(
    /// The platform's name for a rider: the `sub` of its token.
    RiderId, "rider_id", 128, "must be 1 to 128 characters without control characters"
);
short_text!(
    /// A telephone number as the notification service takes it.
    Phone, "phone", 32, "must be 1 to 32 characters, such as +233501234567"
);

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
    use super::{DeliveryStatus, Step, StepRefused};

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
