//! Gathers what many callers bring into one transaction, and answers each after the commit.
//!
//! Nobody waits for a timer: while one transaction is written, what arrives gathers, and makes up the next one. One
//! task writes ([`Writer`]), another waits for the disk and answers ([`Finisher`]), so that the next transaction, if it
//! is not small, is written while the disk is busy with the last.

mod cache;
mod finisher;
mod plan;
mod writer;

use crate::{Result, Store, StoreError, VehicleNo};
use finisher::{Finisher, Unflushed};
use milepost_domain::{Position, TenantId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use writer::Writer;

/// Positions waiting and under way, about 150 bytes each. When full, callers wait for [`QUEUE_WAIT`] and are then refused
/// as too much. A batch larger than this counts as this many.
const QUEUE_POSITIONS: u32 = 200_000;

/// Callers waiting. When full, callers wait as above.
const QUEUE_CALLERS: usize = 4_096;

/// How long a caller waits for room in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(5);

/// Callers in one transaction; further ones go into the next.
const TRANSACTION_CALLERS: usize = 256;

/// Once a transaction holds this many positions, further callers go into the next.
const TRANSACTION_POSITIONS: usize = 10_000;

/// A transaction that takes longer has failed: the database hangs. Whether it was committed is then not known, as
/// when a connection breaks during a commit; sending the batch again is always safe.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(15);

/// Transactions that are written and wait for the one that is being flushed. When full, the writer waits, and the next
/// transaction grows.
const UNFLUSHED: usize = 1;

/// What one caller brings.
#[derive(Debug, Clone)]
pub struct PositionBatch {
    /// Whose vehicles these are.
    pub tenant: TenantId,
    /// Checked positions, in any order.
    pub positions: Vec<Position>,
    /// When they arrived.
    pub received_at: Timestamp,
}

/// What became of one caller's batch; all of it is on disk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommittedPositions {
    /// Positions stored.
    pub accepted: usize,
    /// Positions that were stored before, or came twice.
    pub duplicates: usize,
    /// Indices (into the batch) of positions whose vehicle does not exist, ascending.
    pub unknown: Vec<usize>,
    /// Those that became their vehicle's newest, in the order of time: to be broadcast.
    pub newest: Vec<Position>,
    /// For each of `newest`, what it follows.
    pub steps: Vec<TrackStep>,
    /// Each late position that was stored, with its vehicle: history changes from there on.
    pub late: Vec<(VehicleNo, Position)>,
}

/// Which vehicle's track a newest position lengthens, and where it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackStep {
    /// The vehicle's internal number.
    pub vehicle: VehicleNo,
    /// The instant of the newest position before this one. A reader that knows another one has missed something.
    pub after: Option<Timestamp>,
}

/// Learns of every transaction; its functions must not block.
pub trait CommitObserver: Send + Sync + 'static {
    /// A transaction ended.
    fn ended(&self, sample: &CommitSample);
    /// What one caller's batch came to, if it stored anything, in the order of commit over all callers and before the
    /// caller is answered: the one place where positions of a vehicle can be published without ever going back in time.
    fn recorded(&self, _tenant: &TenantId, _recorded: &CommittedPositions) {}
}

/// Figures of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommitSample {
    /// From planning until it is on disk.
    pub took: Duration,
    /// Callers whose batches it held.
    pub callers: usize,
    /// Positions stored.
    pub accepted: usize,
    /// Positions that were stored before, or came twice.
    pub duplicates: usize,
    /// Whether it is on disk.
    pub committed: bool,
}

/// The way in for positions. Cheap to clone.
#[derive(Clone)]
pub struct Committer {
    queue: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
}

/// A caller in the queue.
struct Waiting {
    batch: PositionBatch,
    answer: oneshot::Sender<Result<CommittedPositions>>,
    /// Its room in the queue, given back when it is answered.
    room: OwnedSemaphorePermit,
}

impl Committer {
    /// Starts the task that writes, on the current tokio runtime. It ends when the last handle is gone and everything
    /// that was brought is written.
    pub fn start(store: Arc<dyn Store>, observer: Option<Arc<dyn CommitObserver>>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_CALLERS);
        let room = Arc::new(Semaphore::new(QUEUE_POSITIONS as usize));
        let (written, unflushed) = mpsc::channel(UNFLUSHED);
        let lost = Arc::new(AtomicBool::new(false));
        let under_way = Arc::new(Unflushed::default());
        tokio::spawn(Finisher::new(store.clone(), observer, lost.clone(), under_way.clone()).run(unflushed));
        tokio::spawn(Writer::new(store, written, lost, under_way).run(waiting));
        Self { queue, room }
    }

    /// Stores a batch; the answer means that it is on disk.
    ///
    /// # Errors
    /// `Unavailable` or `Overloaded`: nothing of the batch was stored (or, when the connection broke during the commit,
    /// all of it).
    pub async fn record(&self, batch: PositionBatch) -> Result<CommittedPositions> {
        let permits = u32::try_from(batch.positions.len()).unwrap_or(QUEUE_POSITIONS).clamp(1, QUEUE_POSITIONS);
        let (answer, answered) = oneshot::channel();
        let enter = async {
            let room = self.room.clone().acquire_many_owned(permits).await.map_err(|_| stopped())?;
            self.queue.send(Waiting { batch, answer, room }).await.map_err(|_| stopped())
        };
        tokio::time::timeout(QUEUE_WAIT, enter).await.unwrap_or(Err(StoreError::Overloaded))?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Callers in the queue now, for metrics.
    pub fn queued(&self) -> usize {
        QUEUE_CALLERS - self.queue.capacity()
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the committer has stopped".to_owned())
}
