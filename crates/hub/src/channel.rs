//! Takes messages in and subscribers on for one dialect and tenant; a task of its own fans out.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::fanout;
use crate::hub::{ChannelId, Shared};
use crate::interest::Interest;
use crate::key::Key;
use crate::message::Message;
use crate::outlet::Outlet;
use crate::pending::{Drained, Pending, Taken};
use crate::presence::Presence;
use crate::roster::{Placement, Roster, Subscriber};
use crate::stats::{add, subtract};
use crate::subscription::{Place, Subscription};

/// The subscribers and pending messages of one dialect and tenant.
///
/// Messages reach every subscriber in the order of publishing. Publishing never waits: it queues, and a task that
/// lives only while there is something to do takes all that is queued, so that messages share writes under load.
pub struct Channel {
    id: ChannelId,
    pub(crate) shared: Arc<Shared>,
    // Std mutexes: held for microseconds, never across an await or a delivery. Order: roster, then pending.
    roster: Mutex<Roster>,
    pending: Mutex<Pending>,
    subscribers: AtomicUsize,
    pub(crate) presence: Presence,
}

impl Channel {
    pub(crate) fn new(id: ChannelId, shared: Arc<Shared>) -> Self {
        add(&shared.counters.channels, 1);
        Self {
            id,
            shared,
            roster: Mutex::default(),
            pending: Mutex::default(),
            subscribers: AtomicUsize::new(0),
            presence: Presence::default(),
        }
    }

    /// Which dialect and tenant this is.
    pub fn id(&self) -> &ChannelId {
        &self.id
    }

    /// Whether anybody would get a message for everyone. When not, rendering one is wasted work.
    pub fn has_subscribers(&self) -> bool {
        self.subscriber_count() > 0
    }

    /// Subscriptions now.
    pub fn subscriber_count(&self) -> usize {
        self.subscribers.load(Ordering::Acquire)
    }

    /// Whether anybody named `key` in its interest.
    pub fn has_listeners(&self, key: &Key) -> bool {
        self.lock_roster().by_key.contains_key(key)
    }

    /// Queues `message` for its audience; never waits.
    pub fn publish(self: &Arc<Self>, message: Message) {
        self.enqueue([message]);
    }

    /// Queues messages that are known together, so that they also travel together; never waits.
    pub fn publish_all(self: &Arc<Self>, messages: impl IntoIterator<Item = Message>) {
        // Rendered before the lock is taken: an iterator may take its time, or publish itself.
        self.enqueue(messages.into_iter().collect::<Vec<_>>());
    }

    /// Adds a subscriber that gets what is published from now on. To put a snapshot under it, cork `outlet` first,
    /// then subscribe, then read and offer the snapshot, then uncork.
    #[must_use = "dropping the subscription ends it"]
    pub fn subscribe(self: &Arc<Self>, outlet: Arc<dyn Outlet>, interest: Interest) -> Subscription {
        let place = {
            let mut roster = self.lock_roster();
            // Counted first: a publisher that still sees nobody has committed before the snapshot is read.
            self.subscribers.fetch_add(1, Ordering::AcqRel);
            let since = self.lock_pending().next_sequence();
            let subscriber = Arc::new(Subscriber { id: roster.next_id(), since, interest, outlet });
            Place { placement: roster.insert(subscriber.clone()), subscriber }
        };
        add(&self.shared.counters.subscribers, 1);
        Presence::changed(self);
        Subscription { channel: self.clone(), place: Mutex::new(place) }
    }

    /// Has the number of subscribers told to those whose interest has `topic`: soon after each change, at most every
    /// 50 ms, as a message that `render` makes. The first call for a channel counts, later ones change nothing.
    pub fn announce_presence(self: &Arc<Self>, topic: Key, render: impl Fn(usize) -> Bytes + Send + Sync + 'static) {
        if self.presence.announce(topic, Box::new(render)) {
            Presence::changed(self);
        }
    }

    fn enqueue(self: &Arc<Self>, messages: impl IntoIterator<Item = Message>) {
        if !self.has_subscribers() {
            return;
        }
        let counters = &self.shared.counters;
        let start = {
            let mut pending = self.lock_pending();
            for message in messages {
                add(&counters.published, 1);
                match pending.push(message, &self.shared.limits) {
                    Taken::Added => add(&counters.pending_messages, 1),
                    Taken::Replaced | Taken::Stale => add(&counters.conflated, 1),
                    Taken::Refused => add(&counters.dropped, 1),
                }
            }
            !std::mem::replace(&mut pending.running, true)
        };
        if start {
            self.shared.runtime.spawn(fanout::run(self.clone()));
        }
    }

    pub(crate) fn replace_interest(self: &Arc<Self>, place: &mut Place, interest: Interest) {
        // Who followed the count before knows it already.
        let joins_presence = self
            .presence
            .topic()
            .is_some_and(|topic| interest.wants_topic(topic) && !place.subscriber.interest.wants_topic(topic));
        {
            let mut roster = self.lock_roster();
            let Subscriber { id, since, ref outlet, .. } = *place.subscriber;
            let subscriber = Arc::new(Subscriber { id, since, interest, outlet: outlet.clone() });
            roster.remove(&place.placement);
            place.placement = roster.insert(subscriber.clone());
            place.subscriber = subscriber;
        }
        if joins_presence {
            Presence::changed(self);
        }
    }

    pub(crate) fn unsubscribe(self: &Arc<Self>, placement: &Placement) {
        self.lock_roster().remove(placement);
        self.subscribers.fetch_sub(1, Ordering::AcqRel);
        subtract(&self.shared.counters.subscribers, 1);
        Presence::changed(self);
    }

    pub(crate) fn drain_pending(&self) -> Option<Drained> {
        let drained = self.lock_pending().drain()?;
        subtract(&self.shared.counters.pending_messages, drained.messages as u64);
        Some(drained)
    }

    /// For a task that died in the middle: the next publish starts another.
    pub(crate) fn mark_stopped(&self) {
        self.lock_pending().running = false;
    }

    pub(crate) fn lock_roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.shared.forget(&self.id);
        subtract(&self.shared.counters.channels, 1);
    }
}
