//! The turn to write: the committer goes first, the others in the order of request, one of each tenant after the other.
//!
//! So a tenant that writes all the time is waited for once, however many of its writers wait.

use milepost_domain::TenantId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// How often in a row the committer goes before others that wait. Then one of them has its turn.
const MOST_PASSED: usize = 4;

/// Grants one turn at a time.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<State>);

/// A tenant, or the server itself.
type Owner = Option<TenantId>;

type Waiting = VecDeque<oneshot::Sender<Turn>>;

/// A std mutex: held for microseconds, never across an await.
#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    committer: Waiting,
    /// The others by owner. Whoever stops waiting stays until its turn comes.
    others: HashMap<Owner, Waiting>,
    /// Those who have somebody waiting, the next one first.
    order: VecDeque<Owner>,
    /// Turns of the committer since others wait.
    passed: usize,
}

/// The turn, held until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<Arc<Turns>>);

impl Turns {
    /// Waits for a turn behind others of the same tenant. Without a tenant it is for the server's own work.
    pub(super) async fn wait(self: &Arc<Self>, tenant: Option<&TenantId>) -> Turn {
        match self.ask(|state| state.queue_of(tenant)) {
            Ok(turn) => turn,
            Err(granted) => granted.await.expect("a turn is passed on to all who wait"),
        }
    }

    /// The same for a thread of its own, which does the server's work.
    pub(super) fn wait_blocking(self: &Arc<Self>) -> Turn {
        match self.ask(|state| state.queue_of(None)) {
            Ok(turn) => turn,
            Err(granted) => granted.blocking_recv().expect("a turn is passed on to all who wait"),
        }
    }

    /// Waits for a turn before the others.
    pub(super) async fn wait_first(self: &Arc<Self>) -> Turn {
        match self.ask(|state| &mut state.committer) {
            Ok(turn) => turn,
            Err(granted) => granted.await.expect("a turn is passed on to all who wait"),
        }
    }

    fn ask(self: &Arc<Self>, queue: impl FnOnce(&mut State) -> &mut Waiting) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut state = self.state();
        if !state.is_taken {
            state.is_taken = true;
            return Ok(Turn(Some(Arc::clone(self))));
        }
        let (grant, granted) = oneshot::channel();
        queue(&mut state).push_back(grant);
        Err(granted)
    }

    fn pass_on(self: Arc<Self>) {
        let mut state = self.state();
        while let Some(next) = state.next() {
            if let Err(mut unwanted) = next.send(Turn(Some(Arc::clone(&self)))) {
                // It passes nothing on.
                unwanted.0 = None;
                continue;
            }
            return;
        }
        state.is_taken = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

impl State {
    fn queue_of(&mut self, tenant: Option<&TenantId>) -> &mut Waiting {
        let owner = tenant.cloned();
        let queue = self.others.entry(owner.clone()).or_default();
        if queue.is_empty() {
            self.order.push_back(owner);
        }
        queue
    }

    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        if self.order.is_empty() {
            self.passed = 0;
            return self.committer.pop_front();
        }
        if self.passed < MOST_PASSED
            && let Some(committer) = self.committer.pop_front()
        {
            self.passed += 1;
            return Some(committer);
        }
        self.passed = 0;
        self.next_other()
    }

    fn next_other(&mut self) -> Option<oneshot::Sender<Turn>> {
        let owner = self.order.pop_front()?;
        let queue = self.others.get_mut(&owner).expect("who is in the order has somebody waiting");
        let next = queue.pop_front();
        if queue.is_empty() {
            self.others.remove(&owner);
        } else {
            self.order.push_back(owner);
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.pass_on();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    impl State {
        fn waiting(&self) -> usize {
            self.others.values().map(VecDeque::len).sum()
        }
    }

    async fn until(turns: &Turns, is_so: impl Fn(&State) -> bool) {
        while !is_so(&turns.state()) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_committer_goes_first_and_the_others_have_their_turn() {
        let (turns, order) = (Arc::<Turns>::default(), Arc::<Mutex<Vec<&str>>>::default());
        let held = turns.wait(None).await;
        let mut tasks = Vec::new();
        for number in 1..=3 {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.push(tokio::spawn({
                let turns = Arc::clone(&turns);
                async move {
                    let _turn = turns.wait(None).await;
                    order.lock().unwrap().push("other");
                }
            }));
            until(&turns, |state| state.waiting() == number).await;
        }
        for number in 1..=6 {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.push(tokio::spawn({
                let turns = Arc::clone(&turns);
                async move {
                    let _turn = turns.wait_first().await;
                    order.lock().unwrap().push("committer");
                }
            }));
            until(&turns, |state| state.committer.len() == number).await;
        }
        drop(held);
        for task in tasks {
            task.await.unwrap();
        }
        let (c, o) = ("committer", "other");
        assert_eq!(*order.lock().unwrap(), [c, c, c, c, o, c, c, o, o]);
        assert!(!turns.state().is_taken);
    }

    #[tokio::test]
    async fn a_tenant_with_many_writers_is_waited_for_once() {
        let (turns, order) = (Arc::<Turns>::default(), Arc::<Mutex<Vec<&str>>>::default());
        let held = turns.wait(None).await;
        let mut tasks = Vec::new();
        let owners = ["greedy", "greedy", "greedy", "other", "server", "other"];
        for (owner, number) in owners.into_iter().zip(1..) {
            let (waiting, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let tenant = TenantId::new(owner).ok().filter(|_| owner != "server");
                let _turn = waiting.wait(tenant.as_ref()).await;
                order.lock().unwrap().push(owner);
            }));
            until(&turns, |state| state.waiting() == number).await;
        }
        drop(held);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["greedy", "other", "server", "greedy", "other", "greedy"]);
        let state = turns.state();
        assert!(!state.is_taken && state.others.is_empty() && state.order.is_empty());
    }

    #[tokio::test]
    async fn one_who_stopped_waiting_is_skipped() {
        let turns = Arc::<Turns>::default();
        let held = turns.wait(None).await;
        let given_up = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.wait(None).await }
        });
        until(&turns, |state| state.waiting() == 1).await;
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        drop(held);
        drop(turns.wait_first().await);
        drop(turns.wait(None).await);
        assert!(!turns.state().is_taken);
    }
}
