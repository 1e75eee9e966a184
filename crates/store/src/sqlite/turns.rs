//! The turn to write: in the order of request, but for the committer, which goes first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// How often in a row the committer goes before others that wait. Then one of them has its turn.
const MOST_PASSED: usize = 4;

/// Grants one turn at a time.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<State>);

/// A std mutex: held for microseconds, never across an await.
#[derive(Debug, Default)]
struct State {
    is_taken: bool,
    committer: VecDeque<oneshot::Sender<Turn>>,
    others: VecDeque<oneshot::Sender<Turn>>,
    /// Turns of the committer since others wait.
    passed: usize,
}

/// The turn, held until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<Arc<Turns>>);

impl Turns {
    /// Waits for a turn behind the others. Whoever stops waiting is skipped.
    pub(super) async fn wait(self: &Arc<Self>) -> Turn {
        match self.ask(|state| &mut state.others) {
            Ok(turn) => turn,
            Err(granted) => granted.await.expect("a turn is passed on to all who wait"),
        }
    }

    /// The same for a thread of its own.
    pub(super) fn wait_blocking(self: &Arc<Self>) -> Turn {
        match self.ask(|state| &mut state.others) {
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

    fn ask(
        self: &Arc<Self>,
        lane: impl FnOnce(&mut State) -> &mut VecDeque<oneshot::Sender<Turn>>,
    ) -> Result<Turn, oneshot::Receiver<Turn>> {
        let mut state = self.state();
        if !state.is_taken {
            state.is_taken = true;
            return Ok(Turn(Some(Arc::clone(self))));
        }
        let (grant, granted) = oneshot::channel();
        lane(&mut state).push_back(grant);
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
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        self.committer.retain(|waiting| !waiting.is_closed());
        self.others.retain(|waiting| !waiting.is_closed());
        if self.others.is_empty() {
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
        self.others.pop_front()
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

    async fn until(turns: &Turns, is_so: impl Fn(&State) -> bool) {
        while !is_so(&turns.state()) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_committer_goes_first_and_the_others_have_their_turn() {
        let (turns, order) = (Arc::<Turns>::default(), Arc::<Mutex<Vec<&str>>>::default());
        let held = turns.wait().await;
        let mut tasks = Vec::new();
        for number in 1..=3 {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.push(tokio::spawn({
                let turns = Arc::clone(&turns);
                async move {
                    let _turn = turns.wait().await;
                    order.lock().unwrap().push("other");
                }
            }));
            until(&turns, |state| state.others.len() == number).await;
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
    async fn one_who_stopped_waiting_is_skipped() {
        let turns = Arc::<Turns>::default();
        let held = turns.wait().await;
        let given_up = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.wait().await }
        });
        until(&turns, |state| state.others.len() == 1).await;
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        drop(held);
        drop(turns.wait_first().await);
        drop(turns.wait().await);
        assert!(!turns.state().is_taken);
    }
}
