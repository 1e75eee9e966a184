//! The vehicles that must be read from the store, and from when on.

use milepost_clock::Clock;
use milepost_store::VehicleNo;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// Each once; a late position waits for those that follow it.
pub(crate) struct Behind {
    clock: Clock,
    due: HashMap<VehicleNo, Instant>,
    /// The same, first the one that is due first.
    in_order: BTreeSet<(Instant, VehicleNo)>,
}

impl Behind {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, due: HashMap::new(), in_order: BTreeSet::new() }
    }

    /// At once.
    pub(crate) fn add(&mut self, vehicle: VehicleNo) {
        let now = self.clock.instant();
        if self.due.get(&vehicle).is_none_or(|due| *due > now) {
            self.set(vehicle, now);
        }
    }

    /// After a while, unless it is due before.
    pub(crate) fn add_after(&mut self, vehicle: VehicleNo, after: Duration) {
        if !self.due.contains_key(&vehicle) {
            self.set(vehicle, self.clock.instant() + after);
        }
    }

    fn set(&mut self, vehicle: VehicleNo, due: Instant) {
        if let Some(before) = self.due.insert(vehicle, due) {
            self.in_order.remove(&(before, vehicle));
        }
        self.in_order.insert((due, vehicle));
    }

    /// Takes the one that is due first, if it is due by now.
    pub(crate) fn take_due(&mut self) -> Option<VehicleNo> {
        let (due, vehicle) = *self.in_order.first()?;
        if due > self.clock.instant() {
            return None;
        }
        self.in_order.remove(&(due, vehicle));
        self.due.remove(&vehicle);
        Some(vehicle)
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.in_order.first().map(|(due, _)| *due)
    }

    pub(crate) fn len(&self) -> usize {
        self.due.len()
    }

    /// All are due now: nothing more comes.
    pub(crate) fn hurry(&mut self) {
        let vehicles: Vec<VehicleNo> = self.due.keys().copied().collect();
        vehicles.into_iter().for_each(|vehicle| self.add(vehicle));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::Behind;
    use crate::samples::two_numbers;
    use milepost_clock::TurnableClock;
    use std::time::Duration;

    #[tokio::test]
    async fn a_late_vehicle_waits_and_is_due_at_once_when_it_is_missed_too() {
        let (clock, (bus, car)) = (TurnableClock::new(), two_numbers().await);
        let mut behind = Behind::new(clock.clock());
        behind.add_after(bus, Duration::from_secs(1));
        behind.add_after(car, Duration::from_secs(2));
        // Further late positions do not make it wait for longer.
        clock.turn(Duration::from_millis(900));
        behind.add_after(bus, Duration::from_secs(1));
        assert_eq!(behind.take_due(), None);
        clock.turn(Duration::from_millis(100));
        assert_eq!((behind.take_due(), behind.take_due()), (Some(bus), None));
        behind.add(car);
        assert_eq!((behind.take_due(), behind.len()), (Some(car), 0));
        behind.add_after(car, Duration::from_secs(2));
        behind.hurry();
        assert_eq!((behind.take_due(), behind.next_due()), (Some(car), None));
    }
}
