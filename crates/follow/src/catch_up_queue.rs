//! The vehicles that must be read from the store, in the order in which they are due.

use milepost_clock::Clock;
use milepost_store::VehicleNo;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// Holds each vehicle once.
pub(crate) struct CatchUpQueue {
    clock: Clock,
    due: HashMap<VehicleNo, Instant>,
    /// The same entries, the earliest first.
    in_order: BTreeSet<(Instant, VehicleNo)>,
}

impl CatchUpQueue {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, due: HashMap::new(), in_order: BTreeSet::new() }
    }

    /// Adds a vehicle that is due now.
    pub(crate) fn add(&mut self, vehicle: VehicleNo) {
        let now = self.clock.instant();
        if self.due.get(&vehicle).is_none_or(|due| *due > now) {
            self.set(vehicle, now);
        }
    }

    /// Adds a vehicle that is due after a while, unless it is in the queue already.
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

    /// Takes the earliest vehicle, if it is due by now.
    pub(crate) fn take_due(&mut self) -> Option<VehicleNo> {
        let (due, vehicle) = *self.in_order.first()?;
        if due > self.clock.instant() {
            return None;
        }
        self.in_order.remove(&(due, vehicle));
        self.due.remove(&vehicle);
        Some(vehicle)
    }

    /// When the earliest vehicle is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.in_order.first().map(|(due, _)| *due)
    }

    pub(crate) fn len(&self) -> usize {
        self.due.len()
    }

    pub(crate) fn make_all_due(&mut self) {
        let vehicles: Vec<VehicleNo> = self.due.keys().copied().collect();
        vehicles.into_iter().for_each(|vehicle| self.add(vehicle));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::CatchUpQueue;
    use crate::samples::two_numbers;
    use milepost_clock::TurnableClock;
    use std::time::Duration;

    #[tokio::test]
    async fn a_vehicle_with_late_positions_waits_unless_it_is_queued_for_another_reason() {
        let (clock, (bus, car)) = (TurnableClock::new(), two_numbers().await);
        let mut queue = CatchUpQueue::new(clock.clock());
        queue.add_after(bus, Duration::from_secs(100));
        queue.add_after(car, Duration::from_secs(200));
        // Further late positions do not make it wait for longer.
        clock.turn(Duration::from_secs(90));
        queue.add_after(bus, Duration::from_secs(100));
        assert_eq!(queue.take_due(), None);
        clock.turn(Duration::from_secs(10));
        assert_eq!((queue.take_due(), queue.take_due()), (Some(bus), None));
        queue.add(car);
        assert_eq!((queue.take_due(), queue.len()), (Some(car), 0));
        queue.add_after(car, Duration::from_secs(200));
        queue.make_all_due();
        assert_eq!((queue.take_due(), queue.next_due()), (Some(car), None));
    }
}
