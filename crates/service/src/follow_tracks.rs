//! Follows every vehicle's track: folds what was committed, and writes down what it means.
//!
//! Positions are the truth, and history is derived from them after their commit, in transactions of its own. What is folded in
//! memory and told nothing is not written: after a crash the same positions are read and folded again, and tell nothing
//! again. A vehicle's stored fold has a version, so that what a position means is told once, whichever node folds it.

mod alerts;
mod behind;
mod catch_up;
mod figures;
mod followed;
mod ground;
mod inbox;
mod lanes;
mod look;
mod news;
#[cfg(test)]
mod samples;
mod take_in;
mod tell;
mod uploads;
mod write;

pub use figures::TrackFigures;
pub(crate) use inbox::TrackInbox;

use crate::{Service, ServiceError};
use behind::Behind;
use followed::FollowedVehicles;
use ground::Grounds;
use look::{LISTEN_EVERY, LOOK_FOR_SILENT_EVERY};
use milepost_store::VehicleNo;
use std::collections::HashSet;
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

impl<'a> Follower<'a> {
    fn new(service: &'a Service) -> Self {
        let now = Instant::now();
        Self {
            service,
            followed: FollowedVehicles::default(),
            grounds: Grounds::new(service.alert_expiry_ms),
            uploads: Uploads::default(),
            behind: Behind::default(),
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

    async fn run(mut self) {
        loop {
            let begun = Instant::now();
            // Before the inbox is taken: what is committed later is not waited for.
            self.is_stopping = self.service.tracks.is_stopping();
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
            tokio::time::sleep_until(begun + ROUND_EVERY).await;
            if self.is_stopping {
                continue;
            }
            let wakes = [Some(self.next_listen), self.behind.next_due(), self.uploads.next_beat()];
            let wake = wakes.into_iter().flatten().min().expect("one is always there");
            let _ = tokio::time::timeout_at(wake, self.service.tracks.filled()).await;
        }
    }

    async fn round(&mut self) {
        let waiting = self.service.tracks.take();
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
        let begun = Instant::now();
        while begun.elapsed() < CATCH_UP_FOR
            && let Some(vehicle) = self.behind.take_due()
        {
            let judges = self.silent.remove(&vehicle);
            if let Err(error) = self.catch_up(vehicle, judges).await {
                self.failed(&error);
                self.behind.add_after(vehicle, RETRY_AFTER);
            }
        }
        if Instant::now() >= self.next_listen {
            self.next_listen = Instant::now() + LISTEN_EVERY;
            self.listen();
        }
        self.write_due().await;
        if let Err(error) = self.look().await {
            self.failed(&error);
        }
        let behind = u64::try_from(self.behind.len() + self.uploads.len()).unwrap_or(u64::MAX);
        // First this: whoever sees that nothing waits sees who is behind.
        self.service.tracks.counters.behind.store(behind, Ordering::Release);
        self.service.tracks.counters.waiting.fetch_sub(told, Ordering::AcqRel);
    }

    fn failed(&mut self, error: &ServiceError) {
        if !self.is_failing {
            tracing::error!("history falls behind: {error}");
        }
        self.is_failing = true;
    }
}
