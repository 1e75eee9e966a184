//! Follows every vehicle's track: folds what was committed, and writes down what it means.
//!
//! Positions are the truth, and history is derived from them after their commit, in transactions of its own. What is folded in
//! memory and told nothing is not written: after a crash the same positions are read and folded again, and tell nothing
//! again. A vehicle's stored fold has a version, so that what a position means is told once, whichever node folds it.

#![forbid(unsafe_code)]

mod alerts;
mod behind;
mod catch_up;
mod fence_geometry;
mod figures;
mod followed;
mod ground;
mod inbox;
mod lanes;
mod look;
mod moment;
mod news;
#[cfg(test)]
mod samples;
mod take_in;
mod tell;
mod uploads;
mod vehicles;
mod write;

pub use fence_geometry::build_fence;
pub use figures::TrackFigures;
pub use inbox::TrackInbox;
pub use vehicles::{TenantVehicles, VehicleDirectory};

use behind::Behind;
use followed::FollowedVehicles;
use ground::Grounds;
use look::{LISTEN_EVERY, LOOK_FOR_SILENT_EVERY};
use milepost_clock::Clock;
use milepost_store::{Store, StoreError, VehicleNo};
use moment::Moment;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use uploads::Uploads;

/// What is committed within so long is folded and written together.
const ROUND_EVERY: Duration = Duration::from_millis(100);
/// A late position waits so long for those that come with it: all are folded in at once.
const LATE_WAIT: Duration = Duration::from_secs(1);
/// When the database can't be read or written, the next try is after so long.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// After so long of reading vehicles from the store whatever came meanwhile is folded first.
const CATCH_UP_FOR: Duration = Duration::from_millis(200);

/// Wakes a task that has something to do after a commit. It is cheap.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// What a [`TrackFollower`] is built from.
pub struct FollowerParts {
    /// Where positions are read and history is written.
    pub store: Arc<dyn Store>,
    /// The present time and the timers.
    pub clock: Clock,
    /// Filled with every commit of positions.
    pub inbox: Arc<TrackInbox>,
    /// Descriptions of the vehicles.
    pub vehicles: Arc<dyn VehicleDirectory>,
    /// How long an alert is kept, milliseconds.
    pub alert_expiry_ms: i64,
    /// Called after each commit that changed history.
    pub wakers: Vec<Waker>,
}

/// The task that folds what was committed and writes history.
pub struct TrackFollower {
    store: Arc<dyn Store>,
    clock: Clock,
    inbox: Arc<TrackInbox>,
    vehicles: Arc<dyn VehicleDirectory>,
    wakers: Vec<Waker>,
    followed: FollowedVehicles,
    grounds: Grounds,
    uploads: Uploads,
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
    /// Nothing more comes: what is here is folded at once.
    is_stopping: bool,
    /// The database did not answer the last time: told once.
    is_failing: bool,
}

impl TrackFollower {
    /// A follower that knows no vehicle yet.
    pub fn new(parts: FollowerParts) -> Self {
        let FollowerParts { store, clock, inbox, vehicles, alert_expiry_ms, wakers } = parts;
        let now = clock.instant();
        Self {
            grounds: Grounds::new(clock.clone(), alert_expiry_ms),
            uploads: Uploads::new(clock.clone()),
            behind: Behind::new(clock.clone()),
            store,
            clock,
            inbox,
            vehicles,
            wakers,
            followed: FollowedVehicles::default(),
            silent: HashSet::new(),
            due: HashSet::new(),
            next_listen: now + LISTEN_EVERY,
            next_look: now,
            next_look_for_silent: now + LOOK_FOR_SILENT_EVERY,
            is_first_look: true,
            is_stopping: false,
            is_failing: false,
        }
    }

    /// Follows all tracks until [`TrackInbox::stop`] was called and everything that was committed is folded.
    pub async fn run(mut self) {
        loop {
            let begun = self.clock.instant();
            // Before the inbox is taken: what is committed later is not waited for.
            self.is_stopping = self.inbox.is_stopping();
            self.round().await;
            if self.is_stopping {
                self.behind.hurry();
                self.due.extend(self.followed.iter().filter(|one| one.is_ahead()).map(|one| one.vehicle));
                if self.behind.len() == 0 && self.due.is_empty() {
                    return;
                }
                if !self.is_failing {
                    continue;
                }
            }
            self.clock.sleep_until(begun + ROUND_EVERY).await;
            if self.is_stopping {
                continue;
            }
            let wakes = [Some(self.next_listen), self.behind.next_due(), self.uploads.next_beat()];
            let wake = wakes.into_iter().flatten().min().expect("one is always there");
            let _ = self.clock.timeout_at(wake, self.inbox.filled()).await;
        }
    }

    async fn round(&mut self) {
        let waiting = self.inbox.take();
        let told = waiting.told as u64;
        waiting.changed.into_iter().for_each(|tenant| self.grounds.forget(tenant));
        waiting.missed.into_iter().for_each(|vehicle| self.read(vehicle));
        if let Err(error) = self.look_at_described(waiting.described).await {
            self.failed(&error);
        }
        for growth in waiting.growth {
            self.take_in(growth).await;
        }
        self.settle().await;
        self.write_due().await;
        let until = self.clock.instant() + CATCH_UP_FOR;
        while self.clock.instant() < until
            && let Some(vehicle) = self.behind.take_due()
        {
            let judges = self.silent.remove(&vehicle);
            if let Err(error) = self.catch_up(vehicle, judges).await {
                self.failed(&error);
                self.behind.add_after(vehicle, RETRY_AFTER);
            }
        }
        if self.clock.instant() >= self.next_listen {
            self.next_listen = self.clock.instant() + LISTEN_EVERY;
            self.listen();
        }
        self.write_due().await;
        if let Err(error) = self.look().await {
            self.failed(&error);
        }
        let behind = u64::try_from(self.behind.len() + self.uploads.len()).unwrap_or(u64::MAX);
        // First this: whoever sees that nothing waits sees who is behind.
        self.inbox.counters.behind.store(behind, Ordering::Release);
        self.inbox.counters.waiting.fetch_sub(told, Ordering::AcqRel);
    }

    fn now(&self) -> Moment {
        Moment::of(&self.clock)
    }

    fn failed(&mut self, error: &StoreError) {
        if !self.is_failing {
            tracing::error!("history falls behind: {error}");
        }
        self.is_failing = true;
    }
}
