//! Does what many callers ask for by one transaction or one query, and answers each of them.
//!
//! No timer is involved: what arrives while one transaction is written forms the next one.

use crate::committer::TRANSACTION_TIMEOUT;
use crate::queue::{EndedAfter, Place, QUEUE_WAIT, Queue, Queued};
use crate::{Result, Store, StoreError};
use async_trait::async_trait;
use milepost_domain::TenantId;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Callers of one transaction. Further ones go into the next.
const GATHERED: usize = 256;

/// Something small that one caller asks of the store, and that is as easily done for many.
#[async_trait]
pub trait Gathered: Clone + Send + Sync + Sized + 'static {
    /// The caller's answer.
    type Answer: Send + 'static;

    /// Whose share of the queue it takes.
    fn tenant(&self) -> &TenantId;

    /// Does all, and returns an answer for each in their order. What it has written is on disk.
    async fn carry_out(store: &dyn Store, all: Arc<[Self]>) -> Result<Vec<Self::Answer>>;
}

/// Gathers jobs of one kind. Cloning is cheap.
pub struct Gatherer<J: Gathered>(Arc<Entrance<J>>);

/// The queue as its callers have it. The task ends when the last handle is dropped.
struct Entrance<J: Gathered>(Arc<Queue<Waiting<J>>>);

/// A caller in the queue.
struct Waiting<J: Gathered> {
    job: J,
    answer: oneshot::Sender<Result<J::Answer>>,
    /// Its part of the queue, given back when it is answered.
    place: Place<Self>,
}

impl<J: Gathered> Queued for Waiting<J> {
    fn tenant(&self) -> &TenantId {
        self.job.tenant()
    }
}

impl<J: Gathered> Drop for Entrance<J> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<J: Gathered> Clone for Gatherer<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J: Gathered> Gatherer<J> {
    /// Starts the task on the current Tokio runtime. It ends when the last handle is dropped and everything is answered.
    pub fn start(store: Arc<dyn Store>) -> Self {
        let queue = Queue::new();
        tokio::spawn(serve(store, Arc::clone(&queue)));
        Self(Arc::new(Entrance(queue)))
    }

    /// Does one thing together with what others ask for. The queue is shared out among tenants.
    ///
    /// # Errors
    /// `Overloaded` when the tenant's share of the queue stays full; `Unavailable`, after which it may have been done or not; and
    /// those of [`Gathered::carry_out`] for this job alone.
    pub async fn carry_out(&self, job: J) -> Result<J::Answer> {
        let queue = &self.0.0;
        let enter = queue.enter(job.tenant(), 1);
        let place = tokio::time::timeout(QUEUE_WAIT, enter).await.map_err(|_| StoreError::Overloaded)?;
        let (answer, answered) = oneshot::channel();
        queue.push(Waiting { job, answer, place: place.ok_or_else(stopped)? });
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Whether its task has ended, which it never does by itself.
    pub fn has_ended(&self) -> bool {
        self.0.0.has_ended()
    }
}

async fn serve<J: Gathered>(store: Arc<dyn Store>, waiting: Arc<Queue<Waiting<J>>>) {
    let waiting = EndedAfter(waiting);
    while let Some(first) = waiting.0.next().await {
        let mut callers = vec![first];
        while callers.len() < GATHERED
            && let Some(next) = waiting.0.try_next()
        {
            callers.push(next);
        }
        let (jobs, answers): (Vec<_>, Vec<_>) =
            callers.into_iter().map(|Waiting { job, answer, place }| (job, (answer, place))).unzip();
        let outcomes = carry_out_each(&*store, jobs.into()).await;
        for ((answer, _place), outcome) in answers.into_iter().zip(outcomes) {
            // The caller may have gone away.
            let _ = answer.send(outcome);
        }
    }
}

/// If the database refuses one of them, each is tried alone, so that only that one fails.
async fn carry_out_each<J: Gathered>(store: &dyn Store, jobs: Arc<[J]>) -> Vec<Result<J::Answer>> {
    match carry_out(store, Arc::clone(&jobs)).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(StoreError::Unavailable(reason)) => {
            jobs.iter().map(|_| Err(StoreError::Unavailable(reason.clone()))).collect()
        }
        Err(_) if jobs.len() > 1 => {
            let mut outcomes = Vec::with_capacity(jobs.len());
            for job in &*jobs {
                let alone = carry_out(store, Arc::from([job.clone()])).await;
                outcomes.push(alone.and_then(|answers| answers.into_iter().next().ok_or_else(stopped)));
            }
            outcomes
        }
        Err(error) => vec![Err(error)],
    }
}

async fn carry_out<J: Gathered>(store: &dyn Store, jobs: Arc<[J]>) -> Result<Vec<J::Answer>> {
    let count = jobs.len();
    let answers = tokio::time::timeout(TRANSACTION_TIMEOUT, J::carry_out(store, jobs)).await.unwrap_or_else(|_| {
        Err(StoreError::Unavailable(format!("no answer of the database within {TRANSACTION_TIMEOUT:?}")))
    })?;
    if answers.len() == count { Ok(answers) } else { Err(StoreError::Corrupt("an answer is missing".to_owned())) }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("nobody writes any more".to_owned())
}
