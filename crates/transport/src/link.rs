//! The writing side of a socket: straight to the socket while it is ready, into its backlog while it is full.

mod beat;
mod ending;
mod outlet;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use milepost_hub::{Batch, Form, KeyMap, Message};

use crate::backlog::{Backlog, Slotted};
use crate::close::code;
use crate::config::SocketLimits;
use crate::deflate::Deflate;
use crate::encoder::{BINARY, PONG, TEXT, WsEncoder, encode_frame, encode_message};
use crate::stats::add;
use crate::transport::Transport;
use crate::wire::Wire;

/// A stream of replies waits while more than this waits for the socket, in bytes.
const LOW_WATER_BYTES: usize = 64 * 1024;

/// How long after a snapshot older live messages are still told apart, in milliseconds: longer than a message takes
/// from its commit to the socket.
const SNAPSHOT_GRACE_MS: u64 = 5000;

/// The link has ended: nothing more can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection has ended")
    }
}

impl std::error::Error for Closed {}

/// A handle for sending to one socket, from anywhere. Nothing but [`Self::send_backpressured`] waits.
pub struct Link {
    id: u64,
    form: Form,
    lossless_bytes: usize,
    pub(crate) transport: Arc<Transport>,
    pub(crate) wire: Wire,
    me: Weak<Link>,
    // A std mutex: held for one write that never waits, never across an await.
    state: Mutex<State>,
    ended: AtomicBool,
    heard_ms: AtomicU64,
    /// The tick of the heartbeat's wheel that this link waits for; other entries in the wheel are out of date.
    pub(crate) armed_tick: AtomicU64,
}

struct State {
    phase: Phase,
    /// The code that the end of this socket is counted under.
    close_code: u16,
    corked: bool,
    backlog: Option<Box<Backlog>>,
    /// The task that reads this socket, when it waits.
    reader: Option<Waker>,
    next_ping_ms: u64,
    rare: Option<Box<Rare>>,
}

/// What few sockets have at any time, out of the way of the many.
#[derive(Default)]
struct Rare {
    expiry: Option<(u64, u16, String)>,
    /// The versions of the last snapshot, so that an older live message does not follow it.
    snapshot: Option<KeyMap<i64>>,
    snapshot_until_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is sent or queued; at this time the connection is cut.
    Closing {
        deadline_ms: u64,
    },
    Ended,
}

impl Link {
    pub(crate) fn open(transport: Arc<Transport>, wire: Wire, deflate: Deflate, limits: &SocketLimits) -> Arc<Self> {
        let now_ms = transport.now_ms();
        let next_ping_ms = now_ms + transport.ping_period_ms;
        Arc::new_cyclic(|me| Self {
            id: transport.next_link_id(),
            form: if deflate == Deflate::Both { Form::WsDeflate } else { Form::WsPlain },
            lossless_bytes: limits.lossless_bytes,
            transport,
            wire,
            me: me.clone(),
            state: Mutex::new(State {
                phase: Phase::Open,
                close_code: code::ABNORMAL,
                corked: false,
                backlog: None,
                reader: None,
                next_ping_ms,
                rare: None,
            }),
            ended: AtomicBool::new(false),
            heard_ms: AtomicU64::new(now_ms),
            armed_tick: AtomicU64::new(0),
        })
    }

    /// A number that no other link of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Sends a text message by the lossless lane.
    pub fn send_text(&self, text: &str) {
        self.send_lossless(encode_message(TEXT, self.deflates(), text.as_bytes()));
    }

    /// Sends a binary message by the lossless lane.
    pub fn send_binary(&self, payload: &[u8]) {
        self.send_lossless(encode_message(BINARY, self.deflates(), payload));
    }

    /// Sends a hub message to this socket alone, by the lane that it belongs to.
    pub fn send_message(&self, message: &Message) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            add(&self.transport.counters.frames_out, 1);
            self.enqueue(&mut state, message, false);
            self.flush_unless_held(&mut state);
        }
    }

    /// Sends a text message once less than 64 KiB wait for the socket: for streams of any length, such as a replay.
    /// While the link is corked it does not wait.
    ///
    /// # Errors
    /// When the link has ended or is closing.
    pub async fn send_backpressured(&self, text: &str) -> Result<(), Closed> {
        self.wait_for_low_water().await?;
        self.push_frame(encode_message(TEXT, self.deflates(), text.as_bytes()), false);
        Ok(())
    }

    /// As [`Self::send_backpressured`], for a binary message.
    ///
    /// # Errors
    /// When the link has ended or is closing.
    pub async fn send_binary_backpressured(&self, payload: &[u8]) -> Result<(), Closed> {
        self.wait_for_low_water().await?;
        self.push_frame(encode_message(BINARY, self.deflates(), payload), false);
        Ok(())
    }

    /// Closes after what is already queued, with a reason of at most 123 bytes. The peer has `write_wait` to take it
    /// and answer; then the connection is cut. Closing again changes nothing.
    pub fn close(&self, code: u16, reason: &str) {
        let mut state = self.lock();
        self.begin_close(&mut state, code, reason);
    }

    /// Closes with `code` at `at`, accurate to a second: a credential's expiry. Replaces an earlier expiry.
    pub fn set_expiry(&self, at: Instant, code: u16, reason: &str) {
        let at_ms = self.transport.millis_at(at);
        self.lock().rare.get_or_insert_default().expiry = Some((at_ms, code, reason.to_owned()));
        self.schedule(at_ms);
    }

    /// Takes the expiry away.
    pub fn clear_expiry(&self) {
        if let Some(rare) = &mut self.lock().rare {
            rare.expiry = None;
        }
    }

    /// Bytes that wait for the socket.
    pub fn pending_bytes(&self) -> usize {
        self.lock().backlog.as_ref().map_or(0, |backlog| backlog.bytes())
    }

    pub(crate) fn deflates(&self) -> bool {
        self.form == Form::WsDeflate
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// Notes a sign of life.
    pub(crate) fn heard(&self, now_ms: u64) {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
    }

    pub(crate) fn send_pong(&self, payload: &[u8]) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            let frame = encode_frame(PONG, false, payload);
            // Answering a ping is no part of what a cork holds back.
            if !self.write_now(&mut state, &frame) && state.phase != Phase::Ended {
                state.backlog.get_or_insert_default().set_pong(frame);
                state.wake_reader();
            }
        }
    }

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

    /// Has the reading task woken when there is something for it to do; false when there already is.
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

    fn send_lossless(&self, frame: Bytes) {
        self.push_frame(frame, true);
    }

    fn push_frame(&self, frame: Bytes, bounded: bool) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        add(&self.transport.counters.frames_out, 1);
        if !state.corked && self.write_now(&mut state, &frame) {
            return;
        }
        if state.phase == Phase::Open {
            self.push_lossless(&mut state, frame, bounded);
            self.flush_unless_held(&mut state);
        }
    }

    /// Writes `frame` if nothing is before it. False when none of it went out; a rest becomes the backlog.
    fn write_now(&self, state: &mut State, frame: &Bytes) -> bool {
        if state.backlog.is_some() {
            return false;
        }
        match self.wire.try_write(frame) {
            Ok(sent) => {
                add(&self.transport.counters.bytes_out, sent);
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

    fn push_lossless(&self, state: &mut State, frame: Bytes, bounded: bool) {
        let backlog = state.backlog.get_or_insert_default();
        if bounded && backlog.lossless_bytes() + frame.len() > self.lossless_bytes {
            self.fall_behind(state);
            return;
        }
        self.count_pending(frame.len(), 0);
        backlog.push_lossless(frame);
    }

    /// Puts a message into its lane.
    fn enqueue(&self, state: &mut State, message: &Message, snapshot: bool) {
        let frame = message.encoded(self.form, &WsEncoder);
        let Some((key, version)) = message.conflation() else {
            self.push_lossless(state, frame.clone(), true);
            return;
        };
        if snapshot && version != 0 {
            let snapshot = state.rare.get_or_insert_default().snapshot.get_or_insert_default();
            let newest = snapshot.entry(key.clone()).or_insert(version);
            *newest = version.max(*newest);
        } else if !snapshot && state.is_older_than_snapshot(key, version) {
            add(&self.transport.counters.conflated, 1);
            return;
        }
        let backlog = state.backlog.get_or_insert_default();
        let before = backlog.bytes();
        if !matches!(backlog.push_slot(key, version, frame, snapshot), Slotted::Added) {
            add(&self.transport.counters.conflated, 1);
        }
        self.count_pending(backlog.bytes(), before);
    }

    /// Takes what of `batch` the socket did not: `sent` bytes of chunk `chunk` went out.
    fn keep_rest(&self, state: &mut State, batch: &Batch, chunk: usize, sent: usize) {
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

    fn flush_unless_held(&self, state: &mut State) {
        if !state.held() && !state.backlog.as_ref().is_some_and(|backlog| backlog.blocked) {
            self.flush(state);
        }
    }

    /// Writes the backlog until it is empty, and gone, or blocked.
    fn flush(&self, state: &mut State) {
        let Some(backlog) = &mut state.backlog else { return };
        let before = backlog.bytes();
        let was_full = before > 0;
        match backlog.flush(&self.wire, self.transport.gather_bytes) {
            Ok(sent) => {
                add(&self.transport.counters.bytes_out, sent);
                self.count_pending(backlog.bytes(), before);
                if backlog.is_empty() {
                    state.backlog = None;
                } else {
                    state.wake_reader();
                }
                if was_full && sent > 0 {
                    // The socket was full, so its peer has read something since.
                    self.heard(self.transport.now_ms());
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

    async fn wait_for_low_water(&self) -> Result<(), Closed> {
        loop {
            {
                let mut state = self.lock();
                self.flush_unless_held(&mut state);
                if state.phase != Phase::Open {
                    return Err(Closed);
                }
                let low = state.backlog.as_ref().is_none_or(|backlog| backlog.lossless_bytes() < LOW_WATER_BYTES);
                if low || state.corked {
                    return Ok(());
                }
            }
            self.wire.writable().await.map_err(|_| Closed)?;
            self.unblock();
        }
    }

    fn schedule(&self, at_ms: u64) {
        if let Some(me) = self.me.upgrade() {
            self.transport.schedule(&me, at_ms);
        }
    }

    fn count_pending(&self, now: usize, before: usize) {
        let pending = &self.transport.counters.pending_bytes;
        if now >= before {
            pending.fetch_add((now - before) as u64, Ordering::Relaxed);
        } else {
            pending.fetch_sub((before - now) as u64, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// True when there is nothing to write, or nothing that may be written yet.
    fn held(&self) -> bool {
        self.backlog.is_none() || self.corked
    }

    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn is_older_than_snapshot(&self, key: &milepost_hub::Key, version: i64) -> bool {
        let snapshot = self.rare.as_ref().and_then(|rare| rare.snapshot.as_ref());
        snapshot.and_then(|snapshot| snapshot.get(key)).is_some_and(|&newest| version < newest)
    }
}
