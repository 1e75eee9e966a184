//! How bytes leave a link: straight to the socket while it is ready, by way of the backlog while it is full.

use std::io;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use milepost_hub::{Batch, Message};

use super::{Link, Phase, State};
use crate::backlog::Slotted;
use crate::close::code;
use crate::closed::Closed;
use crate::encoder::WsEncoder;
use crate::stats::add;

/// A stream of replies waits while more than this waits for the socket, in bytes.
const LOW_WATER_BYTES: usize = 64 * 1024;

impl Link {
    /// Writes the backlog as the socket takes it. Ready when nothing is left to write or nothing can be written.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            {
                let mut state = self.lock();
                if state.phase == Phase::Ended || state.held() {
                    return Poll::Ready(());
                }
                if !state.backlog.as_ref().expect("a backlog that is not held exists").blocked {
                    self.flush(&mut state);
                    continue;
                }
            }
            match self.wire.poll_write_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => self.unblock(),
                Poll::Ready(Err(_)) => {
                    self.end(code::ABNORMAL);
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Has the reading task woken once there is something for it to do. False when there already is.
    pub(crate) fn register_reader(&self, waker: &Waker, seen_open: bool) -> bool {
        let mut state = self.lock();
        if state.phase == Phase::Ended || (seen_open && state.phase != Phase::Open) {
            return false;
        }
        if state.backlog.as_ref().is_some_and(|backlog| !backlog.blocked) && !state.corked {
            return false;
        }
        if !state.reader.as_ref().is_some_and(|reader| reader.will_wake(waker)) {
            state.reader = Some(waker.clone());
        }
        true
    }

    pub(super) fn push_frame(&self, frame: Bytes, bounded: bool) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        add(&self.shared.counters.frames_out, 1);
        if !state.corked && self.write_now(&mut state, &frame) {
            return;
        }
        if state.phase == Phase::Open {
            self.push_reliable(&mut state, frame, bounded);
            self.flush_unless_held(&mut state);
        }
    }

    /// Writes `frame` if nothing waits before it. False when none of it went out; an unsent rest becomes the backlog.
    pub(super) fn write_now(&self, state: &mut State, frame: &Bytes) -> bool {
        if state.backlog.is_some() {
            return false;
        }
        match self.wire.try_write(frame) {
            Ok(sent) => {
                add(&self.shared.counters.bytes_out, sent);
                if sent < frame.len() {
                    state.backlog.get_or_insert_default().set_partial(frame.slice(sent..));
                    self.count_pending(frame.len() - sent, 0);
                    self.flush(state);
                }
                true
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                state.backlog.get_or_insert_default().blocked = true;
                state.wake_reader();
                false
            }
            Err(_) => {
                self.end_locked(state, code::ABNORMAL);
                false
            }
        }
    }

    pub(super) fn push_reliable(&self, state: &mut State, frame: Bytes, bounded: bool) {
        let backlog = state.backlog.get_or_insert_default();
        if bounded && backlog.reliable_bytes() + frame.len() > self.reliable_bytes {
            self.fall_behind(state);
            return;
        }
        self.count_pending(frame.len(), 0);
        backlog.push_reliable(frame);
    }

    /// Puts a message into its key's slot, or into the reliable queue if it has no key. One of a snapshot yields to one that came since
    /// the snapshot began.
    pub(super) fn enqueue(&self, state: &mut State, message: &Message, snapshot: bool) {
        let frame = message.encoded(self.form, &WsEncoder);
        let Some(key) = message.conflation_key() else {
            self.push_reliable(state, frame.clone(), true);
            return;
        };
        let backlog = state.backlog.get_or_insert_default();
        let before = backlog.bytes();
        if !matches!(backlog.push_slot(key, frame, snapshot), Slotted::Added) {
            add(&self.shared.counters.conflated, 1);
        }
        self.count_pending(backlog.bytes(), before);
    }

    /// Queues what the socket did not take of `batch`: `sent` bytes of chunk `chunk` went out.
    pub(super) fn keep_rest(&self, state: &mut State, batch: &Batch, chunk: usize, sent: usize) {
        let chunks = batch.chunks(self.form);
        let mut skip = sent;
        for index in chunks[chunk].messages.start..batch.messages().len() {
            let frame = batch.encoded(index, self.form);
            if skip >= frame.len() {
                skip -= frame.len();
            } else if skip > 0 {
                let rest = frame.slice(skip..);
                skip = 0;
                self.count_pending(rest.len(), 0);
                state.backlog.get_or_insert_default().set_partial(rest);
            } else if state.phase == Phase::Open {
                self.enqueue(state, &batch.messages()[index], false);
            }
        }
        if let Some(backlog) = &mut state.backlog {
            backlog.blocked = true;
        }
        state.wake_reader();
    }

    pub(super) fn flush_unless_held(&self, state: &mut State) {
        if !state.held() && !state.backlog.as_ref().is_some_and(|backlog| backlog.blocked) {
            self.flush(state);
        }
    }

    /// Writes the backlog until it is empty, and gone, or blocked.
    fn flush(&self, state: &mut State) {
        let Some(backlog) = &mut state.backlog else { return };
        let before = backlog.bytes();
        let was_full = before > 0;
        match backlog.flush(&self.wire, self.shared.gather_bytes) {
            Ok(sent) => {
                add(&self.shared.counters.bytes_out, sent);
                self.count_pending(backlog.bytes(), before);
                if backlog.is_empty() {
                    state.backlog = None;
                } else {
                    state.wake_reader();
                }
                if was_full && sent > 0 {
                    // The socket was full, so its peer has read something.
                    self.heard(self.shared.timing.now_ms());
                }
            }
            Err(_) => self.end_locked(state, code::ABNORMAL),
        }
    }

    fn unblock(&self) {
        if let Some(backlog) = &mut self.lock().backlog {
            backlog.blocked = false;
        }
    }

    pub(super) async fn wait_for_low_water(&self) -> Result<(), Closed> {
        loop {
            {
                let mut state = self.lock();
                self.flush_unless_held(&mut state);
                if state.phase != Phase::Open {
                    return Err(Closed);
                }
                let low = state.backlog.as_ref().is_none_or(|backlog| backlog.reliable_bytes() < LOW_WATER_BYTES);
                if low || state.corked {
                    return Ok(());
                }
            }
            self.wire.writable().await.map_err(|_| Closed)?;
            self.unblock();
        }
    }

    pub(super) fn count_pending(&self, now: usize, before: usize) {
        let pending = &self.shared.counters.pending_bytes;
        if now >= before {
            pending.fetch_add((now - before) as u64, Ordering::Relaxed);
        } else {
            pending.fetch_sub((before - now) as u64, Ordering::Relaxed);
        }
    }
}
