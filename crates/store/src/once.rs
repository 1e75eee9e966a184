//! Stores a request's answer in the transaction that does its work.

use crate::{Claim, KeptAnswer};
use std::sync::Arc;

/// Makes the answer from the outcome of a transaction; `None` if the transaction did not do the request's work.
type Render<'a, T> = Arc<dyn Fn(&T) -> Option<KeptAnswer> + Send + Sync + 'a>;

/// A request's claim on its Idempotency-Key, and the answer to give once a transaction returns a `T`. That transaction
/// stores the answer, so that no process can die between the work and the answer.
pub struct Once<'a, T>(Option<(Claim, Render<'a, T>)>);

impl<'a, T> Once<'a, T> {
    /// Stores the answer that `render` makes from the outcome.
    pub fn new(claim: Claim, render: impl Fn(&T) -> KeptAnswer + Send + Sync + 'a) -> Self {
        Self(Some((claim, Arc::new(move |outcome| Some(render(outcome))))))
    }

    /// Stores nothing, because the request has no key or the work belongs to no request.
    pub const fn unclaimed() -> Self {
        Self(None)
    }

    /// Adapts this for a transaction with another outcome. `outcome_of` returns the use case's outcome, or `None` if
    /// the transaction did not do the work.
    pub fn map<'b, S>(&'b self, outcome_of: impl Fn(&S) -> Option<T> + Send + Sync + 'b) -> Once<'b, S> {
        let Some((claim, render)) = &self.0 else { return Once(None) };
        Once(Some((claim.clone(), Arc::new(move |returned| render(&outcome_of(returned)?)))))
    }

    /// Whether an answer is to be stored.
    pub const fn is_claimed(&self) -> bool {
        self.0.is_some()
    }

    /// The answer that the transaction with this outcome must store.
    pub(crate) fn due(&self, outcome: &T) -> Option<(&Claim, KeptAnswer)> {
        let (claim, render) = self.0.as_ref().filter(|(claim, _)| !claim.is_kept())?;
        Some((claim, render(outcome)?))
    }
}

impl<T> Clone for Once<'_, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
