//! A request's claim on its Idempotency-Key, carried along with the request's work: the transaction that does the work
//! keeps the answer too, so that no process can die between the two.
//!
//! The claim is of the task that carries out the request, and not an argument of every use case between the door, which
//! knows how the answer looks, and the transaction, which knows when it is true. [`answering`] says the one, and each
//! transaction asks for the other just before its commit, by the type of what it is about to return.

use crate::{Claim, KeptAnswer};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Makes the answer of what a transaction returns; `None` for what is not the request's work.
type Render = Arc<dyn Fn(&dyn Any) -> Option<KeptAnswer> + Send + Sync>;

tokio::task_local! {
    /// The work that this task does for a claim, if it does any.
    static CURRENT: Work;
}

#[derive(Clone)]
struct Work {
    claim: Arc<Claim>,
    /// `None` until a use case says what it answers with.
    render: Option<Render>,
    is_kept: Arc<AtomicBool>,
}

/// An answer that the transaction at hand has to keep for its claim.
pub(crate) struct DueAnswer {
    /// Whose.
    pub(crate) claim: Arc<Claim>,
    /// The answer.
    pub(crate) answer: KeptAnswer,
    is_kept: Arc<AtomicBool>,
}

impl DueAnswer {
    /// To be called after the commit.
    pub(crate) fn is_kept(&self) {
        self.is_kept.store(true, Ordering::Release);
    }
}

impl Claim {
    /// Does a request's work under its claim; true with its outcome if the transaction that did it kept the answer.
    pub async fn carry_out<F: Future>(&self, work: F) -> (F::Output, bool) {
        let is_kept = Arc::new(AtomicBool::new(false));
        let current = Work { claim: Arc::new(self.clone()), render: None, is_kept: Arc::clone(&is_kept) };
        let outcome = CURRENT.scope(current, work).await;
        (outcome, is_kept.load(Ordering::Acquire))
    }
}

/// Does the work of a request that answers with what `render` makes of a `T`: the first transaction that returns a `T`
/// (or what [`answering_from`] makes one of) keeps that answer for the request's claim. Without a claim it only does
/// the work. What goes before in transactions that return something else (a tenant that comes to be) keeps nothing.
pub async fn answering<T: 'static, F: Future>(
    render: impl Fn(&T) -> KeptAnswer + Send + Sync + 'static,
    work: F,
) -> F::Output {
    let render: Render = Arc::new(move |returned| returned.downcast_ref().map(&render));
    within(CURRENT.try_with(|work| Work { render: Some(render), ..work.clone() }).ok(), work).await
}

/// Calls the store's function that does the work of a use case, and whose transaction does not return what the use case
/// will: `view` tells what that is, or `None` when the transaction did not do the work.
pub async fn answering_from<S: 'static, T: 'static, F: Future>(
    view: impl Fn(&S) -> Option<T> + Send + Sync + 'static,
    work: F,
) -> F::Output {
    let viewed = |work: &Work| {
        let outer = work.render.clone()?;
        let render: Render = Arc::new(move |returned| outer(&view(returned.downcast_ref()?)?));
        Some(Work { render: Some(render), ..work.clone() })
    };
    within(CURRENT.try_with(viewed).ok().flatten(), work).await
}

/// The same work, for another task: it stays under the claim of the task that calls this.
pub fn still_claimed<F: Future>(work: F) -> impl Future<Output = F::Output> {
    within(CURRENT.try_with(Work::clone).ok(), work)
}

async fn within<F: Future>(claimed: Option<Work>, work: F) -> F::Output {
    match claimed {
        Some(claimed) => CURRENT.scope(claimed, work).await,
        None => work.await,
    }
}

/// The answer that the transaction which is about to return `returned` has to keep, if it does a claim's work.
pub(crate) fn due_answer<T: 'static>(returned: &T) -> Option<DueAnswer> {
    let due = |work: &Work| {
        if work.is_kept.load(Ordering::Acquire) {
            return None;
        }
        let answer = (work.render.as_ref()?)(returned)?;
        Some(DueAnswer { claim: Arc::clone(&work.claim), answer, is_kept: Arc::clone(&work.is_kept) })
    };
    CURRENT.try_with(due).ok().flatten()
}
