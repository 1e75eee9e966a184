//! Keeps the newest state of each subject for one reader, until the reader has room for it.

use milepost_clock::Clock;
use milepost_hub::{Batch, Channel, Form, Interest, Key, KeyMap, Message, Sink, Subscription};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Outlet;

/// While more than this waits for the connection, newer states replace older ones here instead.
const WINDOW_BYTES: usize = 32 * 1024;
/// The largest message that states are joined to.
const JOINED_BYTES: usize = 16 * 1024;
/// How soon a reader without room is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The texts around a state in its own message. States are joined between them, by commas.
#[derive(Clone, Copy, Debug)]
pub struct Joining {
    /// Before the first state.
    pub before: &'static str,
    /// After the last one.
    pub after: &'static str,
}

impl Joining {
    fn state_in<'a>(&self, message: &'a Message) -> &'a [u8] {
        let payload = message.payload();
        payload.get(self.before.len()..payload.len().saturating_sub(self.after.len())).unwrap_or_default()
    }
}

/// One reader's changes between the hub and its connection. A message about a subject is whole, and replaces all that waits
/// about the subject, or it is a state, and replaces the last state. So the number of waiting messages is bounded by the
/// number of subjects, and whoever has read everything knows the newest of each.
pub struct Lane {
    outlet: Outlet,
    sink: Arc<dyn Sink>,
    joining: Joining,
    clock: Clock,
    /// A std mutex: held while messages are put into the connection, which never waits, and never across an await. Lock
    /// order: this one before the connection's own.
    state: Mutex<State>,
    filled: Notify,
}

#[derive(Default)]
struct State {
    /// While a snapshot is sent, nothing passes.
    corked: bool,
    /// States wait so long for others to join them.
    gather: Duration,
    /// When the first of the waiting ones is to be sent.
    due: Option<Instant>,
    waiting: Option<Box<Waiting>>,
}

/// What waits, by subject, in the order of arrival.
#[derive(Default)]
struct Waiting {
    order: VecDeque<Key>,
    slots: KeyMap<Slot>,
}

#[derive(Default)]
struct Slot {
    whole: Option<Message>,
    state: Option<Message>,
}

/// Holds everything of a lane back until it is dropped, so that a snapshot can be sent first.
#[must_use = "live messages wait until it is dropped"]
pub struct LaneSnapshot<'a>(&'a Lane);

impl Lane {
    /// A lane in front of `outlet`.
    pub fn new(outlet: Outlet, joining: Joining, clock: Clock) -> Arc<Self> {
        let sink = outlet.sink();
        Arc::new(Self { outlet, sink, joining, clock, state: Mutex::default(), filled: Notify::new() })
    }

    /// Subscribes the reader to the messages of `channel` within `interest`. Begin a snapshot before.
    pub fn subscribe(self: &Arc<Self>, channel: &Arc<Channel>, interest: Interest) -> Subscription {
        channel.subscribe(Arc::clone(self) as Arc<dyn Sink>, interest)
    }

    /// Has states wait so long for others that are sent together with them.
    pub fn set_gather(&self, gather: Duration) {
        self.lock().gather = gather;
    }

    /// Holds live messages back. What waits already is sent first.
    pub fn begin_snapshot(&self) -> LaneSnapshot<'_> {
        let mut state = self.lock();
        self.send_waiting(&mut state, usize::MAX);
        state.corked = true;
        LaneSnapshot(self)
    }

    /// Sends what waits, as the reader has room, and never returns. Dropping the future loses nothing.
    pub async fn run(&self) -> Infallible {
        loop {
            let due = {
                let mut state = self.lock();
                match state.due {
                    Some(due) if due <= self.clock.instant() && !state.corked => {
                        self.send_waiting(&mut state, WINDOW_BYTES);
                        state.due = state.waiting.is_some().then(|| self.clock.instant() + LOOK_AGAIN);
                        state.due
                    }
                    due => due,
                }
            };
            match due {
                // Boxed, so that the timer's memory is freed while nothing waits.
                Some(due) => Box::pin(self.clock.sleep_until(due)).await,
                None => self.filled.notified().await,
            }
        }
    }

    fn put(&self, state: &mut State, message: &Message) {
        let Some(subject) = message.subject() else {
            // It is about nothing that could be replaced.
            self.sink.offer_if_absent(message);
            return;
        };
        let waiting = state.waiting.get_or_insert_default();
        let slot = waiting.slots.entry(subject.clone()).or_insert_with(|| {
            waiting.order.push_back(subject.clone());
            Slot::default()
        });
        if message.conflation().is_some() {
            slot.state = Some(message.clone());
        } else {
            *slot = Slot { whole: Some(message.clone()), state: None };
        }
        if state.due.is_none() {
            state.due = Some(self.clock.instant() + state.gather);
            self.filled.notify_one();
        }
    }

    /// Sends what waits while less than `room` bytes wait for the connection.
    fn send_waiting(&self, state: &mut State, room: usize) {
        let Some(waiting) = &mut state.waiting else { return };
        let mut joined = String::new();
        while let Some(subject) = waiting.order.front() {
            if self.outlet.waiting_bytes() + joined.len() >= room {
                break;
            }
            let slot = waiting.slots.remove(subject);
            waiting.order.pop_front();
            // It was forgotten.
            let Some(slot) = slot else { continue };
            if let Some(whole) = &slot.whole {
                self.outlet.send_shared(whole);
            }
            if let Some(text) = slot.state.as_ref().and_then(|state| str::from_utf8(self.joining.state_in(state)).ok())
            {
                if joined.len() + text.len() > JOINED_BYTES {
                    self.send_joined(&mut joined);
                }
                joined.push_str(if joined.is_empty() { self.joining.before } else { "," });
                joined.push_str(text);
            }
        }
        self.send_joined(&mut joined);
        if waiting.order.is_empty() {
            state.waiting = None;
            state.due = None;
        }
    }

    fn send_joined(&self, joined: &mut String) {
        if !joined.is_empty() {
            joined.push_str(self.joining.after);
            self.outlet.send(joined);
            joined.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while holding it")
    }
}

impl LaneSnapshot<'_> {
    /// Drops what has come about a subject that the reader does not follow any more.
    pub fn forget(&self, subject: &Key) {
        if let Some(waiting) = &mut self.0.lock().waiting {
            waiting.slots.remove(subject);
        }
    }
}

impl Drop for LaneSnapshot<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.corked = false;
        if state.waiting.is_some() {
            state.due = Some(self.0.clock.instant());
            self.0.filled.notify_one();
        }
    }
}

impl Sink for Lane {
    fn form(&self) -> Form {
        self.sink.form()
    }

    fn offer(&self, batch: &Batch) {
        let mut state = self.lock();
        let passes = !state.corked && state.waiting.is_none() && state.gather.is_zero();
        if passes && self.outlet.waiting_bytes() == 0 {
            // Passed on unchanged: the bytes are shared with all other readers.
            self.sink.offer(batch);
            return;
        }
        for message in batch.messages() {
            self.put(&mut state, message);
        }
    }

    fn offer_if_absent(&self, message: &Message) {
        self.put(&mut self.lock(), message);
    }

    fn cork(&self) {
        self.lock().corked = true;
    }

    fn uncork(&self) {
        drop(LaneSnapshot(self));
    }

    fn overrun(&self) {
        self.sink.overrun();
    }

    fn is_closed(&self) -> bool {
        self.sink.is_closed()
    }
}
