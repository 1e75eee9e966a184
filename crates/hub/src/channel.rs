//! Messages and subscribers of one dialect and tenant. A task of the channel's own fans out.

mod fanout;
mod pending;
mod presence;
mod subscribers;
mod subscription;

pub use subscription::Subscription;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::channel_id::ChannelId;
use crate::interest::Interest;
use crate::key::Key;
use crate::message::Message;
use crate::registry::Registry;
use crate::shared::Shared;
use crate::sink::Sink;
use crate::stats::{add, subtract};
use pending::{Drained, Pending, Taken};
use presence::Presence;
use subscribers::{Placement, Subscriber, Subscribers};
use subscription::Place;

/// The subscribers and pending messages of one dialect and tenant.
///
/// Messages reach every subscriber in the order of publishing. Publishing never waits: it queues, and a task that
/// lives only while there is something to do takes all that is queued, so that messages share writes under load.
pub struct Channel {
    id: ChannelId,
    channels: Arc<Registry<Channel>>,
    shared: Arc<Shared>,
    // Std mutexes: held for microseconds, never across an await or a delivery. Order: subscribers, then pending.
    subscribers: Mutex<Subscribers>,
    pending: Mutex<Pending>,
    subscriber_count: AtomicUsize,
    /// Sequence of the first message whose subscribers were not looked up yet. Changed under the lock of the subscribers.
    unplanned: AtomicU64,
    presence: Presence,
    /// Notified after each pass.
    passed: Notify,
    /// Sequence of the first message that was not offered to all of its subscribers.
    undelivered: AtomicU64,
}

impl Channel {
    pub(crate) fn new(id: ChannelId, channels: Arc<Registry<Channel>>, shared: Arc<Shared>) -> Self {
        add(&shared.counters.channels, 1);
        Self {
            id,
            channels,
            shared,
            subscribers: Mutex::default(),
            pending: Mutex::default(),
            subscriber_count: AtomicUsize::new(0),
            unplanned: AtomicU64::new(0),
            presence: Presence::default(),
            passed: Notify::new(),
            undelivered: AtomicU64::new(0),
        }
    }

    /// The dialect and tenant.
    pub fn id(&self) -> &ChannelId {
        &self.id
    }

    /// Whether anybody would get a message for everyone. If not, a publisher need not render one.
    pub fn has_subscribers(&self) -> bool {
        self.subscriber_count() > 0
    }

    /// The number of subscriptions.
    pub fn subscriber_count(&self) -> usize {
        self.subscriber_count.load(Ordering::Acquire)
    }

    /// Whether anybody named `key` in its interest.
    pub fn has_subscribers_of(&self, key: &Key) -> bool {
        self.lock_subscribers().by_key.contains_key(key)
    }

    /// Queues `message` for its recipients; never waits.
    pub fn publish(self: &Arc<Self>, message: Message) {
        self.enqueue([message]);
    }

    /// Queues messages that are known together, so that they also travel together; never waits.
    pub fn publish_all(self: &Arc<Self>, messages: impl IntoIterator<Item = Message>) {
        // Collected before the lock is taken: an iterator may take long, or publish itself.
        self.enqueue(messages.into_iter().collect::<Vec<_>>());
    }

    /// Returns when everything that was published before has been offered to its subscribers.
    pub async fn settled(&self) {
        let wanted = self.lock_pending().next_sequence();
        loop {
            let passed = self.passed.notified();
            let is_idle = self.lock_pending().is_idle();
            if is_idle || self.undelivered.load(Ordering::Acquire) >= wanted {
                return;
            }
            passed.await;
        }
    }

    /// Adds a subscriber that gets what is published from now on. To put a snapshot under it, cork `sink`
    /// first, then read the snapshot and subscribe while nothing is published, then send the snapshot and uncork.
    #[must_use = "dropping the subscription ends it"]
    pub fn subscribe(self: &Arc<Self>, sink: Arc<dyn Sink>, interest: Interest) -> Subscription {
        let place = {
            let mut subscribers = self.lock_subscribers();
            // Counted first: a publisher that still sees no subscriber has committed before the snapshot is read.
            self.subscriber_count.fetch_add(1, Ordering::AcqRel);
            let since = self.lock_pending().next_sequence();
            let subscriber =
                Arc::new(Subscriber { id: subscribers.next_id(), since, interest, replaced: Vec::new(), sink });
            Place { placement: subscribers.insert(subscriber.clone()), subscriber }
        };
        add(&self.shared.counters.subscribers, 1);
        Presence::changed(self);
        Subscription { channel: self.clone(), place: Mutex::new(place) }
    }

    /// Publishes the number of subscribers to those whose interest has `topic`, soon after each change and at most every
    /// 50 ms, as a message that `render` makes. Only the first call for a channel has an effect.
    pub fn announce_presence(self: &Arc<Self>, topic: Key, render: impl Fn(usize) -> Bytes + Send + Sync + 'static) {
        if self.presence.announce(topic, Box::new(render)) {
            Presence::changed(self);
        }
    }

    /// Whether it announces its presence.
    pub(crate) fn announces_presence(&self) -> bool {
        self.presence.topic().is_some()
    }

    /// Announces the number of subscribers again, because it changed on another node.
    pub(crate) fn viewers_changed_elsewhere(self: &Arc<Self>) {
        Presence::changed_elsewhere(self);
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
                    Taken::Replaced => add(&counters.conflated, 1),
                    Taken::Refused => add(&counters.dropped, 1),
                }
            }
            !std::mem::replace(&mut pending.running, true)
        };
        if start {
            self.shared.runtime.spawn(fanout::run(self.clone()));
        }
    }

    fn replace_interest(self: &Arc<Self>, place: &mut Place, interest: Interest) {
        // A subscriber that had the topic before knows the count.
        let joins_presence = self
            .presence
            .topic()
            .is_some_and(|topic| interest.wants_topic(topic) && !place.subscriber.interest.wants_topic(topic));
        {
            let mut subscribers = self.lock_subscribers();
            let now = self.lock_pending().next_sequence();
            let unplanned = self.unplanned.load(Ordering::Acquire);
            let Subscriber { id, since, interest: ref before, ref replaced, ref sink } = *place.subscriber;
            let mut replaced: Vec<_> = replaced.iter().filter(|(until, _)| *until > unplanned).cloned().collect();
            if now > unplanned {
                replaced.push((now, before.clone()));
            }
            let subscriber = Arc::new(Subscriber { id, since, interest, replaced, sink: sink.clone() });
            subscribers.remove(&place.placement);
            place.placement = subscribers.insert(subscriber.clone());
            place.subscriber = subscriber;
        }
        if joins_presence {
            Presence::changed(self);
        }
    }

    fn unsubscribe(self: &Arc<Self>, placement: &Placement) {
        self.lock_subscribers().remove(placement);
        self.subscriber_count.fetch_sub(1, Ordering::AcqRel);
        subtract(&self.shared.counters.subscribers, 1);
        Presence::changed(self);
    }

    fn drain_pending(&self) -> Option<Drained> {
        let drained = self.lock_pending().drain()?;
        subtract(&self.shared.counters.pending_messages, drained.messages as u64);
        Some(drained)
    }

    /// Ends every subscriber, after what is pending.
    pub(crate) fn end_subscribers(self: &Arc<Self>) {
        let start = {
            let mut pending = self.lock_pending();
            pending.lose();
            !std::mem::replace(&mut pending.running, true)
        };
        if start {
            self.shared.runtime.spawn(fanout::run(Arc::clone(self)));
        }
    }

    /// For a task that ended by a panic: another one, which starts now or with the next message, ends all subscribers. If that one
    /// panicked before it could, the next message starts the next.
    fn lose(self: &Arc<Self>, starts_now: bool) {
        let starts_now = {
            let mut pending = self.lock_pending();
            let is_first = pending.lose();
            pending.running = starts_now && is_first;
            pending.running
        };
        self.passed.notify_waiters();
        if starts_now {
            self.shared.runtime.spawn(fanout::run(Arc::clone(self)));
        }
    }

    fn lock_subscribers(&self) -> MutexGuard<'_, Subscribers> {
        self.subscribers.lock().expect("nothing panics while holding it")
    }

    fn lock_pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().expect("nothing panics while holding it")
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channels.forget(&self.id);
        subtract(&self.shared.counters.channels, 1);
    }
}
