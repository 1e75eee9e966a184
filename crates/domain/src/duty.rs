//! Off-duty time: whose positions are not kept, of which time.

use crate::names::named_values;
use crate::{Caller, Timestamp, UserId, Vehicle};
use std::collections::HashMap;
use std::sync::Arc;

/// What a tenant leaves out while a driver is off duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OffDutyRule {
    /// Nothing. Its drivers are not asked.
    Kept,
    /// What the driver's phone reports. A tracker in the vehicle goes on.
    Phones,
    /// What the driver's phone and the vehicle's own tracker report.
    Vehicles,
}

named_values!(OffDutyRule, "off_duty", "must be kept, phones or vehicles", {
    Kept => "kept",
    Phones => "phones",
    Vehicles => "vehicles",
});

/// What a position comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedBy {
    /// A phone or an app, or something of which nobody knows that it is none.
    Phone,
    /// Hardware that belongs to the vehicle.
    Vehicle,
}

/// One time off duty, from `from` until before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffDuty {
    /// When it began.
    pub from: Timestamp,
    /// When it ended; `None` while it goes on.
    pub to: Option<Timestamp>,
    /// The vehicle's own tracker was left out too.
    pub with_vehicle: bool,
}

impl OffDuty {
    fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// The largest number of times that are kept of one driver. When there are more, the two oldest become one, which also covers the
/// time between them: nothing of off-duty time is ever kept.
pub const MAX_OFF_DUTY: usize = 1_000;

/// The times off duty of a tenant's drivers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffDutyTimes(HashMap<UserId, Arc<[OffDuty]>>);

impl OffDutyTimes {
    /// Times of several drivers in any order.
    pub fn new(times: impl IntoIterator<Item = (UserId, OffDuty)>) -> Self {
        let mut of: HashMap<UserId, Vec<OffDuty>> = HashMap::new();
        for (driver, time) in times {
            of.entry(driver).or_default().push(time);
        }
        let sorted = of.into_iter().map(|(driver, mut times)| {
            times.sort_by_key(|time| time.from);
            (driver, times.into())
        });
        Self(sorted.collect())
    }

    /// Replaces the times of one driver by those in `others`.
    pub fn replace(&mut self, driver: UserId, others: &Self) {
        match others.0.get(&driver) {
            Some(times) => self.0.insert(driver, Arc::clone(times)),
            None => self.0.remove(&driver),
        };
    }

    /// The time off duty of a driver that holds a moment.
    pub fn at(&self, driver: UserId, at: Timestamp) -> Option<&OffDuty> {
        let times = self.0.get(&driver)?;
        times[..times.partition_point(|time| time.from <= at)].last().filter(|time| time.covers(at))
    }

    /// Since when a driver is off duty.
    pub fn since(&self, driver: UserId) -> Option<Timestamp> {
        self.0.get(&driver)?.last().filter(|time| time.to.is_none()).map(|time| time.from)
    }

    /// Whether what a vehicle's position says is not to be kept: its driver of that time, or the person who reports it, was off duty.
    pub fn leaves_out(&self, vehicle: &Vehicle, caller: Option<&Caller>, by: ReportedBy, at: Timestamp) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let people = [vehicle.driver_at(at), caller.and_then(Caller::user_id)];
        people.into_iter().flatten().filter_map(|person| self.at(person, at)).any(|time| match by {
            ReportedBy::Phone => true,
            ReportedBy::Vehicle => time.with_vehicle,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{Label, VehicleId, VehicleKind};

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms).unwrap()
    }

    fn off(from: i64, to: Option<i64>, with_vehicle: bool) -> OffDuty {
        OffDuty { from: ms(from), to: to.map(ms), with_vehicle }
    }

    #[test]
    fn off_duty_time_leaves_out_the_phone_and_where_it_is_so_the_vehicle() {
        let driver = UserId::new(7).unwrap();
        let times = OffDutyTimes::new([
            (driver, off(300, None, true)),
            (driver, off(100, Some(200), false)),
            (UserId::new(8).unwrap(), off(0, None, true)),
        ]);
        let mut van =
            Vehicle::new(VehicleId::new("van").unwrap(), VehicleKind::new("van").unwrap(), Label::new("Van").unwrap());
        van.driver_id = Some(driver);
        let left_out = |by, at| times.leaves_out(&van, None, by, ms(at));
        for (at, phone, vehicle) in [
            (99, false, false),
            (100, true, false),
            (199, true, false),
            (200, false, false),
            (299, false, false),
            (300, true, true),
            (9_000, true, true),
        ] {
            assert_eq!(left_out(ReportedBy::Phone, at), phone, "{at}");
            assert_eq!(left_out(ReportedBy::Vehicle, at), vehicle, "{at}");
        }
        assert_eq!(times.since(driver), Some(ms(300)));
        van.driver_id = None;
        assert!(!times.leaves_out(&van, None, ReportedBy::Phone, ms(400)), "it has no driver");
    }

    #[test]
    fn a_driver_that_comes_back_is_on_duty() {
        let driver = UserId::new(7).unwrap();
        let mut times = OffDutyTimes::new([(driver, off(100, None, false))]);
        times.replace(driver, &OffDutyTimes::new([(driver, off(100, Some(150), false))]));
        assert_eq!((times.since(driver), times.at(driver, ms(160))), (None, None));
        assert!(times.at(driver, ms(149)).is_some());
        times.replace(driver, &OffDutyTimes::default());
        assert_eq!(times, OffDutyTimes::default());
    }
}
