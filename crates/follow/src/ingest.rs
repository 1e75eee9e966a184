//! Folds committed positions of the vehicles in memory.

use crate::follower::{LATE_WAIT, RETRY_AFTER, TrackFollower};
use crate::inbox::Committed;
use crate::uploads::{PAST_MS, Settled};
use milepost_domain::{Position, TenantId};
use milepost_store::{StoreError, TrackStep, VehicleNo};

/// Positions that are folded before others get their share of the time: some milliseconds.
const FOLDED_AT_ONCE: usize = 1_000;

/// Rows of one vehicle that may be pending. They are written before more of its positions are folded.
pub(crate) const MAX_PENDING: usize = 500;

impl TrackFollower {
    /// Folds new positions. A vehicle whose fold in memory does not end right before its new position is read from the store.
    pub(crate) async fn ingest(&mut self, committed: Committed) {
        let vehicles: Vec<VehicleNo> = committed.newest.iter().map(|(step, _)| step.vehicle).collect();
        if let Err(error) = self.ingest_newest(&committed.tenant, committed.newest).await {
            self.failed(&error);
            vehicles.into_iter().for_each(|vehicle| self.read_after_failing(vehicle));
        }
        for (vehicle, position) in committed.late {
            let folded = self.followed.get(vehicle).and_then(|followed| followed.state.heard_at());
            if folded >= Some(position.at) || !self.uploads.hold_late(vehicle, position) {
                self.catch_up_queue.add_after(vehicle, LATE_WAIT);
            }
        }
    }

    async fn ingest_newest(&mut self, tenant: &TenantId, newest: Vec<(TrackStep, Position)>) -> Result<(), StoreError> {
        let rules = self.rules.get(&*self.store, tenant).await?;
        let vehicles = self.vehicles.of_tenant(tenant).await?;
        let now = self.now();
        let mut folded = 0;
        for (count, (step, position)) in newest.into_iter().enumerate() {
            if (count + 1) % FOLDED_AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
            let vehicle = step.vehicle;
            let held = self.uploads.newest(vehicle);
            let known = self.followed.get(vehicle);
            let (Some(mut followed), Some(description)) = (known, vehicles.get(&position.vehicle_id)) else {
                self.read_again(vehicle);
                continue;
            };
            let newest = held.or(followed.state.heard_at());
            if newest >= Some(position.at) {
                // It was read from the store already.
                continue;
            }
            if newest != step.after {
                drop(followed);
                self.read_again(vehicle);
            } else if held.is_some() || position.at.plus_ms(PAST_MS) < now.time {
                if !self.uploads.hold_newest(tenant, step, position) {
                    drop(followed);
                    self.read_again(vehicle);
                }
            } else {
                followed.set_context(&description, &rules);
                followed.apply(&position, now);
                folded += 1;
                if followed.must_write(now) {
                    self.dirty.insert(vehicle);
                }
            }
        }
        self.inbox.counters.folded(folded);
        Ok(())
    }

    /// Folds the held positions that have waited for long enough.
    pub(crate) async fn fold_settled_uploads(&mut self) {
        for settled in self.uploads.take_settled(self.is_stopping) {
            let vehicle = settled.vehicle;
            if let Err(error) = self.fold_settled(settled).await {
                self.failed(&error);
                self.read_after_failing(vehicle);
            }
        }
    }

    async fn fold_settled(&mut self, settled: Settled) -> Result<(), StoreError> {
        let Settled { vehicle, tenant, positions } = settled;
        let rules = self.rules.get(&*self.store, &tenant).await?;
        let vehicles = self.vehicles.of_tenant(&tenant).await?;
        let described = positions.first().and_then(|held| vehicles.get(&held.position.vehicle_id));
        let (Some(mut followed), Some(described)) = (self.followed.remove(vehicle), described) else {
            self.read_again(vehicle);
            return Ok(());
        };
        followed.set_context(&described, &rules);
        let now = self.now();
        for (count, held) in positions.iter().enumerate() {
            if (count + 1) % FOLDED_AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
            if followed.state.heard_at() >= Some(held.position.at) {
                // It was read from the store already.
                continue;
            }
            followed.apply_read(&held.position, held.is_late, now);
            if followed.pending.len() >= MAX_PENDING && !self.write_one(&mut followed).await? {
                return Ok(());
            }
        }
        self.inbox.counters.folded(positions.len());
        // While more of the upload comes there is time: the past is published a few seconds late.
        let is_over = self.uploads.newest(vehicle).is_none();
        if followed.must_write(now) && (is_over || followed.waited_long(now)) {
            self.dirty.insert(vehicle);
        }
        self.followed.insert(followed);
        Ok(())
    }

    /// Queues a vehicle of which positions are missing in memory.
    pub(crate) fn read_again(&mut self, vehicle: VehicleNo) {
        self.uploads.forget(vehicle);
        self.catch_up_queue.add(vehicle);
    }

    fn read_after_failing(&mut self, vehicle: VehicleNo) {
        self.uploads.forget(vehicle);
        self.followed.remove(vehicle);
        self.catch_up_queue.add_after(vehicle, RETRY_AFTER);
    }
}
