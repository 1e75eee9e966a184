//! Writes what folding has found, and wakes the tasks that publish it.

use crate::followed_vehicle::FollowedVehicle;
use crate::follower::{RETRY_AFTER, TrackFollower};
use milepost_store::{HistoryWrite, StoreError, VehicleNo};

/// Vehicles in one transaction.
const WRITE_VEHICLES: usize = 200;
/// Rows in one transaction, unless one vehicle alone has more.
const WRITE_ROWS: usize = 2_000;

impl TrackFollower {
    /// Writes the dirty vehicles, in transactions of a bounded size.
    pub(crate) async fn write_dirty(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        let now = self.now();
        let (mut writes, mut rows) = (Vec::new(), 0);
        for vehicle in dirty {
            let Some(followed) = self.followed.get(vehicle) else { continue };
            rows += followed.pending.len();
            writes.extend(followed.take_write(now));
            if writes.len() >= WRITE_VEHICLES || rows >= WRITE_ROWS {
                self.write_or_drop(std::mem::take(&mut writes)).await;
                rows = 0;
            }
        }
        if !writes.is_empty() {
            self.write_or_drop(writes).await;
        }
    }

    /// Drops the vehicles from memory if the write fails: only the store knows whether they were written.
    async fn write_or_drop(&mut self, writes: Vec<HistoryWrite>) {
        let vehicles: Vec<VehicleNo> = writes.iter().map(|write| write.vehicle).collect();
        if let Err(error) = self.write(writes).await {
            self.failed(&error);
            for vehicle in vehicles {
                self.followed.remove(vehicle);
                self.catch_up_queue.add_after(vehicle, RETRY_AFTER);
            }
        }
    }

    /// Answers the vehicles that another node folded meanwhile. They are dropped from memory and read again.
    async fn write(&mut self, writes: Vec<HistoryWrite>) -> Result<Vec<VehicleNo>, StoreError> {
        let stale = self.store.write_history(&writes, self.clock.now()).await?;
        self.is_failing = false;
        for vehicle in &stale {
            self.followed.remove(*vehicle);
            self.catch_up_queue.add(*vehicle);
        }
        let written = writes.iter().filter(|write| !stale.contains(&write.vehicle));
        let changes: usize = written.map(|write| write.changes.len()).sum();
        if changes > 0 {
            self.inbox.counters.written(changes);
            self.wakers.iter().for_each(|wake| wake());
        }
        Ok(stale)
    }

    /// Writes one vehicle; false if another node folded it meanwhile, so that it is read again.
    pub(crate) async fn write_one(&mut self, followed: &mut FollowedVehicle) -> Result<bool, StoreError> {
        let Some(write) = followed.take_write(self.now()) else { return Ok(true) };
        let stale = self.write(vec![write]).await?;
        Ok(stale.is_empty())
    }
}
