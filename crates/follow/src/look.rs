//! Asks for what nobody told: silence, due dates, and vehicles that were left behind.

use crate::TrackFollower;
use milepost_domain::{TenantId, Timestamp, VehicleId};
use milepost_store::{BehindFilter, StoreError};
use std::collections::HashSet;
use std::time::Duration;

/// How often the vehicles in memory are asked whether they fell silent.
pub(crate) const LISTEN_EVERY: Duration = Duration::from_secs(5);
/// How often the store is asked for vehicles that nobody folds: their node died.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it is asked for vehicles that fell silent and are not in memory. The first time is so long after the start:
/// a server that comes back has not heard anybody for a while.
pub(crate) const LOOK_FOR_SILENT_EVERY: Duration = Duration::from_secs(60);
/// Positions so old, by their own time, and late ones that came so long ago, should have been folded by now, milliseconds.
const OVERDUE_MS: i64 = 60_000;
const LATE_OVERDUE_MS: i64 = 10_000;
/// Vehicles found at once by these looks.
const PAGE: u32 = 1_000;

impl TrackFollower {
    /// Vehicles that seem silent are read anew: another node may have heard them. Of those that are quiet what was folded
    /// is written, so that nobody takes them for left behind.
    pub(crate) fn listen(&mut self) {
        let now = self.now();
        for followed in self.followed.iter().filter(|followed| followed.is_quiet(now)) {
            if followed.seems_silent(now.time) {
                self.silent.insert(followed.vehicle);
                self.behind.add(followed.vehicle);
            } else if followed.is_ahead() {
                self.due.insert(followed.vehicle);
            }
        }
    }

    /// Asks the store for what nobody here knows of, now and then.
    pub(crate) async fn look(&mut self) -> Result<(), StoreError> {
        if self.clock.instant() >= self.next_look {
            self.next_look = self.clock.instant() + LOOK_EVERY;
            self.look_for_behind().await?;
            self.is_first_look = false;
        }
        if self.clock.instant() >= self.next_look_for_silent {
            self.next_look_for_silent = self.clock.instant() + LOOK_FOR_SILENT_EVERY;
            let now = self.clock.now();
            let mut after = None;
            loop {
                let page = self.store.vehicles_silent(now, after, PAGE).await?;
                after = page.last().copied();
                for vehicle in &page {
                    self.silent.insert(*vehicle);
                    self.behind.add(*vehicle);
                }
                if page.len() < PAGE as usize {
                    break;
                }
            }
        }
        Ok(())
    }

    /// A vehicle whose service is due by date is told of, even while it is silent.
    pub(crate) async fn look_at_described(
        &mut self,
        described: HashSet<(TenantId, VehicleId)>,
    ) -> Result<(), StoreError> {
        for (tenant, vehicle) in described {
            let tracked = self.store.get_vehicle(&tenant, &vehicle).await?;
            if let Some(tracked) = tracked.filter(|tracked| tracked.vehicle.service_due_at.is_some()) {
                self.silent.insert(tracked.no);
                self.behind.add(tracked.no);
            }
        }
        Ok(())
    }

    async fn look_for_behind(&mut self) -> Result<(), StoreError> {
        let now = self.now();
        let before = |ms: i64| if self.is_first_look { last_instant() } else { now.time.plus_ms(-ms) };
        let filter = BehindFilter { newest_before: before(OVERDUE_MS), late_noted_before: before(LATE_OVERDUE_MS) };
        let mut after = None;
        loop {
            let page = self.store.vehicles_behind(filter, after, PAGE).await?;
            after = page.last().copied();
            for vehicle in &page {
                // What is in memory is written when it is quiet; its late positions are waited for already.
                let is_followed = self.followed.get(*vehicle).is_some_and(|one| one.is_ahead() && !one.is_quiet(now));
                if !is_followed && self.uploads.newest(*vehicle).is_none() {
                    self.behind.add(*vehicle);
                }
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }
}

/// After every position.
fn last_instant() -> Timestamp {
    Timestamp::from_unix_ms(0).expect("the epoch is in range").plus_ms(i64::MAX)
}
