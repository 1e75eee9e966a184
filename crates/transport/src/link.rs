//! The writing side of a socket: a handle that sends from anywhere.

mod ending;
mod flush;
mod sink;
mod tick;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use milepost_hub::{Form, Message};

use crate::backlog::Backlog;
use crate::close::code;
use crate::closed::Closed;
use crate::config::SocketLimits;
use crate::encoder::{BINARY, PONG, TEXT, encode_frame, encode_message, encode_run};
use crate::heartbeat::Wheel;
use crate::permessage_deflate::Deflate;
use crate::shared::Shared;
use crate::stats::add;
use crate::wire::Wire;

/// The longest snapshot that is sent as a run: one of some ten thousand vehicles. A run waits whole for a slow reader, and counts
/// for its reliable queue.
const MAX_RUN_BYTES: usize = 2 << 20;

/// Writes the last message before a close frame from its code and reason.
pub type Farewell = fn(code: u16, reason: &str) -> String;

/// A handle for sending to one socket, from anywhere. Only the methods with `backpressured` in their names wait.
pub struct Link {
    id: u64,
    form: Form,
    /// Compressed messages may refer to earlier ones.
    keeps_context: bool,
    reliable_bytes: usize,
    farewell: Option<Farewell>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) wire: Wire,
    wheel: Arc<Wheel<Link>>,
    me: Weak<Link>,
    // Held for one write that never waits, never across an await.
    state: Mutex<State>,
    ended: AtomicBool,
    heard_ms: AtomicU64,
    armed_tick: AtomicU64,
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
    /// When the first ping since the last sign of life was sent, if it is later than that.
    asked_ms: u64,
    /// Boxed, so that sockets stay small.
    expiry: Option<Box<Expiry>>,
}

struct Expiry {
    at_ms: u64,
    code: u16,
    reason: String,
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
    pub(crate) fn open(
        shared: &Arc<Shared>,
        wheel: &Arc<Wheel<Link>>,
        wire: Wire,
        deflate: Deflate,
        limits: &SocketLimits,
        farewell: Option<Farewell>,
    ) -> Arc<Self> {
        shared.counters.count_opened();
        let now_ms = shared.timing.sync();
        let next_ping_ms = now_ms + shared.timing.ping_period_ms;
        let link = Arc::new_cyclic(|me| Self {
            id: shared.next_id(),
            form: if deflate.is_outbound() { Form::WsDeflate } else { Form::WsPlain },
            keeps_context: deflate == Deflate::InContext,
            reliable_bytes: limits.reliable_bytes,
            farewell,
            shared: Arc::clone(shared),
            wire,
            wheel: Arc::clone(wheel),
            me: me.clone(),
            state: Mutex::new(State {
                phase: Phase::Open,
                close_code: code::ABNORMAL,
                corked: false,
                backlog: None,
                reader: None,
                next_ping_ms,
                asked_ms: 0,
                expiry: None,
            }),
            ended: AtomicBool::new(false),
            heard_ms: AtomicU64::new(now_ms),
            armed_tick: AtomicU64::new(0),
        });
        wheel.schedule(&link, next_ping_ms.min(now_ms + shared.timing.pong_wait_ms));
        link
    }

    /// A number that no other link of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Sends a text message. It waits in the reliable queue while the socket is full.
    pub fn send_text(&self, text: &str) {
        self.push_frame(encode_message(TEXT, self.deflates(), text.as_bytes()), true);
    }

    /// Sends a binary message as it is, without compression. It waits in the reliable queue while the socket is full.
    pub fn send_binary(&self, payload: &[u8]) {
        self.push_frame(encode_frame(BINARY, false, payload), true);
    }

    /// Sends a hub message to this socket alone. While the socket is full, a conflated message waits in its key's slot.
    pub fn send_message(&self, message: &Message) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            add(&self.shared.counters.frames_out, 1);
            self.enqueue(&mut state, message, false);
            self.flush_unless_held(&mut state);
        }
    }

    /// Sends messages of a snapshot while the link is corked, each of another key. The snapshot was cut where the subscription
    /// begins, so that no older live message can follow. With compression they travel as a run: each refers to those before it. A
    /// message yields to one of its key that came since the link was corked, because that is newer.
    pub fn send_snapshot(&self, messages: &[Message]) {
        let run = self.encode_snapshot(messages);
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        add(&self.shared.counters.frames_out, messages.len());
        match run.filter(|_| state.backlog.as_ref().is_none_or(|backlog| backlog.has_no_slots())) {
            Some(run) => self.push_reliable(&mut state, run, false),
            None => messages.iter().for_each(|message| self.enqueue(&mut state, message, true)),
        }
        self.flush_unless_held(&mut state);
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
        self.say_farewell(&mut state, code, reason);
        self.begin_close(&mut state, code, reason);
    }

    /// Closes with `code` in `left`, accurate to a second: a credential's expiry. Replaces an earlier expiry.
    pub fn set_expiry(&self, left: Duration, code: u16, reason: &str) {
        let at_ms = self.shared.timing.ms_in(left);
        self.lock().expiry = Some(Box::new(Expiry { at_ms, code, reason: reason.to_owned() }));
        self.schedule(at_ms);
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

    /// Records that something came from the peer.
    pub(crate) fn heard(&self, now_ms: u64) {
        self.heard_ms.store(now_ms, Ordering::Relaxed);
    }

    pub(crate) fn send_pong(&self, payload: &[u8]) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            let frame = encode_frame(PONG, false, payload);
            // A cork holds messages back, not the answers to pings.
            if !self.write_now(&mut state, &frame) && state.phase != Phase::Ended {
                state.backlog.get_or_insert_default().set_pong(frame);
                state.wake_reader();
            }
        }
    }

    /// The frames of a snapshot as one run, if it has several messages, not too many, and the client takes it.
    fn encode_snapshot(&self, messages: &[Message]) -> Option<Bytes> {
        let bytes: usize = messages.iter().map(|message| message.payload().len()).sum();
        if !self.keeps_context || messages.len() < 2 || bytes > MAX_RUN_BYTES {
            return None;
        }
        encode_run(messages.iter().map(|message| &message.payload()[..]))
    }

    fn schedule(&self, at_ms: u64) {
        if let Some(me) = self.me.upgrade() {
            self.wheel.schedule(&me, at_ms);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while holding it")
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
}
