//! Takes in what was committed, as long as it follows at once on what is in memory.

use crate::figures::TrackCounters;
use crate::inbox::Growth;
use crate::uploads::{PAST_MS, Settled};
use crate::{LATE_WAIT, RETRY_AFTER, TrackFollower};
use milepost_domain::{Position, TenantId};
use milepost_store::{StoreError, TrackStep, VehicleNo};

/// Rows of news of one vehicle that are written before more is folded.
pub(crate) const NEWS_AT_ONCE: usize = 500;

impl TrackFollower {
    /// Folds what is new; whatever does not follow on what is known here is read from the store.
    pub(crate) async fn take_in(&mut self, growth: Growth) {
        let vehicles: Vec<VehicleNo> = growth.newest.iter().map(|(step, _)| step.vehicle).collect();
        if let Err(error) = self.grow(&growth.tenant, growth.newest).await {
            self.failed(&error);
            vehicles.into_iter().for_each(|vehicle| self.read_after_failing(vehicle));
        }
        for (vehicle, position) in growth.late {
            let folded = self.followed.get(vehicle).and_then(|followed| followed.state.heard_at());
            if folded >= Some(position.at) || !self.uploads.hold_late(vehicle, position) {
                self.behind.add_after(vehicle, LATE_WAIT);
            }
        }
    }

    async fn grow(&mut self, tenant: &TenantId, newest: Vec<(TrackStep, Position)>) -> Result<(), StoreError> {
        let ground = self.grounds.get(&*self.store, tenant).await?;
        let vehicles = self.vehicles.of_tenant(tenant).await?;
        let now = self.now();
        let mut folded = 0;
        for (step, position) in newest {
            let vehicle = step.vehicle;
            let held = self.uploads.newest(vehicle);
            let known = self.followed.get(vehicle);
            let (Some(followed), Some(description)) = (known, vehicles.get(&position.vehicle_id)) else {
                self.read(vehicle);
                continue;
            };
            let newest = held.or(followed.state.heard_at());
            if newest >= Some(position.at) {
                // It was read from the store already.
                continue;
            }
            if newest != step.after {
                self.read(vehicle);
            } else if held.is_some() || position.at.plus_ms(PAST_MS) < now.time {
                if !self.uploads.hold_newest(tenant, step, position) {
                    self.read(vehicle);
                }
            } else {
                followed.take_rules(&description, &ground);
                followed.take(&position, now);
                folded += 1;
                if followed.is_due(now) {
                    self.due.insert(vehicle);
                }
            }
        }
        TrackCounters::add(&self.inbox.counters.folds, folded);
        Ok(())
    }

    /// Folds what was held for long enough, or all of it.
    pub(crate) async fn settle(&mut self) {
        for settled in self.uploads.settle(self.is_stopping) {
            let vehicle = settled.vehicle;
            if let Err(error) = self.fold_settled(settled).await {
                self.failed(&error);
                self.read_after_failing(vehicle);
            }
        }
    }

    async fn fold_settled(&mut self, settled: Settled) -> Result<(), StoreError> {
        let Settled { vehicle, tenant, positions } = settled;
        let ground = self.grounds.get(&*self.store, &tenant).await?;
        let vehicles = self.vehicles.of_tenant(&tenant).await?;
        let described = positions.first().and_then(|held| vehicles.get(&held.position.vehicle_id));
        let (Some(mut followed), Some(described)) = (self.followed.take(vehicle), described) else {
            self.read(vehicle);
            return Ok(());
        };
        followed.take_rules(&described, &ground);
        let now = self.now();
        for held in &positions {
            if followed.state.heard_at() >= Some(held.position.at) {
                // It was read from the store already.
                continue;
            }
            followed.take(&held.position, now);
            if held.is_late {
                followed.news.late.push(held.position.at);
            }
            if followed.news.len() >= NEWS_AT_ONCE && !self.write_one(&mut followed).await? {
                return Ok(());
            }
        }
        TrackCounters::add(&self.inbox.counters.folds, positions.len());
        // As long as more of it comes there is time: the past is told a few seconds late.
        let is_over = self.uploads.newest(vehicle).is_none();
        if followed.is_due(now) && (is_over || followed.waited_long(now)) {
            self.due.insert(vehicle);
        }
        self.followed.insert(followed);
        Ok(())
    }

    /// What is known here of a vehicle is not the whole: it is read from the store.
    pub(crate) fn read(&mut self, vehicle: VehicleNo) {
        self.uploads.forget(vehicle);
        self.behind.add(vehicle);
    }

    fn read_after_failing(&mut self, vehicle: VehicleNo) {
        self.uploads.forget(vehicle);
        self.followed.forget(vehicle);
        self.behind.add_after(vehicle, RETRY_AFTER);
    }
}
