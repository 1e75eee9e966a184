//! Writes what folding has found, and wakes the tasks that publish it.

use crate::followed_vehicle::FollowedVehicle;
use crate::follower::{RETRY_AFTER, TrackFollower};
use milepost_store::{HistoryOutcome, HistoryWrite, StoreError, VehicleNo};

/// Vehicles in one transaction.
const WRITE_VEHICLES: usize = 200;
/// Rows in one transaction, unless one vehicle alone has more.
const WRITE_ROWS: usize = 2_000;

impl TrackFollower {
    /// Writes the dirty vehicles and those that leave memory, in transactions of a bounded size.
    pub(crate) async fn write_dirty(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        let mut leaving = self.followed.take_leaving();
        let now = self.now();
        let (mut writes, mut rows) = (Vec::new(), 0);
        for followed in &mut leaving {
            rows += followed.pending.len();
            writes.extend(followed.take_write(now));
            if writes.len() >= WRITE_VEHICLES || rows >= WRITE_ROWS {
                self.write_or_drop(std::mem::take(&mut writes)).await;
                rows = 0;
            }
        }
        for vehicle in dirty {
            if let Some(mut followed) = self.followed.get(vehicle) {
                rows += followed.pending.len();
                writes.extend(followed.take_write(now));
            }
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

    /// Answers the vehicles that another node folded meanwhile. They are dropped from memory, and read again unless that node folds
    /// them from now on.
    async fn write(&mut self, writes: Vec<HistoryWrite>) -> Result<Vec<VehicleNo>, StoreError> {
        let HistoryOutcome { stale, progressed, told } = self.store.write_history(&writes, self.clock.now()).await?;
        self.is_failing = false;
        for vehicle in &stale {
            self.followed.remove(*vehicle);
            if self.inbox.owns(*vehicle) {
                self.catch_up_queue.add(*vehicle);
            }
        }
        let written = writes.iter().filter(|write| !write.changes.is_empty() && !stale.contains(&write.vehicle));
        let changes: usize = written.map(|write| write.changes.len()).sum();
        if changes > 0 {
            self.inbox.counters.written(changes);
        }
        for tenant in &told {
            self.wakers.iter().for_each(|wake| wake(tenant));
        }
        if !progressed.is_empty() {
            (self.on_progress)(progressed);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::inbox::TrackInbox;
    use crate::samples::vehicle;
    use crate::vehicle_cache::VehicleCache;
    use crate::{FollowerParts, TenantVehicles, VehicleDirectory};
    use async_trait::async_trait;
    use milepost_cache::CacheBudget;
    use milepost_clock::Clock;
    use milepost_domain::{Latitude, Longitude, Position, TenantId, Vehicle, VehicleId};
    use milepost_store::{Committer, Once, OpenOptions, PositionBatch, Unsent};
    use std::sync::Arc;

    /// Knows a vehicle of every name.
    struct AllVehicles;

    #[async_trait]
    impl VehicleDirectory for AllVehicles {
        async fn of_tenant(&self, _: &TenantId) -> Result<Arc<dyn TenantVehicles>, StoreError> {
            Ok(Arc::new(Self))
        }
    }

    impl TenantVehicles for AllVehicles {
        fn get(&self, id: &VehicleId) -> Option<Arc<Vehicle>> {
            Some(Arc::new(vehicle(id.as_str())))
        }
    }

    #[tokio::test]
    async fn a_vehicle_that_leaves_memory_is_written_first() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
        let store = milepost_store::open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
        let (clock, home) = (Clock::system(), TenantId::default_tenant());
        let mut follower = TrackFollower::new(FollowerParts {
            store: Arc::clone(&store),
            clock: clock.clone(),
            inbox: Arc::new(TrackInbox::default()),
            vehicles: Arc::new(AllVehicles),
            alert_expiry_ms: 86_400_000,
            wakers: Vec::new(),
            on_progress: Arc::new(drop),
            cache_budget: CacheBudget::default(),
        });
        // There is memory for about four vehicles.
        follower.followed = VehicleCache::new(4_096);
        let committer = Committer::start(Arc::clone(&store), None);
        let heard_at = clock.now();
        let mut vehicles = Vec::new();
        for n in 0..12 {
            let vehicle = vehicle(&format!("bus-{n}"));
            store.add_vehicle(&home, &vehicle, heard_at, &Once::unclaimed()).await.unwrap();
            let place = (Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap());
            let positions = vec![Position::new(vehicle.id.clone(), heard_at, place.0, place.1)];
            let batch =
                PositionBatch { tenant: home.clone(), positions, received_at: heard_at, thresholds: Arc::default() };
            committer.record(batch).await.unwrap();
            vehicles.push(store.get_vehicle(&home, &vehicle.id).await.unwrap().unwrap().no);
        }

        for vehicle in &vehicles {
            follower.catch_up(*vehicle, false).await.unwrap();
        }
        // The follower writes them only because they leave memory.
        follower.dirty.clear();
        follower.write_dirty().await;

        let mut left = 0;
        for vehicle in vehicles {
            if follower.followed.get(vehicle).is_none() {
                left += 1;
                let fold = store.load_fold(vehicle).await.unwrap().unwrap().fold;
                assert_eq!(fold.map(|fold| fold.folded_at), Some(heard_at), "a vehicle left memory unwritten");
            }
        }
        assert!((6..12).contains(&left), "{left} of 12 vehicles left memory");
        store.close().await;
    }
}
