//! How a link ends: by a close handshake, because its reader fell behind, or by a cut.

use std::net::Shutdown;
use std::sync::atomic::Ordering;

use super::{Link, Phase, State};
use crate::close::{close_frame, code};
use crate::encoder::{TEXT, encode_message};

impl Link {
    /// Answers the peer's close frame with the same code.
    pub(crate) fn answer_close(&self, code: Option<u16>) {
        let mut state = self.lock();
        self.begin_close(&mut state, code.unwrap_or(code::NO_STATUS), "");
    }

    /// Cuts the connection. The end is counted under `code`, unless a close frame named another code before.
    pub(crate) fn end(&self, code: u16) {
        self.end_locked(&mut self.lock(), code);
    }

    /// The reliable queue is full. Messages are lost, so that the reader has to resume.
    pub(super) fn fall_behind(&self, state: &mut State) {
        if state.phase != Phase::Open {
            return;
        }
        if let Some(backlog) = &mut state.backlog {
            let before = backlog.bytes();
            backlog.clear_queue();
            self.count_pending(backlog.bytes(), before);
        }
        const REASON: &str = "reading too slowly; reconnect and resume";
        self.say_farewell(state, code::TRY_AGAIN_LATER, REASON);
        self.begin_close(state, code::TRY_AGAIN_LATER, REASON);
    }

    /// Sends the last message, before the close frame.
    pub(super) fn say_farewell(&self, state: &mut State, code: u16, reason: &str) {
        let Some(farewell) = self.farewell.filter(|_| state.phase == Phase::Open) else { return };
        // A cork would hold it back, and the close frame not.
        state.corked = false;
        let frame = encode_message(TEXT, self.deflates(), farewell(code, reason).as_bytes());
        if !self.write_now(state, &frame) && state.phase == Phase::Open {
            self.push_reliable(state, frame, false);
        }
    }

    pub(super) fn begin_close(&self, state: &mut State, code: u16, reason: &str) {
        if state.phase != Phase::Open {
            return;
        }
        let deadline_ms = self.shared.timing.now_ms() + self.shared.timing.write_wait_ms;
        state.phase = Phase::Closing { deadline_ms };
        state.close_code = code;
        state.corked = false;
        let frame = close_frame(code, reason);
        if !self.write_now(state, &frame) && state.phase != Phase::Ended {
            self.push_reliable(state, frame, false);
            self.flush_unless_held(state);
        }
        state.wake_reader();
        self.schedule(deadline_ms);
    }

    pub(super) fn end_locked(&self, state: &mut State, code: u16) {
        if state.phase == Phase::Ended {
            return;
        }
        if state.phase == Phase::Open {
            state.close_code = code;
        }
        state.phase = Phase::Ended;
        if let Some(backlog) = state.backlog.take() {
            self.count_pending(0, backlog.bytes());
        }
        state.expiry = None;
        self.ended.store(true, Ordering::Release);
        self.wire.shutdown(Shutdown::Both);
        self.shared.counters.count_closed(state.close_code);
        self.shared.note_end();
        state.wake_reader();
    }
}
