//! Writes down what folding came to, and wakes whoever tells it.

use super::figures::TrackCounters;
use super::followed::Followed;
use super::{Follower, RETRY_AFTER};
use crate::ServiceError;
use milepost_store::{HistoryWrite, VehicleNo};

/// One transaction holds so many vehicles and rows at most, or one vehicle with more rows.
const WRITE_VEHICLES: usize = 200;
const WRITE_ROWS: usize = 2_000;

impl Follower<'_> {
    /// Writes what is due, in transactions of a bounded size.
    pub(super) async fn write_due(&mut self) {
        let due = std::mem::take(&mut self.due);
        let (mut writes, mut rows) = (Vec::new(), 0);
        for vehicle in due {
            let Some(followed) = self.followed.get(vehicle) else { continue };
            rows += followed.news.len();
            writes.extend(followed.take_write());
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
    pub(super) async fn write(&mut self, writes: Vec<HistoryWrite>) -> Result<Vec<VehicleNo>, ServiceError> {
        let stale = self.service.store.write_history(&writes, self.service.now()).await?;
        self.is_failing = false;
        for vehicle in &stale {
            self.followed.forget(*vehicle);
            self.behind.add(*vehicle);
        }
        let written = writes.iter().filter(|write| !stale.contains(&write.vehicle));
        let told: usize = written.map(|write| write.changes.len()).sum();
        if told > 0 {
            TrackCounters::add(&self.service.tracks.counters.facts, told);
            self.service.wake_events();
            self.service.wake_outbox();
        }
        Ok(stale)
    }

    /// Writes one vehicle; false if another node folded it meanwhile: it will be read again.
    pub(super) async fn write_one(&mut self, followed: &mut Followed) -> Result<bool, ServiceError> {
        let Some(write) = followed.take_write() else { return Ok(true) };
        let stale = self.write(vec![write]).await?;
        Ok(stale.is_empty())
    }
}
