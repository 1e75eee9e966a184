//! Server-sent events: a lane of its own for each stream, drained by the HTTP connection that carries it.

mod beat;
mod body;
mod carry;
mod cut;
mod outlet;

pub(crate) use beat::{Streams, look_after_streams};
pub use body::EventBody;
pub use carry::{Framing, carry_stream};
pub use cut::Cut;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use bytes::Bytes;

use crate::encoder::encode_event;
use crate::link::Closed;
use crate::stats::{add, subtract};
use crate::transport::Transport;

/// A stream of replies waits while more than this waits for its reader, in bytes.
const LOW_WATER_BYTES: usize = 64 * 1024;

/// A handle for sending to one stream, from anywhere. Nothing but [`Self::send_event_backpressured`] waits.
///
/// What is sent waits in one lossless lane, at most [`crate::SocketLimits::lossless_bytes`] of it: past that the stream
/// ends, and its reader comes back and resumes from the last event it has.
pub struct EventStream {
    id: u64,
    lossless_bytes: usize,
    transport: Arc<Transport>,
    cut: Option<Cut>,
    // A std mutex: held for a push or a pop, never across an await.
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    lane: VecDeque<Bytes>,
    bytes: usize,
    /// The connection's task, when it waits for something to send.
    reader: Option<Waker>,
    /// Whoever waits for the lane to empty: one task at a time sends so.
    writer: Option<Waker>,
    expires_at_ms: Option<u64>,
    /// When the connection last took something, or last had nothing to take.
    progress_ms: u64,
    /// What lives as long as the connection: its place among the tenant's, its subscription.
    kept: Vec<Box<dyn Send>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Nothing more is taken; at this time the connection is cut.
    Ending {
        deadline_ms: u64,
    },
    Ended,
}

impl Transport {
    /// Opens a stream: a handle to send to it, and the body for the response that carries it. `cut` ends the
    /// connection below if its reader takes nothing any more. While draining, the stream ends at once.
    pub fn open_stream(self: &Arc<Self>, lossless_bytes: usize, cut: Option<Cut>) -> (Arc<EventStream>, EventBody) {
        let stream = Arc::new(EventStream {
            id: self.next_link_id(),
            lossless_bytes,
            transport: self.clone(),
            cut,
            state: Mutex::new(State {
                phase: Phase::Open,
                lane: VecDeque::new(),
                bytes: 0,
                reader: None,
                writer: None,
                expires_at_ms: None,
                progress_ms: self.now_ms(),
                kept: Vec::new(),
            }),
        });
        add(&self.counters.streams_open, 1);
        add(&self.counters.streams_opened, 1);
        self.streams.insert(&stream);
        if self.is_draining() {
            stream.end();
        }
        (stream.clone(), EventBody::new(stream))
    }
}

impl EventStream {
    /// A number that no other stream or link of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Tells the reader how long to wait before it comes back, and a comment, so that it gets something at once.
    pub fn greet(&self, retry_ms: u64) {
        self.push(format!("retry: {retry_ms}\n: connected\n\n").into(), true);
    }

    /// Tells the reader where it stands, without an event: from here it resumes if it is cut off before the first one.
    pub fn send_position(&self, id: i64) {
        self.push(format!("id: {id}\n\n").into(), true);
    }

    /// Sends one event once less than 64 KiB wait for the reader: for streams of any length, such as a replay.
    ///
    /// # Errors
    /// When the stream has ended.
    pub async fn send_event_backpressured(&self, id: Option<i64>, data: &str) -> Result<(), Closed> {
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

    /// Ends the stream at `at`, accurate to a second: a credential's expiry.
    pub fn set_expiry(&self, at: Instant) {
        self.lock().expires_at_ms = Some(self.transport.millis_at(at));
    }

    /// Holds on to `thing` for as long as the connection carries the stream; lets go of it at once if it does not.
    pub fn keep(&self, thing: impl Send + 'static) {
        let mut state = self.lock();
        if state.phase != Phase::Ended {
            state.kept.push(Box::new(thing));
        }
    }

    /// Has it ended, or is it about to?
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
        if bounded && state.bytes + bytes.len() > self.lossless_bytes {
            return self.fall_behind(state);
        }
        add(&self.transport.counters.pending_bytes, bytes.len());
        if state.lane.is_empty() {
            state.progress_ms = self.transport.now_ms();
        }
        state.bytes += bytes.len();
        state.lane.push_back(bytes);
        state.wake_reader();
    }

    /// The lane is full: what it holds cannot be completed, so the reader has to come back.
    fn fall_behind(&self, state: &mut State) {
        if state.phase == Phase::Open {
            add(&self.transport.counters.streams_fallen_behind, 1);
            self.clear(state);
            self.begin_end(state);
        }
    }

    fn begin_end(&self, state: &mut State) {
        if state.phase == Phase::Open {
            state.phase = Phase::Ending { deadline_ms: self.transport.now_ms() + self.transport.write_wait_ms };
            state.wake_reader();
            state.wake_writer();
        }
    }

    fn clear(&self, state: &mut State) {
        subtract(&self.transport.counters.pending_bytes, std::mem::take(&mut state.bytes));
        state.lane = VecDeque::new();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
