//! Server-sent events: each stream has a queue, which the connection that carries it drains.

mod abort;
mod body;
mod detached;
mod registry;
mod sink;

pub use abort::Abort;
pub use body::EventBody;
pub use detached::{Framing, write_detached};
pub(crate) use registry::{Streams, keep_alive};

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use crate::closed::Closed;
use crate::encoder::encode_event;
use crate::shared::Shared;
use crate::stats::{add, subtract};

/// A stream of replies waits while more than this waits for its reader, in bytes.
const LOW_WATER_BYTES: usize = 64 * 1024;

/// A handle for sending to one stream, from anywhere. Only [`Self::send_event_backpressured`] waits.
///
/// Messages wait in one reliable queue of at most [`crate::SocketLimits::reliable_bytes`]. Past that the stream ends, and
/// its reader comes back and resumes from the last event it has.
pub struct EventStream {
    id: u64,
    reliable_bytes: usize,
    shared: Arc<Shared>,
    streams: Arc<Streams>,
    abort: Option<Abort>,
    // Held for a push or a pop, never across an await.
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    queue: VecDeque<Bytes>,
    bytes: usize,
    /// The connection's task, when it waits for something to send.
    reader: Option<Waker>,
    /// The task that waits for the queue to empty: one task at a time sends with backpressure.
    writer: Option<Waker>,
    expires_at_ms: Option<u64>,
    /// When the connection last took something, or last had nothing to take.
    progress_ms: u64,
    /// Dropped with the connection: its place among the tenant's connections, its subscription.
    kept: Vec<Box<dyn Send>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// No more messages are accepted; at this time the connection is closed.
    Ending {
        deadline_ms: u64,
    },
    Ended,
}

impl EventStream {
    pub(crate) fn open(
        shared: &Arc<Shared>,
        streams: &Arc<Streams>,
        reliable_bytes: usize,
        abort: Option<Abort>,
    ) -> (Arc<Self>, EventBody) {
        let stream = Arc::new(Self {
            id: shared.next_id(),
            reliable_bytes,
            shared: Arc::clone(shared),
            streams: Arc::clone(streams),
            abort,
            state: Mutex::new(State {
                phase: Phase::Open,
                queue: VecDeque::new(),
                bytes: 0,
                reader: None,
                writer: None,
                expires_at_ms: None,
                progress_ms: shared.timing.sync(),
                kept: Vec::new(),
            }),
        });
        add(&shared.counters.streams_open, 1);
        add(&shared.counters.streams_opened, 1);
        streams.insert(&stream);
        if shared.is_draining() {
            stream.end();
        }
        (stream.clone(), EventBody::new(stream))
    }

    /// A number that no other stream or link of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Sends the time to wait before coming back, and a comment, so that the reader gets something at once.
    pub fn greet(&self, retry_ms: u64) {
        self.push(format!("retry: {retry_ms}\n: connected\n\n").into(), true);
    }

    /// Sends an id without an event: the reader resumes from it if it is cut off before the first event.
    pub fn send_resume_id(&self, id: &str) {
        self.push(format!("id: {id}\n\n").into(), true);
    }

    /// Sends one event. It waits in the queue, which ends the stream when it is full.
    pub fn send_event(&self, id: Option<&str>, data: &str) {
        self.push(encode_event(id, data.as_bytes()), true);
    }

    /// Sends one event once less than 64 KiB wait for the reader: for streams of any length, such as a replay.
    ///
    /// # Errors
    /// When the stream has ended.
    pub async fn send_event_backpressured(&self, id: Option<&str>, data: &str) -> Result<(), Closed> {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.phase != Phase::Open {
                return Poll::Ready(Err(Closed));
            }
            if state.bytes < LOW_WATER_BYTES {
                return Poll::Ready(Ok(()));
            }
            state.writer = Some(cx.waker().clone());
            Poll::Pending
        })
        .await?;
        self.push(encode_event(id, data.as_bytes()), false);
        Ok(())
    }

    /// Ends the stream after what is already queued. The reader has `write_wait` to take it; then the connection is
    /// cut. Ending again changes nothing.
    pub fn end(&self) {
        self.begin_end(&mut self.lock());
    }

    /// Ends the stream in `left`, accurate to a second: a credential's expiry.
    pub fn set_expiry(&self, left: Duration) {
        self.lock().expires_at_ms = Some(self.shared.timing.ms_in(left));
    }

    /// Keeps `thing` until the connection ends. If it has ended, `thing` is dropped at once.
    pub fn keep(&self, thing: impl Send + 'static) {
        let mut state = self.lock();
        if state.phase != Phase::Ended {
            state.kept.push(Box::new(thing));
        }
    }

    /// True once the stream has ended or is ending.
    pub fn has_ended(&self) -> bool {
        self.lock().phase != Phase::Open
    }

    /// Bytes that wait for the connection.
    pub fn pending_bytes(&self) -> usize {
        self.lock().bytes
    }

    pub(crate) fn end_with_advice(&self, retry_ms: u128) {
        self.push(format!("retry: {retry_ms}\n\n").into(), false);
        self.end();
    }

    fn push(&self, bytes: Bytes, bounded: bool) {
        let mut state = self.lock();
        self.push_locked(&mut state, bytes, bounded);
    }

    fn push_locked(&self, state: &mut State, bytes: Bytes, bounded: bool) {
        if state.phase != Phase::Open {
            return;
        }
        if bounded && state.bytes + bytes.len() > self.reliable_bytes {
            return self.fall_behind(state);
        }
        add(&self.shared.counters.pending_bytes, bytes.len());
        if state.queue.is_empty() {
            state.progress_ms = self.shared.timing.now_ms();
        }
        state.bytes += bytes.len();
        state.queue.push_back(bytes);
        state.wake_reader();
    }

    /// The queue is full: events are lost, so the reader has to come back and resume.
    fn fall_behind(&self, state: &mut State) {
        if state.phase == Phase::Open {
            add(&self.shared.counters.streams_fallen_behind, 1);
            self.clear(state);
            self.begin_end(state);
        }
    }

    fn begin_end(&self, state: &mut State) {
        if state.phase == Phase::Open {
            state.phase = Phase::Ending { deadline_ms: self.shared.timing.now_ms() + self.shared.timing.write_wait_ms };
            state.wake_reader();
            state.wake_writer();
        }
    }

    fn clear(&self, state: &mut State) {
        subtract(&self.shared.counters.pending_bytes, std::mem::take(&mut state.bytes));
        state.queue = VecDeque::new();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while holding it")
    }
}

impl State {
    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn wake_writer(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}
