//! Waits until written transactions are on disk, informs the observer, and answers the callers.

use super::{CommitObserver, CommitSample, CommittedPositions, TRANSACTION_TIMEOUT, Waiting};
use crate::queue::Place;
use crate::{Result, Store, StoreError};
use milepost_domain::TenantId;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::{Notify, mpsc, oneshot};

/// A transaction that was written or has failed.
pub(super) struct Written {
    pub(super) begun: Instant,
    pub(super) callers: Vec<WaitingCaller>,
}

/// A caller that waits for the transaction.
pub(super) struct WaitingCaller {
    pub(super) tenant: TenantId,
    pub(super) outcome: Result<CommittedPositions>,
    pub(super) answer: oneshot::Sender<Result<CommittedPositions>>,
    /// Its part of the queue, given back when it is answered.
    pub(super) place: Place<Waiting>,
}

/// Counts transactions that are being written, being flushed, or wait for a flush.
#[derive(Default)]
pub(super) struct Unflushed {
    transactions: AtomicUsize,
    answered: Notify,
}

impl Unflushed {
    pub(super) fn begin(&self) {
        self.transactions.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn any(&self) -> bool {
        self.transactions.load(Ordering::Acquire) > 0
    }

    /// Waits until all counted transactions have ended. Only one task may wait; it may wake too early.
    pub(super) async fn none_left(&self) {
        self.answered.notified().await;
    }

    fn end(&self, transactions: usize) {
        if self.transactions.fetch_sub(transactions, Ordering::AcqRel) == transactions {
            self.answered.notify_one();
        }
    }
}

/// The task that answers callers.
pub(super) struct Finisher {
    store: Arc<dyn Store>,
    observer: Option<Arc<dyn CommitObserver>>,
    /// Set for the writer when a flush has failed.
    lost: Arc<AtomicBool>,
    unflushed: Arc<Unflushed>,
}

impl Finisher {
    pub(super) fn new(
        store: Arc<dyn Store>,
        observer: Option<Arc<dyn CommitObserver>>,
        lost: Arc<AtomicBool>,
        unflushed: Arc<Unflushed>,
    ) -> Self {
        Self { store, observer, lost, unflushed }
    }

    /// One flush serves every transaction that was written before it began. Transactions that changed nothing wait for
    /// it too, because the duplicates that they found may not be flushed yet.
    pub(super) async fn run(self, mut written: mpsc::Receiver<Written>) {
        while let Some(first) = written.recv().await {
            let mut transactions = vec![first];
            while let Ok(next) = written.try_recv() {
                transactions.push(next);
            }
            let flushed = self.flush(&transactions).await;
            let count = transactions.len();
            let mut is_whole = true;
            for transaction in transactions {
                is_whole &= self.finish(transaction, &flushed);
            }
            self.unflushed.end(count);
            if !is_whole {
                // What was published of it is unknown, and so is the state of who publishes: the server starts anew.
                tracing::error!("what a transaction stored was not published: no more positions are taken");
                return;
            }
        }
    }

    async fn flush(&self, transactions: &[Written]) -> Result<()> {
        if !transactions.iter().any(|written| written.callers.iter().any(|caller| caller.outcome.is_ok())) {
            return Ok(());
        }
        let flushed = tokio::time::timeout(TRANSACTION_TIMEOUT, self.store.flush())
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(format!("no flush within {TRANSACTION_TIMEOUT:?}"))));
        if let Err(error) = &flushed {
            tracing::error!("positions not stored: {error}");
            self.lost.store(true, Ordering::Release);
        }
        flushed
    }

    /// Returns false if the observer panicked.
    fn finish(&self, written: Written, flushed: &Result<()>) -> bool {
        let mut is_whole = true;
        let mut sample = CommitSample { callers: written.callers.len(), committed: true, ..CommitSample::default() };
        let mut answers = Vec::with_capacity(written.callers.len());
        for caller in written.callers {
            let outcome = caller.outcome.and_then(|recorded| flushed.clone().map(|()| recorded));
            match &outcome {
                Ok(recorded) => {
                    sample.accepted += recorded.accepted;
                    sample.duplicates += recorded.duplicates;
                    if recorded.accepted > 0 || !recorded.current.is_empty() {
                        is_whole &= self.observe(|observer| observer.recorded(&caller.tenant, recorded));
                    }
                }
                Err(StoreError::Unavailable(_)) => sample.committed = false,
                // Only this batch was refused. The rest of the transaction was valid.
                Err(_) => {}
            }
            answers.push((caller.answer, outcome, caller.place));
        }
        sample.took = written.begun.elapsed();
        is_whole &= self.observe(|observer| observer.ended(&sample));
        for (answer, outcome, _room) in answers {
            // The caller may have gone away.
            let _ = answer.send(outcome);
        }
        is_whole
    }

    /// The positions are on disk whatever the observer does: a panic must not keep the answers from their callers. Returns
    /// false after one.
    fn observe(&self, call: impl FnOnce(&dyn CommitObserver)) -> bool {
        let Some(observer) = &self.observer else { return true };
        catch_unwind(AssertUnwindSafe(|| call(&**observer))).is_ok()
    }
}
