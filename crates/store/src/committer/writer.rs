//! Plans and writes one transaction after another.

use super::cache::TrackCache;
use super::finisher::{Unflushed, WaitingCaller, Written};
use super::plan::Plan;
use super::{
    CommittedPositions, PositionBatch, TRANSACTION_CALLERS, TRANSACTION_POSITIONS, TRANSACTION_TIMEOUT, Waiting,
};
use crate::queue::{EndedAfter, Queue};
use crate::track_commit::SMALL;
use crate::{Result, Store, StoreError, TrackOutcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::mpsc;

/// How often a transaction is planned again because another node changed one of its vehicles. One of the nodes always
/// succeeds, so that this many failures in a row mean a fault.
const PLANS: usize = 32;

/// The callers of one transaction.
struct Callers {
    waiting: Vec<Waiting>,
    positions: usize,
}

impl Callers {
    fn of(first: Waiting) -> Self {
        Self { positions: first.batch.positions.len(), waiting: vec![first] }
    }

    const fn have_room(&self) -> bool {
        self.waiting.len() < TRANSACTION_CALLERS && self.positions < TRANSACTION_POSITIONS
    }

    fn push(&mut self, next: Waiting) {
        self.positions += next.batch.positions.len();
        self.waiting.push(next);
    }

    fn take_waiting(&mut self, waiting: &Queue<Waiting>) {
        while self.have_room() {
            let Some(next) = waiting.try_next() else { break };
            self.push(next);
        }
    }
}

/// The task that writes transactions.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    cache: TrackCache,
    written: mpsc::Sender<Written>,
    /// Set by the finisher when written data may be lost.
    lost: Arc<AtomicBool>,
    unflushed: Arc<Unflushed>,
}

impl Writer {
    pub(super) fn new(
        store: Arc<dyn Store>,
        written: mpsc::Sender<Written>,
        lost: Arc<AtomicBool>,
        unflushed: Arc<Unflushed>,
        cache: TrackCache,
    ) -> Self {
        Self { store, cache, written, lost, unflushed }
    }

    pub(super) async fn run(self, waiting: Arc<Queue<Waiting>>) {
        // Also after a panic, so that nobody waits for it.
        let waiting = EndedAfter(waiting);
        self.write_in_turn(&waiting.0).await;
    }

    async fn write_in_turn(mut self, waiting: &Queue<Waiting>) {
        let finisher = self.written.clone();
        loop {
            let first = tokio::select! {
                first = waiting.next() => first,
                // Without the finisher nobody is answered.
                () = finisher.closed() => return,
            };
            let Some(first) = first else { return };
            let mut callers = Callers::of(first);
            callers.take_waiting(waiting);
            // While the disk is busy with the last transaction, a small one waits and grows.
            while callers.positions < SMALL && callers.have_room() && self.unflushed.any() {
                tokio::select! {
                    () = self.unflushed.none_left() => {}
                    next = waiting.next() => match next {
                        Some(next) => callers.push(next),
                        None => break,
                    },
                }
                callers.take_waiting(waiting);
            }
            let Ok(slot) = self.written.clone().reserve_owned().await else { return };
            self.unflushed.begin();
            if self.lost.swap(false, Ordering::AcqRel) {
                self.cache.clear();
            }
            slot.send(self.write(callers.waiting).await);
        }
    }

    /// Writes the batches of several callers together. If the database refuses one of them, each is tried alone, so
    /// that only that one fails.
    async fn write(&mut self, callers: Vec<Waiting>) -> Written {
        let begun = Instant::now();
        let (batches, rest): (Vec<_>, Vec<_>) =
            callers.into_iter().map(|caller| (caller.batch, (caller.answer, caller.place))).unzip();
        let outcomes: Vec<Result<CommittedPositions>> = match self.write_or_forget(&batches).await {
            Ok(recorded) => recorded.into_iter().map(Ok).collect(),
            Err(StoreError::Unavailable(reason)) => {
                tracing::error!(callers = batches.len(), "positions not stored: {reason}");
                batches.iter().map(|_| Err(StoreError::Unavailable(reason.clone()))).collect()
            }
            Err(_) if batches.len() > 1 => {
                let mut outcomes = Vec::with_capacity(batches.len());
                for batch in &batches {
                    let recorded = self.write_or_forget(std::slice::from_ref(batch)).await;
                    outcomes.push(recorded.map(|mut recorded| recorded.pop().unwrap_or_default()));
                }
                outcomes
            }
            Err(error) => batches.iter().map(|_| Err(error.clone())).collect(),
        };
        let callers = batches.into_iter().zip(rest).zip(outcomes);
        let callers = callers.map(|((batch, (answer, place)), outcome)| WaitingCaller {
            tenant: batch.tenant,
            outcome,
            answer,
            place,
        });
        Written { begun, callers: callers.collect() }
    }

    async fn write_or_forget(&mut self, batches: &[PositionBatch]) -> Result<Vec<CommittedPositions>> {
        let outcome = tokio::time::timeout(TRANSACTION_TIMEOUT, self.write_one_transaction(batches))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(format!("no commit within {TRANSACTION_TIMEOUT:?}"))));
        if outcome.is_err() {
            // The cached tracks of these vehicles may be wrong now.
            for batch in batches {
                self.cache.forget(batch);
            }
        }
        outcome
    }

    async fn write_one_transaction(&mut self, batches: &[PositionBatch]) -> Result<Vec<CommittedPositions>> {
        self.cache.begin();
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
                TrackOutcome::Stale(vehicles) => self.cache.forget_stale(batches, &vehicles),
            }
        }
        Err(StoreError::Unavailable("other nodes change the same vehicles all the time".to_owned()))
    }
}
