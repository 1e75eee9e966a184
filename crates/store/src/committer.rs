//! Gathers what many callers bring into one transaction, and answers each after the commit.
//!
//! Nobody waits for a timer: while one transaction commits, what arrives gathers, and makes up the next one.

mod cache;
mod plan;

use crate::{Result, Store, StoreError, TrackOutcome};
use cache::TrackCache;
use milepost_domain::{Fact, Position, TenantId, Timestamp};
use plan::Plan;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Positions waiting and under way, about 150 bytes each. When full, callers wait for [`QUEUE_WAIT`] and are then told
/// that it is too much. A batch larger than this counts as this many.
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

/// How often a transaction is planned anew because another node changed one of its vehicles. One of the nodes
/// always gets through, so that this many defeats in a row mean that something is wrong.
const PLANS: usize = 32;

/// What one caller brings.
#[derive(Debug, Clone)]
pub struct PositionBatch {
    /// Whose vehicles these are.
    pub tenant: TenantId,
    /// Checked positions, in any order.
    pub positions: Vec<Position>,
    /// When they arrived.
    pub received_at: Timestamp,
    /// Facts to be stored with them.
    pub facts: Vec<Fact>,
}

/// What became of one caller's batch; all of it is on disk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorded {
    /// Positions stored.
    pub accepted: usize,
    /// Positions that were stored before, or came twice.
    pub duplicates: usize,
    /// Indices (into the batch) of positions whose vehicle does not exist, ascending.
    pub unknown: Vec<usize>,
    /// Those that became their vehicle's newest, in the order of time: to be broadcast.
    pub newest: Vec<Position>,
}

/// Is told of every transaction; its functions must not block.
pub trait CommitObserver: Send + Sync + 'static {
    /// A transaction ended.
    fn ended(&self, sample: &CommitSample);
    /// What one caller's batch made newest, in the order of commit over all callers and before the caller is
    /// answered: the one place where positions of a vehicle can be published without ever going back in time.
    fn newest(&self, _tenant: &TenantId, _positions: &[Position]) {}
}

/// Figures of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitSample {
    /// From planning to the commit's answer.
    pub took: Duration,
    /// Callers whose batches it held.
    pub callers: usize,
    /// Positions they brought.
    pub positions: usize,
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
    answer: oneshot::Sender<Result<Recorded>>,
    /// Its room in the queue, given back when it is answered.
    room: OwnedSemaphorePermit,
}

impl Committer {
    /// Starts the task that writes, on the current tokio runtime. It ends when the last handle is gone and everything
    /// that was brought is written.
    pub fn start(store: Arc<dyn Store>, observer: Option<Arc<dyn CommitObserver>>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_CALLERS);
        let room = Arc::new(Semaphore::new(QUEUE_POSITIONS as usize));
        tokio::spawn(Writer { store, observer, cache: TrackCache::default() }.run(waiting));
        Self { queue, room }
    }

    /// Stores a batch; the answer means that it is on disk.
    ///
    /// # Errors
    /// `Unavailable` or `Overloaded`: nothing of the batch was stored (or, when the connection broke during the commit,
    /// all of it). `NotFound("tenant")` for facts of no tenant.
    pub async fn record(&self, batch: PositionBatch) -> Result<Recorded> {
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

/// The task that writes.
struct Writer {
    store: Arc<dyn Store>,
    observer: Option<Arc<dyn CommitObserver>>,
    cache: TrackCache,
}

impl Writer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Waiting>) {
        while let Some(first) = waiting.recv().await {
            let mut positions = first.batch.positions.len();
            let mut callers = vec![first];
            while callers.len() < TRANSACTION_CALLERS && positions < TRANSACTION_POSITIONS {
                let Ok(next) = waiting.try_recv() else { break };
                positions += next.batch.positions.len();
                callers.push(next);
            }
            self.commit(callers).await;
        }
    }

    /// Commits callers together. If one of them brought what the database refuses, each is tried alone, so that it
    /// fails alone.
    async fn commit(&mut self, callers: Vec<Waiting>) {
        let (batches, answers): (Vec<_>, Vec<_>) =
            callers.into_iter().map(|caller| (caller.batch, (caller.answer, caller.room))).unzip();
        match self.write(&batches).await {
            Ok(recorded) => {
                for ((recorded, batch), (answer, _room)) in recorded.into_iter().zip(&batches).zip(answers) {
                    self.answer(batch, answer, Ok(recorded));
                }
            }
            Err(StoreError::Unavailable(reason)) => {
                tracing::error!(callers = batches.len(), "positions not stored: {reason}");
                for (batch, (answer, _room)) in batches.iter().zip(answers) {
                    self.answer(batch, answer, Err(StoreError::Unavailable(reason.clone())));
                }
            }
            Err(_) if batches.len() > 1 => {
                for (batch, (answer, _room)) in batches.iter().zip(answers) {
                    let recorded = self.write(std::slice::from_ref(batch)).await;
                    let recorded = recorded.map(|mut recorded| recorded.pop().unwrap_or_default());
                    self.answer(batch, answer, recorded);
                }
            }
            Err(error) => {
                for (batch, (answer, _room)) in batches.iter().zip(answers) {
                    self.answer(batch, answer, Err(error.clone()));
                }
            }
        }
    }

    fn answer(&self, batch: &PositionBatch, answer: oneshot::Sender<Result<Recorded>>, recorded: Result<Recorded>) {
        if let (Some(observer), Ok(recorded)) = (&self.observer, &recorded)
            && !recorded.newest.is_empty()
        {
            observer.newest(&batch.tenant, &recorded.newest);
        }
        // A caller that went away needs no answer.
        let _ = answer.send(recorded);
    }

    async fn write(&mut self, batches: &[PositionBatch]) -> Result<Vec<Recorded>> {
        let begun = Instant::now();
        let outcome = tokio::time::timeout(TRANSACTION_TIMEOUT, self.write_one_transaction(batches))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(format!("no commit within {TRANSACTION_TIMEOUT:?}"))));
        if outcome.is_err() {
            // What is known of these vehicles may now be wrong.
            for batch in batches {
                self.cache.forget(batch);
            }
        }
        if let Some(observer) = &self.observer {
            observer.ended(&CommitSample {
                took: begun.elapsed(),
                callers: batches.len(),
                positions: batches.iter().map(|batch| batch.positions.len()).sum(),
                committed: outcome.is_ok(),
            });
        }
        outcome
    }

    async fn write_one_transaction(&mut self, batches: &[PositionBatch]) -> Result<Vec<Recorded>> {
        for _ in 0..PLANS {
            self.cache.load(&*self.store, batches).await?;
            let plan = Plan::make(&self.cache, batches);
            if plan.is_empty() {
                return Ok(plan.recorded(&[]).0);
            }
            match self.store.commit_tracks(&plan.commit).await? {
                TrackOutcome::Committed { late_added } => {
                    let (recorded, tracks) = plan.recorded(&late_added);
                    self.cache.keep(tracks);
                    return Ok(recorded);
                }
                TrackOutcome::Stale => {
                    for batch in batches {
                        self.cache.forget(batch);
                    }
                }
            }
        }
        Err(StoreError::Unavailable("other nodes change the same vehicles all the time".to_owned()))
    }
}
