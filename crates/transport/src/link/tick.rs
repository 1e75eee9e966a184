//! A link's work at its tick: pings, expiry, the end of silent peers and of close handshakes.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Link, Phase, State};
use crate::close::{close_frame, code};
use crate::encoder::{PING, encode_frame};
use crate::heartbeat::Timed;

impl Timed for Link {
    fn armed_tick(&self) -> &AtomicU64 {
        &self.armed_tick
    }

    fn tick(&self, now_ms: u64) -> Option<u64> {
        let mut state = self.lock();
        match state.phase {
            Phase::Ended => None,
            Phase::Closing { deadline_ms } if now_ms < deadline_ms => Some(deadline_ms),
            Phase::Closing { .. } => {
                self.end_locked(&mut state, code::ABNORMAL);
                None
            }
            Phase::Open => self.tick_open(&mut state, now_ms),
        }
    }
}

impl Link {
    fn tick_open(&self, state: &mut State, now_ms: u64) -> Option<u64> {
        let timing = &self.shared.timing;
        if let Some(expiry) = state.expiry.take_if(|expiry| expiry.at_ms <= now_ms) {
            self.say_farewell(state, expiry.code, &expiry.reason);
            self.begin_close(state, expiry.code, &expiry.reason);
            return Some(now_ms + timing.write_wait_ms);
        }
        let heard_ms = self.heard_ms.load(Ordering::Relaxed);
        let silent_at_ms = heard_ms + timing.pong_wait_ms;
        let answer_wait_ms = timing.pong_wait_ms.saturating_sub(timing.ping_period_ms);
        if silent_at_ms <= now_ms && state.asked_ms > heard_ms && state.asked_ms + answer_wait_ms <= now_ms {
            // A close frame is sent in case only the peer's direction is broken. Its answer is not awaited.
            self.write_now(state, &close_frame(code::GOING_AWAY, "no sign of life"));
            self.end_locked(state, code::ABNORMAL);
            return None;
        }
        // After a pause of this process the peer was not asked yet: it has the usual time to answer.
        let is_unasked = silent_at_ms <= now_ms && state.asked_ms <= heard_ms;
        if state.next_ping_ms <= now_ms || is_unasked {
            state.next_ping_ms = now_ms + timing.ping_period_ms;
            if state.asked_ms <= heard_ms {
                state.asked_ms = now_ms;
            }
            let ping = encode_frame(PING, false, &[]);
            if !self.write_now(state, &ping) && state.phase == Phase::Open {
                state.backlog.get_or_insert_default().set_ping(ping);
                state.wake_reader();
            }
        }
        let next_ms = state.next_ping_ms.min(silent_at_ms.max(state.asked_ms + answer_wait_ms).max(now_ms + 1));
        Some(state.expiry.as_ref().map_or(next_ms, |expiry| next_ms.min(expiry.at_ms)))
    }
}
