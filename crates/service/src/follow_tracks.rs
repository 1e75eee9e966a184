//! Follows every vehicle's track: folds what was committed, and writes down what it means.
//!
//! Positions are the truth, and history is derived from them after their commit, in transactions of its own. What is folded in
//! memory and told nothing is not written: after a crash the same positions are read and folded again, and tell nothing
//! again. A vehicle's stored fold has a version, so that what a position means is told once, whichever node folds it.

mod alerts;
mod catch_up;
mod figures;
mod followed;
mod ground;
mod inbox;
mod lanes;
mod news;
mod tell;

pub use figures::TrackFigures;
pub(crate) use inbox::TrackInbox;

use crate::{Service, ServiceError};
use figures::TrackCounters;
use followed::FollowedVehicles;
use ground::Grounds;
use inbox::{Behind, Growth};
use milepost_domain::{TenantId, Timestamp, VehicleId};
use milepost_store::{BehindFilter, HistoryWrite, VehicleNo};
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;

/// What is committed within so long is folded and written together.
const ROUND_EVERY: Duration = Duration::from_millis(100);
/// A late position waits so long for those that come with it: all are folded in at once.
const LATE_WAIT: Duration = Duration::from_secs(1);
/// When the database can't be read or written, the next try is after so long.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often the vehicles in memory are asked whether they fell silent.
const LISTEN_EVERY: Duration = Duration::from_secs(5);
/// How often the store is asked for vehicles that nobody folds: their node died.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it is asked for vehicles that fell silent and are not in memory. The first time is so long after the start:
/// a server that comes back has not heard anybody for a while.
const LOOK_FOR_SILENT_EVERY: Duration = Duration::from_secs(60);
/// Positions so old, by their own time, and late ones that came so long ago, should have been folded by now, milliseconds.
const OVERDUE_MS: i64 = 60_000;
const LATE_OVERDUE_MS: i64 = 10_000;
/// Vehicles found at once by these looks.
const PAGE: u32 = 1_000;
/// After so long of reading vehicles from the store whatever came meanwhile is folded first.
const CATCH_UP_FOR: Duration = Duration::from_millis(200);
/// One transaction holds so many vehicles and rows at most, or one vehicle with more rows.
const WRITE_VEHICLES: usize = 200;
const WRITE_ROWS: usize = 2_000;

impl Service {
    /// Follows all tracks until [`Self::stop_following_tracks`] was called and everything that was committed is folded.
    pub async fn follow_tracks(&self) {
        Follower::new(self).run().await;
    }

    /// Lets [`Self::follow_tracks`] finish what was committed, and end.
    pub fn stop_following_tracks(&self) {
        self.tracks.stop();
    }

    /// What the follower of tracks did so far.
    pub fn track_figures(&self) -> TrackFigures {
        self.tracks.counters.figures()
    }
}

/// The task.
struct Follower<'a> {
    service: &'a Service,
    followed: FollowedVehicles,
    grounds: Grounds,
    behind: Behind,
    /// Of these what silence tells is to be told when they are read.
    silent: HashSet<VehicleNo>,
    /// In memory, and to be written in this round.
    due: HashSet<VehicleNo>,
    next_listen: Instant,
    next_look: Instant,
    next_look_for_silent: Instant,
    /// The first look finds whatever the last process left.
    is_first_look: bool,
    /// The database did not answer the last time: told once.
    is_failing: bool,
}

impl<'a> Follower<'a> {
    fn new(service: &'a Service) -> Self {
        let now = Instant::now();
        Self {
            service,
            followed: FollowedVehicles::default(),
            grounds: Grounds::new(service.alert_expiry_ms),
            behind: Behind::default(),
            silent: HashSet::new(),
            due: HashSet::new(),
            next_listen: now + LISTEN_EVERY,
            next_look: now,
            next_look_for_silent: now + LOOK_FOR_SILENT_EVERY,
            is_first_look: true,
            is_failing: false,
        }
    }

    async fn run(mut self) {
        loop {
            let begun = Instant::now();
            // Before the inbox is taken: what is committed later is not waited for.
            let is_stopping = self.service.tracks.is_stopping();
            self.round().await;
            if is_stopping {
                self.behind.hurry();
                self.due.extend(self.followed.iter().filter(|one| one.is_ahead()).map(|one| one.vehicle));
                if self.behind.len() == 0 && self.due.is_empty() {
                    return;
                }
                if !self.is_failing {
                    continue;
                }
            }
            tokio::time::sleep_until(begun + ROUND_EVERY).await;
            if is_stopping {
                continue;
            }
            let wake = self.behind.next_due().map_or(self.next_listen, |due| due.min(self.next_listen));
            let _ = tokio::time::timeout_at(wake, self.service.tracks.filled()).await;
        }
    }

    async fn round(&mut self) {
        let waiting = self.service.tracks.take();
        waiting.changed.into_iter().for_each(|tenant| self.grounds.forget(tenant));
        waiting.missed.into_iter().for_each(|vehicle| self.behind.add(vehicle));
        waiting.late.into_iter().for_each(|vehicle| self.behind.add_after(vehicle, LATE_WAIT));
        if let Err(error) = self.look_at_described(waiting.described).await {
            self.failed(&error);
        }
        for growth in waiting.growth {
            if let Err(error) = self.grow(&growth).await {
                self.failed(&error);
                let vehicles = growth.positions.iter().map(|(step, _)| step.vehicle);
                vehicles.for_each(|vehicle| self.behind.add_after(vehicle, RETRY_AFTER));
            }
        }
        self.write_due().await;
        let begun = Instant::now();
        while begun.elapsed() < CATCH_UP_FOR
            && let Some(vehicle) = self.behind.take_due()
        {
            let judges = self.silent.remove(&vehicle);
            match self.catch_up(vehicle, judges).await {
                Ok(()) => self.is_failing = false,
                Err(error) => {
                    self.failed(&error);
                    self.behind.add_after(vehicle, RETRY_AFTER);
                }
            }
        }
        if Instant::now() >= self.next_listen {
            self.next_listen = Instant::now() + LISTEN_EVERY;
            self.listen();
            self.write_due().await;
        }
        if let Err(error) = self.look().await {
            self.failed(&error);
        }
        let behind = u64::try_from(self.behind.len()).unwrap_or(u64::MAX);
        self.service.tracks.counters.behind.store(behind, std::sync::atomic::Ordering::Relaxed);
    }

    /// Folds what is in memory and follows at once on what is known; everything else is read from the store.
    async fn grow(&mut self, growth: &Growth) -> Result<(), ServiceError> {
        let store = &*self.service.store;
        let ground = self.grounds.get(store, &growth.tenant).await?;
        let live = self.service.live.tenant(store, &growth.tenant).await?;
        let now = self.service.now();
        let mut folded = 0;
        for (step, position) in &growth.positions {
            let known = self.followed.get(step.vehicle);
            let (Some(followed), Some(vehicle)) = (known, live.describe_known(&position.vehicle_id)) else {
                self.behind.add(step.vehicle);
                continue;
            };
            let heard_at = followed.state.heard_at();
            if heard_at >= Some(position.at) {
                // It was read from the store already.
                continue;
            }
            if heard_at != step.after {
                self.behind.add(step.vehicle);
                continue;
            }
            followed.take_rules(&vehicle, &ground);
            followed.take(position, now);
            folded += 1;
            if followed.is_due() {
                self.due.insert(step.vehicle);
            }
        }
        TrackCounters::add(&self.service.tracks.counters.folds, folded);
        Ok(())
    }

    /// Writes what is due, in transactions of a bounded size.
    async fn write_due(&mut self) {
        let due = std::mem::take(&mut self.due);
        let (mut writes, mut rows) = (Vec::new(), 0);
        for vehicle in due {
            let Some(followed) = self.followed.get(vehicle) else { continue };
            rows += followed.news.len();
            writes.push(followed.take_write());
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
    async fn write(&mut self, writes: Vec<HistoryWrite>) -> Result<Vec<VehicleNo>, ServiceError> {
        let stale = self.service.store.write_history(&writes, self.service.now()).await?;
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

    /// Vehicles that seem silent are read anew: another node may have heard them. Of those that are quiet what was folded
    /// is written, so that nobody takes them for left behind.
    fn listen(&mut self) {
        let now = self.service.now();
        for followed in self.followed.iter().filter(|followed| followed.is_quiet()) {
            if followed.seems_silent(now) {
                self.silent.insert(followed.vehicle);
                self.behind.add(followed.vehicle);
            } else if followed.is_ahead() {
                self.due.insert(followed.vehicle);
            }
        }
    }

    /// Asks the store for what nobody here knows of, now and then.
    async fn look(&mut self) -> Result<(), ServiceError> {
        if Instant::now() >= self.next_look {
            self.next_look = Instant::now() + LOOK_EVERY;
            self.look_for_behind().await?;
            self.is_first_look = false;
        }
        if Instant::now() >= self.next_look_for_silent {
            self.next_look_for_silent = Instant::now() + LOOK_FOR_SILENT_EVERY;
            let now = self.service.now();
            let mut after = None;
            loop {
                let page = self.service.store.vehicles_silent(now, after, PAGE).await?;
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
    async fn look_at_described(&mut self, described: HashSet<(TenantId, VehicleId)>) -> Result<(), ServiceError> {
        for (tenant, vehicle) in described {
            let tracked = self.service.store.get_vehicle(&tenant, &vehicle).await?;
            if let Some(tracked) = tracked.filter(|tracked| tracked.vehicle.service_due_at.is_some()) {
                self.silent.insert(tracked.no);
                self.behind.add(tracked.no);
            }
        }
        Ok(())
    }

    async fn look_for_behind(&mut self) -> Result<(), ServiceError> {
        let now = self.service.now();
        let before = |ms: i64| if self.is_first_look { last_instant() } else { now.plus_ms(-ms) };
        let filter = BehindFilter { newest_before: before(OVERDUE_MS), late_noted_before: before(LATE_OVERDUE_MS) };
        let mut after = None;
        loop {
            let page = self.service.store.vehicles_behind(filter, after, PAGE).await?;
            after = page.last().copied();
            for vehicle in &page {
                // What is in memory is written when it is quiet; its late positions are waited for already.
                let is_followed = self.followed.get(*vehicle).is_some_and(|one| one.is_ahead() && !one.is_quiet());
                if !is_followed {
                    self.behind.add(*vehicle);
                }
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    fn failed(&mut self, error: &ServiceError) {
        if !self.is_failing {
            tracing::error!("history falls behind: {error}");
        }
        self.is_failing = true;
    }
}

/// After every position.
fn last_instant() -> Timestamp {
    Timestamp::from_unix_ms(0).expect("the epoch is in range").plus_ms(i64::MAX)
}
