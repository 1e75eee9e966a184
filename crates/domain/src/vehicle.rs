//! Vehicles: what is tracked.

use crate::text::short_text;
use crate::{AssignedAt, MAX_AHEAD_MS, OdometerKm, PastAssignments, Position, SpeedKmh, Timestamp, UserId, VehicleId};

short_text!(
    /// A name for people: a vehicle's label, a tenant's name, a route, a licence plate.
    Label, "label", 200, "must be 1 to 200 characters without control characters"
);
short_text!(
    /// bus, car, van, truck, bike, person, …: an open list.
    VehicleKind, "kind", 32, "must be 1 to 32 characters, such as bus, car, van, truck, bike or person"
);
short_text!(
    /// The operator's word for what the vehicle is doing: `active`, `on_route`, `maintenance`, …
    VehicleStatus, "status", 32, "must be 1 to 32 characters, such as active, on_route or maintenance"
);

impl VehicleStatus {
    /// The status of a vehicle that was entered without one.
    pub fn active() -> Self {
        Self("active".to_owned())
    }
}

/// A vehicle as its operator describes it. Where it is belongs to its [`crate::NewestPosition`].
#[derive(Debug, Clone, PartialEq)]
pub struct Vehicle {
    /// Unique within its tenant.
    pub id: VehicleId,
    /// bus, car, …
    pub kind: VehicleKind,
    /// Name for people.
    pub label: Label,
    /// Licence plate.
    pub license_plate: Option<Label>,
    /// The route that it serves.
    pub route: Option<Label>,
    /// Operator's status.
    pub status: VehicleStatus,
    /// Its driver, who may report positions for it.
    pub driver_id: Option<UserId>,
    /// Its drivers before the present one. The store writes them when the driver changes.
    pub past_drivers: PastAssignments<Option<UserId>>,
    /// Since when its driver is off duty. The store writes it.
    pub off_duty_since: Option<Timestamp>,
    /// Its own speed limit; the tenant's default otherwise.
    pub speed_limit: Option<SpeedKmh>,
    /// Litres per 100 km, 0 to 1000.
    pub fuel_l_per_100km: Option<f64>,
    /// Price of a litre, in the tenant's currency, 0 to 1,000,000.
    pub fuel_price_per_l: Option<f64>,
    /// Odometer at the time of entry.
    pub odometer: Option<OdometerKm>,
    /// The odometer's reading at which it is to be serviced next.
    pub service_due_km: Option<OdometerKm>,
    /// When it is to be serviced next, whatever the odometer says.
    pub service_due_at: Option<Timestamp>,
    /// Counts up with each change. One that is made anew under an old id has none of the old one's versions.
    pub version: i64,
}

impl Vehicle {
    /// An active vehicle of which nothing else is known. Its first version is made when it is stored.
    pub fn new(id: VehicleId, kind: VehicleKind, label: Label) -> Self {
        Self {
            id,
            kind,
            label,
            license_plate: None,
            route: None,
            status: VehicleStatus::active(),
            driver_id: None,
            past_drivers: PastAssignments::default(),
            off_duty_since: None,
            speed_limit: None,
            fuel_l_per_100km: None,
            fuel_price_per_l: None,
            odometer: None,
            service_due_km: None,
            service_due_at: None,
            version: 0,
        }
    }

    /// Whether a place may be shown: while its driver is off duty, one of before is stale, and is nobody's business.
    pub fn shows(&self, last: &Position) -> bool {
        self.off_duty_since.is_none_or(|since| last.at >= since)
    }

    /// Who drove it at a time; `None` if nobody was its driver, and if that is not known any more.
    pub fn driver_at(&self, at: Timestamp) -> Option<UserId> {
        match self.past_drivers.at(at) {
            AssignedAt::Present => self.driver_id,
            AssignedAt::Past(driver) => *driver,
            AssignedAt::Unknown => None,
        }
    }

    /// May this user report where it was at a time? Its driver of that time may. So may one whose clock is a little slow, and
    /// the present driver for a time in which it had none, but not for another driver's.
    pub(crate) fn is_reported_by(&self, user: UserId, at: Timestamp) -> bool {
        let driver = self.driver_at(at);
        driver == Some(user)
            || self.driver_at(at.plus_ms(MAX_AHEAD_MS)) == Some(user)
            || driver.is_none() && self.driver_id == Some(user)
    }
}
