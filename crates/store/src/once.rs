//! The answer that a transaction keeps for the request whose work it does.

use crate::{Claim, KeptAnswer};
use std::sync::Arc;

/// Makes the answer of what a transaction returns; `None` if the transaction did not do the request's work.
type Render<'a, T> = Arc<dyn Fn(&T) -> Option<KeptAnswer> + Send + Sync + 'a>;

/// A request's claim on its Idempotency-Key, and how the request will be answered once a transaction returns a `T`. That
/// transaction keeps the answer, so that no process can die between the work and the answer.
pub struct Once<'a, T>(Option<(Claim, Render<'a, T>)>);

impl<'a, T> Once<'a, T> {
    /// Keeps what `render` makes of the outcome.
    pub fn new(claim: Claim, render: impl Fn(&T) -> KeptAnswer + Send + Sync + 'a) -> Self {
        Self(Some((claim, Arc::new(move |outcome| Some(render(outcome))))))
    }

    /// Keeps nothing: the request has no key, or the work is not a request's.
    pub const fn unclaimed() -> Self {
        Self(None)
    }

    /// For a transaction that returns something else than the use case: `outcome_of` makes the use case's outcome of what the
    /// transaction returns, or `None` if the transaction did not do the work.
    pub fn map<'b, S>(&'b self, outcome_of: impl Fn(&S) -> Option<T> + Send + Sync + 'b) -> Once<'b, S> {
        let Some((claim, render)) = &self.0 else { return Once(None) };
        Once(Some((claim.clone(), Arc::new(move |returned| render(&outcome_of(returned)?)))))
    }

    /// The answer that the transaction which is about to return `outcome` has to keep.
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
