//! Finds what no new position brings: silence, due dates, and vehicles whose positions nobody folded.

use crate::follower::TrackFollower;
use milepost_domain::{TenantId, Timestamp, VehicleId};
use milepost_store::{BehindFilter, StoreError, VehicleNo};
use std::collections::HashSet;
use std::time::Duration;

/// How often the vehicles in memory are checked for silence.
pub(crate) const SILENCE_CHECK_EVERY: Duration = Duration::from_secs(5);
/// How often the store is scanned for vehicles that nobody folds, because their node died.
const SCAN_EVERY: Duration = Duration::from_secs(30);
/// How often the store is scanned for silent vehicles that are not in memory. The first scan is this long after the start: a
/// server that comes back has heard of no vehicle for a while.
pub(crate) const SILENCE_SCAN_EVERY: Duration = Duration::from_secs(60);
/// Positions older than this, by their own time, should be folded by now, milliseconds.
const OVERDUE_MS: i64 = 60_000;
/// Late positions that came longer ago than this should be folded by now, milliseconds.
const LATE_OVERDUE_MS: i64 = 10_000;
/// Vehicles read at once by a scan.
const PAGE: u32 = 1_000;

impl TrackFollower {
    /// Vehicles that seem silent are read again, because another node may have heard of them. The folds of the others that are
    /// quiet are written, so that no node takes them for abandoned. Those that another node folds now leave memory.
    pub(crate) fn check_silence(&mut self) {
        let now = self.now();
        let mut given_up = Vec::new();
        for followed in self.followed.iter().filter(|followed| followed.is_quiet(now)) {
            if !self.inbox.owns(followed.vehicle) && !followed.is_ahead_of_store() {
                given_up.push(followed.vehicle);
            } else if followed.seems_silent(now.time) {
                self.maybe_silent.insert(followed.vehicle);
                self.catch_up_queue.add(followed.vehicle);
            } else if followed.is_unwritten() {
                self.dirty.insert(followed.vehicle);
            }
        }
        for vehicle in given_up {
            self.followed.remove(vehicle);
        }
    }

    /// Queues changed vehicles whose service may be due by date. Such a vehicle may be silent, so that no position checks it.
    pub(crate) async fn check_service_dates(
        &mut self,
        changed: HashSet<(TenantId, VehicleId)>,
    ) -> Result<(), StoreError> {
        for (tenant, vehicle) in changed {
            let tracked = self.store.get_vehicle(&tenant, &vehicle).await?;
            if let Some(tracked) = tracked.filter(|tracked| tracked.vehicle.service_due_at.is_some()) {
                self.queue_silent(tracked.no);
            }
        }
        Ok(())
    }

    /// Scans the store when it is time to.
    pub(crate) async fn scan_store(&mut self) -> Result<(), StoreError> {
        if self.clock.instant() >= self.next_scan {
            self.next_scan = self.clock.instant() + SCAN_EVERY;
            self.scan_for_abandoned().await?;
            self.scans_all = false;
        }
        if self.clock.instant() >= self.next_silence_scan {
            self.next_silence_scan = self.clock.instant() + SILENCE_SCAN_EVERY;
            self.scan_for_silent().await?;
        }
        Ok(())
    }

    async fn scan_for_abandoned(&mut self) -> Result<(), StoreError> {
        let now = self.now();
        let before = |ms: i64| if self.scans_all { last_instant() } else { now.time.plus_ms(-ms) };
        let filter = BehindFilter { newest_before: before(OVERDUE_MS), late_noted_before: before(LATE_OVERDUE_MS) };
        let mut after = None;
        loop {
            let page = self.store.vehicles_behind(filter, after, PAGE).await?;
            after = page.last().copied();
            for vehicle in page.iter().filter(|vehicle| self.inbox.owns(**vehicle)) {
                // An unwritten fold is written when the vehicle is quiet, and its late positions are queued already.
                let followed = self.followed.get(*vehicle);
                let is_followed = followed.is_some_and(|one| one.is_unwritten() && !one.is_quiet(now));
                if !is_followed && self.uploads.newest(*vehicle).is_none() {
                    self.catch_up_queue.add(*vehicle);
                }
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    async fn scan_for_silent(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut after = None;
        loop {
            let page = self.store.vehicles_silent(now, after, PAGE).await?;
            after = page.last().copied();
            page.iter().for_each(|vehicle| self.queue_silent(*vehicle));
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    fn queue_silent(&mut self, vehicle: VehicleNo) {
        if !self.inbox.owns(vehicle) {
            return;
        }
        self.maybe_silent.insert(vehicle);
        self.catch_up_queue.add(vehicle);
    }
}

/// After every position.
fn last_instant() -> Timestamp {
    Timestamp::from_unix_ms(0).expect("the epoch is in range").plus_ms(i64::MAX)
}
