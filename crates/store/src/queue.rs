//! The queue before a writer: bounded for all tenants together, shared out among them, and emptied in turns.
//!
//! A tenant may hold as much of the queue as is left free. So one that floods gets half of it, two get a third each, and
//! there is always room for the next. The writer takes one caller of each tenant in turn: a tenant with one position waits
//! for the transaction under way, and not for the thousands that another tenant has queued.

use milepost_domain::TenantId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// Positions in the queue and in transactions, about 150 bytes each. A tenant that holds as many as are free waits for
/// [`QUEUE_WAIT`], and is then refused as overload. A batch larger than this counts as this many.
const QUEUE_POSITIONS: usize = 200_000;

/// Callers in the queue and in transactions. They are shared out in the same way.
const QUEUE_CALLERS: usize = 4_096;

/// How long a caller waits for space in the queue.
pub(crate) const QUEUE_WAIT: Duration = Duration::from_secs(5);

/// What waits in a queue, of one caller.
pub(crate) trait Queued {
    /// Whose share it takes.
    fn tenant(&self) -> &TenantId;
}

/// What callers take, or what is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Amount {
    positions: usize,
    callers: usize,
}

impl Amount {
    const NOTHING: Self = Self { positions: 0, callers: 0 };
    const ALL: Self = Self { positions: QUEUE_POSITIONS, callers: QUEUE_CALLERS };

    /// One caller. A batch larger than the queue counts as the queue.
    fn of(positions: usize) -> Self {
        Self { positions: positions.clamp(1, QUEUE_POSITIONS), callers: 1 }
    }

    const fn plus(self, other: Self) -> Self {
        Self { positions: self.positions + other.positions, callers: self.callers + other.callers }
    }

    const fn minus(self, other: Self) -> Self {
        Self { positions: self.positions - other.positions, callers: self.callers - other.callers }
    }

    const fn fits(self, free: Self) -> bool {
        self.positions <= free.positions && self.callers <= free.callers
    }
}

/// Callers that wait for a transaction.
pub(crate) struct Queue<W> {
    /// A std mutex: held for microseconds, never across an await.
    contents: Mutex<Contents<W>>,
    /// Wakes the writer.
    filled: Notify,
}

struct Contents<W> {
    free: Amount,
    /// Those that hold a part of the queue, or wait for one.
    tenants: HashMap<TenantId, Share<W>>,
    /// Tenants with queued callers, the next first.
    turns: VecDeque<TenantId>,
    queued: usize,
    /// Callers that wait for room.
    entering: usize,
    /// Nobody adds any more.
    is_closed: bool,
    /// The writer is gone.
    has_ended: bool,
}

struct Share<W> {
    held: Option<Amount>,
    queued: VecDeque<W>,
    entering: VecDeque<Entering<W>>,
}

impl<W> Default for Share<W> {
    fn default() -> Self {
        Self { held: None, queued: VecDeque::new(), entering: VecDeque::new() }
    }
}

/// A caller that waits for room.
struct Entering<W> {
    amount: Amount,
    granted: oneshot::Sender<Place<W>>,
}

/// A caller's part of the queue, which is given back when it is answered.
pub(crate) struct Place<W> {
    queue: Arc<Queue<W>>,
    tenant: TenantId,
    amount: Amount,
}

impl<W: Queued> Queue<W> {
    pub(crate) fn new() -> Arc<Self> {
        let contents = Contents {
            free: Amount::ALL,
            tenants: HashMap::new(),
            turns: VecDeque::new(),
            queued: 0,
            entering: 0,
            is_closed: false,
            has_ended: false,
        };
        Arc::new(Self { contents: Mutex::new(contents), filled: Notify::new() })
    }

    /// Waits for the tenant's share to have room for so many positions. `None` when the writer is gone. A caller that stops
    /// waiting leaves nothing behind.
    pub(crate) async fn enter(self: &Arc<Self>, tenant: &TenantId, positions: usize) -> Option<Place<W>> {
        let amount = Amount::of(positions);
        let granted = {
            let mut contents = self.lock();
            if contents.has_ended {
                return None;
            }
            let contents = &mut *contents;
            let share = contents.tenants.entry(tenant.clone()).or_default();
            if share.entering.iter().all(|waiting| waiting.granted.is_closed()) && share.has_room(amount, contents.free)
            {
                contents.free = contents.free.minus(amount);
                share.hold(amount);
                return Some(Place { queue: Arc::clone(self), tenant: tenant.clone(), amount });
            }
            let (granted, place) = oneshot::channel();
            share.entering.push_back(Entering { amount, granted });
            contents.entering += 1;
            place
        };
        granted.await.ok()
    }

    /// Queues a caller behind those of its tenant.
    pub(crate) fn push(&self, waiting: W) {
        let mut contents = self.lock();
        if contents.has_ended {
            // Its answer is dropped with it.
            drop(contents);
            return;
        }
        let tenant = waiting.tenant().clone();
        let share = contents.tenants.entry(tenant.clone()).or_default();
        share.queued.push_back(waiting);
        let is_first = share.queued.len() == 1;
        contents.queued += 1;
        if is_first {
            contents.turns.push_back(tenant);
        }
        drop(contents);
        self.filled.notify_one();
    }

    /// The next caller by turns; `None` when nobody waits.
    pub(crate) fn try_next(&self) -> Option<W> {
        let mut contents = self.lock();
        let tenant = contents.turns.pop_front()?;
        let share = contents.tenants.get_mut(&tenant).expect("a tenant in turn has queued callers");
        let next = share.queued.pop_front();
        if !share.queued.is_empty() {
            contents.turns.push_back(tenant);
        }
        contents.queued -= 1;
        next
    }

    /// Waits for the next caller; `None` when nobody will come any more. Only one task may wait.
    pub(crate) async fn next(&self) -> Option<W> {
        loop {
            if let Some(next) = self.try_next() {
                return Some(next);
            }
            if self.lock().is_closed {
                return None;
            }
            self.filled.notified().await;
        }
    }

    /// Ends [`Self::next`] after the queued callers.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_one();
    }

    /// Drops everybody that waits, because nobody writes any more.
    pub(crate) fn end(&self) {
        let mut contents = self.lock();
        contents.has_ended = true;
        contents.turns.clear();
        contents.queued = 0;
        contents.entering = 0;
        // Dropped after the lock: their places are given back.
        let tenants = std::mem::take(&mut contents.tenants);
        drop(contents);
        drop(tenants);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.lock().has_ended
    }

    /// Callers that wait for a transaction, for metrics.
    pub(crate) fn queued(&self) -> usize {
        self.lock().queued
    }
}

impl<W> Queue<W> {
    fn give_back(self: &Arc<Self>, tenant: &TenantId, amount: Amount) {
        let mut contents = self.lock();
        contents.free = contents.free.plus(amount);
        if let Some(share) = contents.tenants.get_mut(tenant) {
            share.give_back(amount);
            if share.is_unused() {
                contents.tenants.remove(tenant);
            }
        }
        if contents.entering == 0 {
            return;
        }
        // Those whose callers stopped waiting. They are dropped after the lock, because that gives them back.
        let mut unwanted = Vec::new();
        let Contents { tenants, free, entering, .. } = &mut *contents;
        for (tenant, share) in tenants.iter_mut() {
            while let Some(first) = share.entering.front() {
                let is_wanted = !first.granted.is_closed();
                if is_wanted && !share.has_room(first.amount, *free) {
                    break;
                }
                let Entering { amount, granted } = share.entering.pop_front().expect("it was looked at");
                *entering -= 1;
                if !is_wanted {
                    continue;
                }
                *free = free.minus(amount);
                share.hold(amount);
                let place = Place { queue: Arc::clone(self), tenant: tenant.clone(), amount };
                unwanted.extend(granted.send(place).err());
            }
        }
        tenants.retain(|_, share| !share.is_unused());
        drop(contents);
    }

    fn lock(&self) -> MutexGuard<'_, Contents<W>> {
        self.contents.lock().expect("nothing panics while holding it")
    }
}

impl<W> Share<W> {
    /// Whether there is room for more: as much as is left free for others, or anything for a tenant that holds nothing.
    fn has_room(&self, amount: Amount, free: Amount) -> bool {
        amount.fits(free) && self.held.is_none_or(|held| held.plus(amount).fits(free))
    }

    fn hold(&mut self, amount: Amount) {
        self.held = Some(self.held.unwrap_or(Amount::NOTHING).plus(amount));
    }

    fn give_back(&mut self, amount: Amount) {
        self.held = self.held.map(|held| held.minus(amount)).filter(|held| *held != Amount::NOTHING);
    }

    fn is_unused(&self) -> bool {
        self.held.is_none() && self.queued.is_empty() && self.entering.is_empty()
    }
}

impl<W> Drop for Place<W> {
    fn drop(&mut self) {
        self.queue.give_back(&self.tenant, self.amount);
    }
}

/// Ends a queue when its writer ends, also by a panic, so that nobody waits for it.
pub(crate) struct EndedAfter<W: Queued>(pub(crate) Arc<Queue<W>>);

impl<W: Queued> Drop for EndedAfter<W> {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn tenant(id: &str) -> TenantId {
        TenantId::new(id).unwrap()
    }

    /// Enters at once, or not at all.
    fn enter(queue: &Arc<Queue<Waiting>>, id: &str, positions: usize) -> Option<Place<Waiting>> {
        match pin!(queue.enter(&tenant(id), positions)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(place) => place,
            Poll::Pending => None,
        }
    }

    struct Waiting {
        /// Told when it is dropped.
        _answer: oneshot::Sender<()>,
        place: Place<Self>,
    }

    impl Queued for Waiting {
        fn tenant(&self) -> &TenantId {
            &self.place.tenant
        }
    }

    fn waiting(place: Place<Waiting>) -> Waiting {
        Waiting { _answer: oneshot::channel().0, place }
    }

    fn fill(queue: &Arc<Queue<Waiting>>, id: &str, positions: usize) -> Vec<Place<Waiting>> {
        std::iter::from_fn(|| enter(queue, id, positions)).collect()
    }

    #[test]
    fn tenants_that_flood_leave_room_for_the_next() {
        let queue = Queue::new();
        let first = fill(&queue, "first", 1_000);
        assert_eq!(first.len(), QUEUE_POSITIONS / 2_000, "half of the queue");
        let second = fill(&queue, "second", 1_000);
        assert_eq!(second.len(), QUEUE_POSITIONS / 4_000);
        assert!(enter(&queue, "third", 10_000).is_some());
        let callers = fill(&queue, "many", 1);
        assert!(callers.len() > QUEUE_CALLERS / 3, "{}", callers.len());
        assert!(enter(&queue, "third", 1).is_some());
    }

    #[tokio::test]
    async fn a_waiting_caller_enters_when_its_tenant_has_room_again() {
        let queue = Queue::new();
        let mut held = fill(&queue, "greedy", 10_000);
        assert!(enter(&queue, "greedy", 10_000).is_none(), "this one gives up");
        let next = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.enter(&tenant("greedy"), 10_000).await }
        });
        while queue.lock().entering < 2 {
            tokio::task::yield_now().await;
        }
        assert!(enter(&queue, "greedy", 1).is_none(), "it is behind the one that waits");
        held.pop();
        let place = next.await.unwrap();
        assert!(place.is_some());
        drop((held, place));
        let contents = queue.lock();
        assert_eq!((contents.free, contents.tenants.len(), contents.entering), (Amount::ALL, 0, 0));
    }

    #[test]
    fn tenants_are_served_in_turns_and_their_callers_in_order() {
        let queue = Queue::new();
        for (id, positions) in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("c", 6)] {
            queue.push(waiting(enter(&queue, id, positions).unwrap()));
        }
        assert_eq!(queue.queued(), 6);
        let order: Vec<usize> =
            std::iter::from_fn(|| queue.try_next()).map(|waiting| waiting.place.amount.positions).collect();
        assert_eq!(order, [1, 4, 5, 2, 6, 3]);
        assert_eq!(queue.lock().free, Amount::ALL);
    }

    #[tokio::test]
    async fn those_who_wait_are_told_when_nobody_writes_any_more() {
        let queue = Queue::new();
        let held = fill(&queue, "greedy", QUEUE_POSITIONS);
        let (answer, answered) = oneshot::channel();
        queue.push(Waiting {
            _answer: answer,
            ..waiting(enter(&queue, "greedy", 1).or(held.into_iter().next()).unwrap())
        });
        let next = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.enter(&tenant("other"), 10).await.is_none() }
        });
        while queue.lock().entering < 1 {
            tokio::task::yield_now().await;
        }
        queue.end();
        assert!(answered.await.is_err() && next.await.unwrap() && enter(&queue, "other", 1).is_none());
    }
}
