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
/// A reader that acknowledges windows is sent a mark after this much, or [`MARK_WAIT`] after the last one.
const MARK_BYTES: usize = 16 * 1024;
/// How long states are sent before a mark asks whether they came.
const MARK_WAIT: Duration = Duration::from_secs(1);
/// States wait while the reader has not acknowledged so many marks.
const OPEN_MARKS: usize = 2;
/// How soon a reader without room is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The texts around a state in its own message. States are joined between them, by commas.
#[derive(Clone, Copy, Debug)]
pub struct Joining {
    /// Before the first state.
    pub before: &'static str,
    /// After the last one.
    pub after: &'static str,
    /// Writes the head of a binary message of rows of this group.
    pub head: fn(group: i64) -> Vec<u8>,
    /// Writes a mark with this number.
    pub mark: fn(number: u32) -> String,
}

/// How one reader takes states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneForm {
    /// As rows in binary messages, not as text.
    pub rows: bool,
    /// It answers marks, and gets no more than it has room for: what a proxy or the kernel holds counts too.
    pub flow: bool,
}

impl Joining {
    /// The state in a message of states; `None` for another message.
    fn state_in<'a>(&self, message: &'a Message) -> Option<&'a str> {
        let text = str::from_utf8(message.payload()).ok()?;
        text.strip_prefix(self.before)?.strip_suffix(self.after)
    }
}

/// One reader's changes between the hub and its connection. A message about a subject is whole, and replaces all that waits
/// about the subject, or it is a state, and replaces the last state. So the number of waiting messages is bounded by the
/// number of subjects, and whoever has read everything knows the newest of each.
pub struct Lane {
    outlet: Outlet,
    sink: Arc<dyn Sink>,
    joining: Joining,
    form: LaneForm,
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
    window: Window,
}

/// What the reader has not acknowledged.
#[derive(Default)]
struct Window {
    last_mark: u32,
    open: VecDeque<u32>,
    /// Bytes of states since the last mark, and when it was sent.
    bytes: usize,
    marked_at: Option<Instant>,
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

impl Window {
    fn is_closed(&self) -> bool {
        self.open.len() >= OPEN_MARKS
    }
}

/// States that go out together.
#[derive(Default)]
struct Joined {
    text: String,
    rows: Vec<u8>,
    /// The group of the rows.
    group: Option<i64>,
}

impl Joined {
    fn len(&self) -> usize {
        self.text.len() + self.rows.len()
    }
}

/// Holds everything of a lane back until it is dropped, so that a snapshot can be sent first.
#[must_use = "live messages wait until it is dropped"]
pub struct LaneSnapshot<'a>(&'a Lane);

impl Lane {
    /// A lane in front of `outlet`.
    pub fn new(outlet: Outlet, joining: Joining, form: LaneForm, clock: Clock) -> Arc<Self> {
        let sink = outlet.sink();
        Arc::new(Self { outlet, sink, joining, form, clock, state: Mutex::default(), filled: Notify::new() })
    }

    /// Subscribes the reader to the messages of `channel` within `interest`. Begin a snapshot before.
    pub fn subscribe(self: &Arc<Self>, channel: &Arc<Channel>, interest: Interest) -> Subscription {
        channel.subscribe(Arc::clone(self) as Arc<dyn Sink>, interest)
    }

    /// Has states wait so long for others that are sent together with them.
    pub fn set_gather(&self, gather: Duration) {
        self.lock().gather = gather;
    }

    /// The reader has taken everything up to a mark.
    pub fn acknowledge(&self, mark: u32) {
        let mut state = self.lock();
        state.window.open.retain(|open| *open > mark);
        if state.waiting.is_some() && state.due.is_none() && !state.window.is_closed() {
            state.due = Some(self.clock.instant());
            self.filled.notify_one();
        }
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
                        // A closed window is opened by the reader.
                        let looks_again = state.waiting.is_some() && !state.window.is_closed();
                        state.due = looks_again.then(|| self.clock.instant() + LOOK_AGAIN);
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
            self.sink.offer_one(message);
            return;
        };
        let waiting = state.waiting.get_or_insert_default();
        let slot = waiting.slots.entry(subject.clone()).or_insert_with(|| {
            waiting.order.push_back(subject.clone());
            Slot::default()
        });
        // Other conflated messages, such as counts, are whole.
        if message.conflation_key().is_some() && self.joining.state_in(message).is_some() {
            slot.state = Some(message.clone());
        } else {
            *slot = Slot { whole: Some(message.clone()), state: None };
        }
        if state.due.is_none() && !state.window.is_closed() {
            state.due = Some(self.clock.instant() + state.gather);
            self.filled.notify_one();
        }
    }

    /// Sends what waits while less than `room` bytes wait for the connection.
    fn send_waiting(&self, state: &mut State, room: usize) {
        let State { waiting: Some(waiting), window, .. } = state else { return };
        let mut joined = Joined::default();
        while let Some(subject) = waiting.order.front() {
            let is_full = self.outlet.waiting_bytes() + joined.len() >= room;
            if is_full || (room != usize::MAX && window.is_closed()) {
                break;
            }
            let slot = waiting.slots.remove(subject);
            waiting.order.pop_front();
            // It was forgotten.
            let Some(slot) = slot else { continue };
            if let Some(whole) = &slot.whole {
                self.outlet.send_shared(whole);
            }
            if let Some(part) = &slot.state {
                self.join(&mut joined, window, part);
            }
        }
        self.send_joined(&mut joined, window);
        if waiting.order.is_empty() {
            state.waiting = None;
            state.due = None;
        }
    }

    fn join(&self, joined: &mut Joined, window: &mut Window, state: &Message) {
        if let Some((group, row)) = state.row().filter(|_| self.form.rows) {
            if joined.group != Some(group) || joined.len() + row.len() > JOINED_BYTES {
                self.send_joined(joined, window);
                joined.rows = (self.joining.head)(group);
                joined.group = Some(group);
            }
            joined.rows.extend_from_slice(row);
            return;
        }
        let Some(text) = self.joining.state_in(state) else { return };
        if joined.len() + text.len() > JOINED_BYTES {
            self.send_joined(joined, window);
        }
        joined.text.push_str(if joined.text.is_empty() { self.joining.before } else { "," });
        joined.text.push_str(text);
    }

    fn send_joined(&self, joined: &mut Joined, window: &mut Window) {
        let bytes = joined.len();
        if bytes == 0 {
            return;
        }
        if joined.group.is_some() {
            self.outlet.send_binary(&joined.rows);
        }
        if !joined.text.is_empty() {
            joined.text.push_str(self.joining.after);
            self.outlet.send(&joined.text);
        }
        *joined = Joined::default();
        if self.form.flow {
            self.mark(window, bytes);
        }
    }

    /// Asks the reader whether the states have come, now and then.
    fn mark(&self, window: &mut Window, bytes: usize) {
        let now = self.clock.instant();
        window.bytes += bytes;
        let is_due = window.marked_at.is_none_or(|at| now >= at + MARK_WAIT);
        if window.bytes >= MARK_BYTES || is_due {
            window.last_mark += 1;
            window.open.push_back(window.last_mark);
            (window.bytes, window.marked_at) = (0, Some(now));
            self.outlet.send(&(self.joining.mark)(window.last_mark));
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
        if passes && self.form == LaneForm::default() && self.outlet.waiting_bytes() == 0 {
            // Passed on unchanged: the bytes are shared with all other readers.
            self.sink.offer(batch);
            return;
        }
        for message in batch.messages() {
            self.put(&mut state, message);
        }
        if passes {
            // Without a wait for the connection's task.
            self.send_waiting(&mut state, WINDOW_BYTES);
        }
    }

    fn offer_one(&self, message: &Message) {
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
