//! Holds positions of the past for a moment before they are folded.
//!
//! A gateway uploads what it kept over several connections, and positions overtake each other. While they are held most can be
//! sorted. To fold again from the store costs a hundred times as much.

use milepost_clock::Clock;
use milepost_domain::{Position, TenantId, Timestamp};
use milepost_store::{TrackStep, UnfoldedPosition, VehicleNo};
use milepost_track::is_null_island;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// A position that is this much older than the clock is of the past, and nobody waits for it. Milliseconds.
pub(crate) const PAST_MS: i64 = 60_000;
/// A position is held for one to two ticks.
pub(crate) const TICK: Duration = Duration::from_millis(500);
/// Positions held, about 150 bytes each. When full, the vehicles of further positions are read from the store.
const HELD_POSITIONS: usize = 200_000;

pub(crate) struct Uploads {
    clock: Clock,
    vehicles: HashMap<VehicleNo, Upload>,
    positions: usize,
    next_tick: Instant,
}

struct Upload {
    tenant: TenantId,
    /// In the order of commit.
    held: Vec<Held>,
    /// The newest position.
    newest: Timestamp,
    /// The newest position at the last tick: up to it positions may be folded.
    settled: Option<Timestamp>,
}

pub(crate) struct Held {
    pub(crate) position: Position,
    /// The store noted it as late.
    pub(crate) is_late: bool,
    /// It is marked as an outlier.
    pub(crate) is_marked: bool,
}

impl From<UnfoldedPosition> for Held {
    fn from(read: UnfoldedPosition) -> Self {
        Self { position: read.position, is_late: read.is_late, is_marked: read.mark.is_some() }
    }
}

/// Positions of one vehicle that may be folded, in the order of time.
pub(crate) struct Settled {
    pub(crate) vehicle: VehicleNo,
    pub(crate) tenant: TenantId,
    pub(crate) positions: Vec<Held>,
}

impl Uploads {
    pub(crate) fn new(clock: Clock) -> Self {
        let next_tick = clock.instant();
        Self { clock, vehicles: HashMap::new(), positions: 0, next_tick }
    }

    /// The newest position held of a vehicle: the next one must follow it.
    pub(crate) fn newest(&self, vehicle: VehicleNo) -> Option<Timestamp> {
        self.vehicles.get(&vehicle).map(|upload| upload.newest)
    }

    /// Holds a vehicle's newest position; false if there is no room.
    pub(crate) fn hold_newest(&mut self, tenant: &TenantId, step: TrackStep, position: Position) -> bool {
        if self.positions >= HELD_POSITIONS {
            return false;
        }
        self.start_ticking();
        self.positions += 1;
        let upload = self.vehicles.entry(step.vehicle).or_insert_with(|| Upload {
            tenant: tenant.clone(),
            held: Vec::new(),
            newest: position.at,
            settled: None,
        });
        upload.newest = position.at;
        upload.held.push(Held { position, is_late: false, is_marked: step.is_wrong });
        true
    }

    /// Holds a late position among others of its vehicle; false if none are held, or there is no room, or it is newer than all that
    /// are held: then the newer one after which it came was missed here, and would be waited for without end.
    pub(crate) fn hold_late(&mut self, vehicle: VehicleNo, position: Position) -> bool {
        if self.positions >= HELD_POSITIONS {
            return false;
        }
        let Some(upload) = self.vehicles.get_mut(&vehicle).filter(|upload| position.at < upload.newest) else {
            return false;
        };
        self.positions += 1;
        // A late one is marked only at null island, and so may a ship be that is there.
        let is_marked = position.is_invalid || is_null_island((&position).into());
        upload.held.push(Held { position, is_late: true, is_marked });
        true
    }

    /// Replaces what is held of a vehicle by positions from the store, in the order of time and newer than all that is folded;
    /// false if there is no room.
    pub(crate) fn hold_read(&mut self, tenant: &TenantId, vehicle: VehicleNo, read: Vec<Held>) -> bool {
        self.forget(vehicle);
        if self.positions + read.len() > HELD_POSITIONS {
            return false;
        }
        if let Some(newest) = read.last().map(|held| held.position.at) {
            self.start_ticking();
            self.positions += read.len();
            self.vehicles.insert(vehicle, Upload { tenant: tenant.clone(), held: read, newest, settled: None });
        }
        true
    }

    /// Drops what is held of a vehicle, because it is read from the store.
    pub(crate) fn forget(&mut self, vehicle: VehicleNo) {
        self.positions -= self.vehicles.remove(&vehicle).map_or(0, |upload| upload.held.len());
    }

    fn start_ticking(&mut self) {
        if self.vehicles.is_empty() {
            self.next_tick = self.clock.instant() + TICK;
        }
    }

    /// Vehicles with held positions.
    pub(crate) fn len(&self) -> usize {
        self.vehicles.len()
    }

    /// When positions may be folded next.
    pub(crate) fn next_tick(&self) -> Option<Instant> {
        (!self.vehicles.is_empty()).then_some(self.next_tick)
    }

    /// Takes the positions that may be folded by now; all, if no more come.
    pub(crate) fn take_settled(&mut self, is_last: bool) -> Vec<Settled> {
        let now = self.clock.instant();
        if self.vehicles.is_empty() || !is_last && now < self.next_tick {
            return Vec::new();
        }
        self.next_tick = now + TICK;
        let mut settled = Vec::new();
        for (vehicle, upload) in &mut self.vehicles {
            upload.held.sort_by_key(|held| held.position.at);
            let until = if is_last { Some(upload.newest) } else { upload.settled };
            let count = upload.held.partition_point(|held| Some(held.position.at) <= until);
            upload.settled = Some(upload.newest);
            self.positions -= count;
            if count > 0 {
                let rest = upload.held.split_off(count);
                let positions = std::mem::replace(&mut upload.held, rest);
                settled.push(Settled { vehicle: *vehicle, tenant: upload.tenant.clone(), positions });
            }
        }
        self.vehicles.retain(|_, upload| !upload.held.is_empty());
        settled
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::{HELD_POSITIONS, Settled, TICK, Uploads};
    use crate::samples::{at, position, two_numbers};
    use milepost_clock::{Clock, TurnableClock};
    use milepost_domain::TenantId;
    use milepost_store::TrackStep;

    fn times(settled: &[Settled]) -> Vec<(i64, bool)> {
        let held = settled.iter().flat_map(|one| &one.positions);
        held.map(|held| (held.position.at.unix_ms(), held.is_late)).collect()
    }

    #[tokio::test]
    async fn a_late_position_is_put_in_order_until_the_end_of_the_next_tick() {
        let (clock, (bus, car)) = (TurnableClock::new(), two_numbers().await);
        let (mut uploads, home) = (Uploads::new(clock.clock()), TenantId::default_tenant());
        let step = |vehicle| TrackStep { vehicle, after: None, is_wrong: false };
        assert!(!uploads.hold_late(bus, position(5)), "there is nothing to wait with");
        assert!(uploads.hold_newest(&home, step(bus), position(10)));
        assert!(uploads.hold_newest(&home, step(bus), position(30)));
        assert!(uploads.take_settled(false).is_empty());
        clock.turn(TICK);
        assert!(uploads.take_settled(false).is_empty(), "it came within this tick");
        assert!(uploads.hold_late(bus, position(20)));
        assert!(uploads.hold_newest(&home, step(bus), position(50)));
        assert!(uploads.hold_newest(&home, step(car), position(1)));
        clock.turn(TICK);
        assert_eq!(times(&uploads.take_settled(false)), [(10, false), (20, true), (30, false)]);
        assert_eq!((uploads.newest(bus), uploads.newest(car)), (Some(at(50)), Some(at(1))));
        assert!(uploads.hold_late(bus, position(40)));
        assert!(!uploads.hold_late(bus, position(60)), "a newer one was missed");
        uploads.forget(car);
        assert_eq!(times(&uploads.take_settled(true)), [(40, true), (50, false)]);
        assert_eq!((uploads.positions, uploads.next_tick()), (0, None));
    }

    #[tokio::test]
    async fn a_position_is_not_held_when_the_buffer_is_full() {
        let (mut uploads, (bus, car)) = (Uploads::new(Clock::system()), two_numbers().await);
        let home = TenantId::default_tenant();
        for at_ms in 0..HELD_POSITIONS {
            assert!(uploads.hold_newest(
                &home,
                TrackStep { vehicle: bus, after: None, is_wrong: false },
                position(at_ms as i64)
            ));
        }
        assert!(!uploads.hold_late(bus, position(5)));
        assert!(!uploads.hold_newest(&home, TrackStep { vehicle: car, after: None, is_wrong: false }, position(1)));
        uploads.forget(bus);
        assert!(uploads.hold_newest(&home, TrackStep { vehicle: car, after: None, is_wrong: false }, position(1)));
    }
}
