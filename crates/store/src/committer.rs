//! Combines the positions of many callers into one transaction, and answers each caller after the commit.
//!
//! No timer is involved: what arrives while one transaction is written forms the next one. One task writes
//! ([`Writer`]), another waits for the disk and answers ([`Finisher`]). A transaction that is not small is therefore
//! written while the disk is still busy with the one before.

mod cache;
mod finisher;
mod plan;
mod writer;

use crate::queue::{Place, QUEUE_WAIT, Queue, Queued};
use crate::{Result, Store, StoreError, VehicleNo};
use cache::TrackCache;
use finisher::{Finisher, Unflushed};
use milepost_cache::CacheBudget;
use milepost_domain::{Position, TenantId, Timestamp};
use milepost_track::Thresholds;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use writer::Writer;

/// Callers in one transaction. Further ones go into the next.
const TRANSACTION_CALLERS: usize = 256;

/// Once a transaction holds this many positions, further callers go into the next.
const TRANSACTION_POSITIONS: usize = 10_000;

/// A transaction that takes longer has failed, because the database hangs. Whether it was committed is unknown, as when
/// a connection breaks during a commit. Sending the batch again is always safe.
pub(crate) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(15);

/// Written transactions that wait for the running flush. When there are this many, the writer waits, and the next
/// transaction grows.
const UNFLUSHED: usize = 1;

/// The positions of one caller.
#[derive(Debug, Clone)]
pub struct PositionBatch {
    /// The tenant of the vehicles.
    pub tenant: TenantId,
    /// Validated positions in any order.
    pub positions: Vec<Position>,
    /// When the positions arrived.
    pub received_at: Timestamp,
    /// The tenant's thresholds, by which positions are judged.
    pub thresholds: Arc<Thresholds>,
}

/// The result of one caller's batch, which is on disk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommittedPositions {
    /// How many positions were stored.
    pub accepted: usize,
    /// How many positions were stored before, or came twice.
    pub duplicates: usize,
    /// Indices into the batch of positions whose vehicle does not exist, ascending.
    pub unknown: Vec<usize>,
    /// Positions that became their vehicle's newest, in the order of time. Those that are not wrong are published.
    pub newest: Vec<Position>,
    /// For each of `newest`, the position before it.
    pub steps: Vec<TrackStep>,
    /// Each late position that was stored, with its vehicle. History changes from there on.
    pub late: Vec<(VehicleNo, Position)>,
    /// Where vehicles are besides `newest`, in the order of time. They are published before it.
    pub current: Vec<CurrentPosition>,
}

/// A vehicle's place that its viewers may not know.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentPosition {
    /// The vehicle's internal number.
    pub vehicle: VehicleNo,
    /// The place, sent again: it may have been stored before by a transaction whose callers were answered as if it had failed. Or
    /// a present one, while the newest lies ahead.
    pub position: Position,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// Links a vehicle's newest position to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackStep {
    /// The vehicle's internal number.
    pub vehicle: VehicleNo,
    /// The time of the newest position before this one. A reader that knows a different one has missed positions.
    pub after: Option<Timestamp>,
    /// It is held to be wrong and marked.
    pub is_wrong: bool,
}

impl CommittedPositions {
    /// The newest positions that became their vehicle's place.
    pub fn places(&self) -> impl Iterator<Item = &Position> {
        self.newest.iter().zip(&self.steps).filter(|(_, step)| !step.is_wrong).map(|(position, _)| position)
    }
}

/// Observes every transaction. Its functions must not block.
pub trait CommitObserver: Send + Sync + 'static {
    /// Called after each transaction.
    fn ended(&self, sample: &CommitSample);
    /// Called for each caller's batch that stored anything or has a vehicle's newest position again, in the order of commit over all callers, and before the
    /// caller is answered. Only here can a vehicle's positions be published without going back in time.
    fn recorded(&self, _tenant: &TenantId, _recorded: &CommittedPositions) {}
}

/// Measurements of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitSample {
    /// The time from planning until it was on disk.
    pub took: Duration,
    /// How many callers it served.
    pub callers: usize,
    /// How many positions it stored.
    pub accepted: usize,
    /// How many positions were stored before, or came twice.
    pub duplicates: usize,
    /// Whether it was committed.
    pub committed: bool,
}

/// Stores positions. Cloning is cheap.
#[derive(Clone)]
pub struct Committer(Arc<Entrance>);

/// The queue as its callers have it. The tasks end when the last handle is dropped.
struct Entrance(Arc<Queue<Waiting>>);

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A caller in the queue.
struct Waiting {
    batch: PositionBatch,
    answer: oneshot::Sender<Result<CommittedPositions>>,
    /// Its part of the queue, given back when it is answered.
    place: Place<Self>,
}

impl Queued for Waiting {
    fn tenant(&self) -> &TenantId {
        &self.batch.tenant
    }
}

impl Committer {
    /// Starts with the usual memory for tracks, as [`Self::start_within`].
    pub fn start(store: Arc<dyn Store>, observer: Option<Arc<dyn CommitObserver>>) -> Self {
        Self::start_within(CacheBudget::default(), store, observer)
    }

    /// Starts the tasks on the current Tokio runtime. They end when the last handle is dropped and all queued positions
    /// are written.
    pub fn start_within(budget: CacheBudget, store: Arc<dyn Store>, observer: Option<Arc<dyn CommitObserver>>) -> Self {
        let cache = TrackCache::new(budget.tracks_bytes());
        let queue = Queue::new();
        let (written, unflushed) = mpsc::channel(UNFLUSHED);
        let lost = Arc::new(AtomicBool::new(false));
        let under_way = Arc::new(Unflushed::default());
        tokio::spawn(Finisher::new(store.clone(), observer, lost.clone(), under_way.clone()).run(unflushed));
        tokio::spawn(Writer::new(store, written, lost, under_way, cache).run(Arc::clone(&queue)));
        Self(Arc::new(Entrance(queue)))
    }

    /// Stores a batch. The answer means that it is on disk.
    ///
    /// # Errors
    /// `Unavailable` or `Overloaded`. Nothing of the batch was stored, or all of it if the connection broke during the
    /// commit.
    pub async fn record(&self, batch: PositionBatch) -> Result<CommittedPositions> {
        let queue = &self.0.0;
        let enter = queue.enter(&batch.tenant, batch.positions.len());
        let place = tokio::time::timeout(QUEUE_WAIT, enter).await.map_err(|_| StoreError::Overloaded)?;
        let (answer, answered) = oneshot::channel();
        queue.push(Waiting { batch, answer, place: place.ok_or_else(stopped)? });
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Whether its tasks have ended, which they never do by themselves.
    pub fn has_ended(&self) -> bool {
        self.0.0.has_ended()
    }

    /// The number of callers in the queue, for metrics.
    pub fn queued(&self) -> usize {
        self.0.0.queued()
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the committer has stopped".to_owned())
}
