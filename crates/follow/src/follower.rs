//! The follower's task: one round after the other of folding and writing.

use crate::catch_up_queue::CatchUpQueue;
use crate::inbox::TrackInbox;
use crate::moment::Moment;
use crate::scan::{SILENCE_CHECK_EVERY, SILENCE_SCAN_EVERY};
use crate::tenant_rules::TenantRulesCache;
use crate::uploads::Uploads;
use crate::vehicle_cache::VehicleCache;
use crate::vehicle_directory::VehicleDirectory;
use milepost_cache::CacheBudget;
use milepost_clock::Clock;
use milepost_domain::{TenantId, Trip};
use milepost_store::{Store, StoreError, VehicleNo};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A round begins this long after the one before it. What is committed meanwhile is folded and written together.
const ROUND_EVERY: Duration = Duration::from_millis(100);
/// A vehicle with a late position is read this much later, together with the late positions that follow.
pub(crate) const LATE_WAIT: Duration = Duration::from_secs(1);
/// Time from a failure of the database to the next try.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Time that one round spends on reading vehicles from the store, before newly committed positions are folded.
const CATCH_UP_FOR: Duration = Duration::from_millis(200);

/// Wakes a task that has work after a commit of this tenant's history. A call is cheap.
pub type Waker = Arc<dyn Fn(&TenantId) + Send + Sync>;
/// Is told of running trips as they are now.
pub type OnProgress = Arc<dyn Fn(Vec<(VehicleNo, Trip)>) + Send + Sync>;

/// The parts of a [`TrackFollower`].
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
    /// Called after each commit that stored events, once for each tenant.
    pub wakers: Vec<Waker>,
    /// Called after each commit with the running trips whose amounts alone have grown.
    pub on_progress: OnProgress,
    /// The memory for vehicles and rules.
    pub cache_budget: CacheBudget,
}

/// Folds what was committed, and writes history.
pub struct TrackFollower {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) inbox: Arc<TrackInbox>,
    pub(crate) vehicles: Arc<dyn VehicleDirectory>,
    pub(crate) wakers: Vec<Waker>,
    pub(crate) on_progress: OnProgress,
    pub(crate) followed: VehicleCache,
    pub(crate) rules: TenantRulesCache,
    pub(crate) uploads: Uploads,
    pub(crate) catch_up_queue: CatchUpQueue,
    /// Vehicles of the queue whose silence is checked when they have been read.
    pub(crate) maybe_silent: HashSet<VehicleNo>,
    /// Vehicles in memory that are written in this round.
    pub(crate) dirty: HashSet<VehicleNo>,
    pub(crate) next_silence_check: Instant,
    pub(crate) next_scan: Instant,
    pub(crate) next_silence_scan: Instant,
    /// The next scan finds all that is not folded, however new it is: what the last process did not fold, or what was missed.
    pub(crate) scans_all: bool,
    /// No more positions come: what is here is folded at once.
    pub(crate) is_stopping: bool,
    /// The last access to the database failed, and that is in the log.
    pub(crate) is_failing: bool,
}

impl TrackFollower {
    /// A follower that knows no vehicle yet.
    pub fn new(parts: FollowerParts) -> Self {
        let FollowerParts { store, clock, inbox, vehicles, alert_expiry_ms, wakers, on_progress, cache_budget } = parts;
        let now = clock.instant();
        Self {
            rules: TenantRulesCache::new(clock.clone(), alert_expiry_ms, cache_budget.rules_bytes()),
            uploads: Uploads::new(clock.clone()),
            catch_up_queue: CatchUpQueue::new(clock.clone()),
            store,
            clock,
            inbox,
            vehicles,
            wakers,
            on_progress,
            followed: VehicleCache::new(cache_budget.vehicles_bytes()),
            maybe_silent: HashSet::new(),
            dirty: HashSet::new(),
            next_silence_check: now + SILENCE_CHECK_EVERY,
            next_scan: now,
            next_silence_scan: now + SILENCE_SCAN_EVERY,
            scans_all: true,
            is_stopping: false,
            is_failing: false,
        }
    }

    /// Follows all tracks until [`TrackInbox::stop`] was called and everything that was committed is folded.
    pub async fn run(mut self) {
        loop {
            let begun = self.clock.instant();
            // Read before the inbox is emptied: the end does not wait for later commits.
            self.is_stopping = self.inbox.is_stopping();
            self.round().await;
            if self.is_stopping {
                self.catch_up_queue.make_all_due();
                self.dirty.extend(self.followed.iter().filter(|one| one.is_unwritten()).map(|one| one.vehicle));
                if self.catch_up_queue.len() == 0 && self.dirty.is_empty() {
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
            let wakes = [Some(self.next_silence_check), self.catch_up_queue.next_due(), self.uploads.next_tick()];
            let wake = wakes.into_iter().flatten().min().expect("the next silence check is always there");
            let _ = self.clock.timeout_at(wake, self.inbox.filled()).await;
        }
    }

    async fn round(&mut self) {
        let taken = self.inbox.take();
        taken.changed_rules.into_iter().for_each(|tenant| self.rules.mark_changed(tenant));
        if taken.has_missed {
            self.scans_all = true;
            self.next_scan = self.clock.instant();
        }
        taken.overflowed.into_iter().for_each(|vehicle| self.read_again(vehicle));
        if let Err(error) = self.check_service_dates(taken.changed_vehicles).await {
            self.failed(&error);
        }
        for committed in taken.committed {
            self.ingest(committed).await;
        }
        self.fold_settled_uploads().await;
        self.write_dirty().await;
        let until = self.clock.instant() + CATCH_UP_FOR;
        while self.clock.instant() < until
            && let Some(vehicle) = self.catch_up_queue.take_due()
        {
            let checks_silence = self.maybe_silent.remove(&vehicle);
            if let Err(error) = self.catch_up(vehicle, checks_silence).await {
                self.failed(&error);
                if checks_silence {
                    self.maybe_silent.insert(vehicle);
                }
                self.catch_up_queue.add_after(vehicle, RETRY_AFTER);
            }
        }
        if self.clock.instant() >= self.next_silence_check {
            self.next_silence_check = self.clock.instant() + SILENCE_CHECK_EVERY;
            self.check_silence();
        }
        self.write_dirty().await;
        if let Err(error) = self.scan_store().await {
            self.failed(&error);
        }
        self.inbox.counters.end_round(taken.positions, self.catch_up_queue.len() + self.uploads.len());
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::of(&self.clock)
    }

    /// Logs the first failure of several in a row.
    pub(crate) fn failed(&mut self, error: &StoreError) {
        if !self.is_failing {
            tracing::error!("history is not up to date: {error}");
        }
        self.is_failing = true;
    }
}
