//! Waits until what was written is on disk, tells the observer, and answers the callers.

use super::{CommitObserver, CommitSample, CommittedPositions, TRANSACTION_TIMEOUT};
use crate::{Result, Store, StoreError};
use milepost_domain::TenantId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc, oneshot};

/// A transaction that was written, or failed.
pub(super) struct Written {
    pub(super) begun: Instant,
    pub(super) callers: Vec<WaitingCaller>,
}

/// Who waits for it.
pub(super) struct WaitingCaller {
    pub(super) tenant: TenantId,
    pub(super) outcome: Result<CommittedPositions>,
    pub(super) answer: oneshot::Sender<Result<CommittedPositions>>,
    /// Its room in the queue, given back when it is answered.
    pub(super) room: OwnedSemaphorePermit,
}

/// Transactions that are being written or flushed, or wait for it.
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

    /// Waits until all that began have ended. For one task; it may wake too early.
    pub(super) async fn none_left(&self) {
        self.answered.notified().await;
    }

    fn end(&self, transactions: usize) {
        if self.transactions.fetch_sub(transactions, Ordering::AcqRel) == transactions {
            self.answered.notify_one();
        }
    }
}

/// The task that answers.
pub(super) struct Finisher {
    store: Arc<dyn Store>,
    observer: Option<Arc<dyn CommitObserver>>,
    /// Told to the writer when a flush failed.
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

    /// One flush serves every transaction that was written before it began. Those that changed nothing wait for it too:
    /// what they found to be stored already may have been written a moment ago.
    pub(super) async fn run(self, mut written: mpsc::Receiver<Written>) {
        while let Some(first) = written.recv().await {
            let mut transactions = vec![first];
            while let Ok(next) = written.try_recv() {
                transactions.push(next);
            }
            let flushed = self.flush(&transactions).await;
            let count = transactions.len();
            for transaction in transactions {
                self.finish(transaction, &flushed);
            }
            self.unflushed.end(count);
        }
    }

    async fn flush(&self, transactions: &[Written]) -> Result<()> {
        if !transactions.iter().any(|written| written.callers.iter().any(|caller| caller.outcome.is_ok())) {
            return Ok(());
        }
        let flushed = tokio::time::timeout(TRANSACTION_TIMEOUT, self.store.flush_tracks())
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(format!("no flush within {TRANSACTION_TIMEOUT:?}"))));
        if let Err(error) = &flushed {
            tracing::error!("positions not stored: {error}");
            self.lost.store(true, Ordering::Release);
        }
        flushed
    }

    fn finish(&self, written: Written, flushed: &Result<()>) {
        let mut sample = CommitSample { callers: written.callers.len(), committed: true, ..CommitSample::default() };
        let mut answers = Vec::with_capacity(written.callers.len());
        for caller in written.callers {
            let outcome = caller.outcome.and_then(|recorded| flushed.clone().map(|()| recorded));
            match &outcome {
                Ok(recorded) => {
                    sample.accepted += recorded.accepted;
                    sample.duplicates += recorded.duplicates;
                    if let (Some(observer), true) = (&self.observer, recorded.accepted > 0) {
                        observer.recorded(&caller.tenant, recorded);
                    }
                }
                Err(StoreError::Unavailable(_)) => sample.committed = false,
                // It alone was refused; the transaction was none of its fault.
                Err(_) => {}
            }
            answers.push((caller.answer, outcome, caller.room));
        }
        if let Some(observer) = &self.observer {
            sample.took = written.begun.elapsed();
            observer.ended(&sample);
        }
        for (answer, outcome, _room) in answers {
            // A caller that went away needs no answer.
            let _ = answer.send(outcome);
        }
    }
}
