//! Writes down what folding came to, and wakes whoever tells it.

use crate::figures::TrackCounters;
use crate::followed::Followed;
use crate::{RETRY_AFTER, TrackFollower};
use milepost_store::{HistoryWrite, StoreError, VehicleNo};

/// One transaction holds so many vehicles and rows at most, or one vehicle with more rows.
const WRITE_VEHICLES: usize = 200;
const WRITE_ROWS: usize = 2_000;

impl TrackFollower {
    /// Writes what is due, in transactions of a bounded size.
    pub(crate) async fn write_due(&mut self) {
        let due = std::mem::take(&mut self.due);
        let now = self.now();
        let (mut writes, mut rows) = (Vec::new(), 0);
        for vehicle in due {
            let Some(followed) = self.followed.get(vehicle) else { continue };
            rows += followed.news.len();
            writes.extend(followed.take_write(now));
            if writes.len() >= WRITE_VEHICLES || rows >= WRITE_ROWS {
                self.write_or_forget(std::mem::take(&mut writes)).await;
                rows = 0;
            }
        }
        if !writes.is_empty() {
            self.write_or_forget(writes).await;
        }
    }

    async fn write_or_forget(&mut self, writes: Vec<HistoryWrite>) {
        let vehicles: Vec<VehicleNo> = writes.iter().map(|write| write.vehicle).collect();
        if let Err(error) = self.write(writes).await {
            self.failed(&error);
            // Nothing, or all of it, was written; the store knows.
            for vehicle in vehicles {
                self.followed.forget(vehicle);
                self.behind.add_after(vehicle, RETRY_AFTER);
            }
        }
    }

    /// Writes, and wakes whoever tells. Vehicles that another node folded meanwhile are forgotten and will be read again.
    pub(crate) async fn write(&mut self, writes: Vec<HistoryWrite>) -> Result<Vec<VehicleNo>, StoreError> {
        let stale = self.store.write_history(&writes, self.clock.now()).await?;
        self.is_failing = false;
        for vehicle in &stale {
            self.followed.forget(*vehicle);
            self.behind.add(*vehicle);
        }
        let written = writes.iter().filter(|write| !stale.contains(&write.vehicle));
        let told: usize = written.map(|write| write.changes.len()).sum();
        if told > 0 {
            TrackCounters::add(&self.inbox.counters.facts, told);
            self.wakers.iter().for_each(|wake| wake());
        }
        Ok(stale)
    }

    /// Writes one vehicle; false if another node folded it meanwhile: it will be read again.
    pub(crate) async fn write_one(&mut self, followed: &mut Followed) -> Result<bool, StoreError> {
        let Some(write) = followed.take_write(self.now()) else { return Ok(true) };
        let stale = self.write(vec![write]).await?;
        Ok(stale.is_empty())
    }
}
