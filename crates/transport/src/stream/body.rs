//! The response body that carries a stream.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};

use super::{EventStream, LOW_WATER_BYTES, Phase, State};
use crate::stats::{add, subtract};

/// A queue that has grown beyond this many entries gives its memory back once it is empty.
const KEPT_CAPACITY: usize = 16;

/// The body of the response that carries an [`EventStream`]. Dropping it ends the stream.
pub struct EventBody(Arc<EventStream>);

impl EventBody {
    pub(super) fn new(stream: Arc<EventStream>) -> Self {
        Self(stream)
    }

    /// The next piece: a message as it is shared by all streams, or several small ones joined for one write.
    fn take(state: &mut State, gather_bytes: usize) -> Option<Bytes> {
        let first = state.queue.pop_front()?;
        let fits = |next: Option<&Bytes>, joined: usize| next.is_some_and(|next| joined + next.len() <= gather_bytes);
        if !fits(state.queue.front(), first.len()) {
            return Some(first);
        }
        let mut joined = BytesMut::from(&first[..]);
        while fits(state.queue.front(), joined.len()) {
            joined.extend_from_slice(&state.queue.pop_front().expect("the queue has a front"));
        }
        Some(joined.freeze())
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let shared = &self.0.shared;
        let mut state = self.0.lock();
        if let Some(bytes) = Self::take(&mut state, shared.gather_bytes) {
            state.bytes -= bytes.len();
            state.progress_ms = shared.timing.now_ms();
            subtract(&shared.counters.pending_bytes, bytes.len());
            add(&shared.counters.stream_bytes_out, bytes.len());
            if state.queue.is_empty() && state.queue.capacity() > KEPT_CAPACITY {
                state.queue = std::collections::VecDeque::new();
            }
            if state.bytes < LOW_WATER_BYTES {
                state.wake_writer();
            }
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if state.phase != Phase::Open {
            return Poll::Ready(None);
        }
        if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
            state.reader = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for EventBody {
    fn drop(&mut self) {
        let stream = &self.0;
        let kept = {
            let mut state = stream.lock();
            state.phase = Phase::Ended;
            stream.clear(&mut state);
            state.wake_writer();
            state.reader = None;
            std::mem::take(&mut state.kept)
        };
        // Outside the lock: a subscription takes the hub's lock when it ends, and the hub takes this one.
        drop(kept);
        stream.streams.remove(stream.id);
        subtract(&stream.shared.counters.streams_open, 1);
        stream.shared.note_end();
    }
}
