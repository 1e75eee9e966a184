//! What a link does when the heartbeat looks at it.

use std::sync::atomic::Ordering;

use super::{Link, Phase, State};
use crate::close::{close_frame, code};
use crate::encoder::{PING, encode_frame};

impl Link {
    /// What is due now: a ping, an expiry, an end. Returns when to look again, `None` when never.
    pub(crate) fn beat(&self, now_ms: u64) -> Option<u64> {
        let mut state = self.lock();
        match state.phase {
            Phase::Ended => None,
            Phase::Closing { deadline_ms } if now_ms < deadline_ms => Some(deadline_ms),
            Phase::Closing { .. } => {
                self.end_locked(&mut state, code::ABNORMAL);
                None
            }
            Phase::Open => self.beat_open(&mut state, now_ms),
        }
    }

    fn beat_open(&self, state: &mut State, now_ms: u64) -> Option<u64> {
        if let Some(rare) = &mut state.rare {
            if rare.expiry.as_ref().is_some_and(|(at_ms, ..)| *at_ms <= now_ms) {
                let (_, code, reason) = rare.expiry.take().expect("the expiry was just seen");
                self.begin_close(state, code, &reason);
                return Some(now_ms + self.transport.write_wait_ms);
            }
            if rare.snapshot_until_ms <= now_ms && !state.corked {
                rare.snapshot = None;
            }
            if rare.expiry.is_none() && rare.snapshot.is_none() {
                state.rare = None;
            }
        }
        let silent_at_ms = self.heard_ms.load(Ordering::Relaxed) + self.transport.pong_wait_ms;
        if silent_at_ms <= now_ms {
            // Told in case only the other direction is broken, but not waited for: it did not answer for long enough.
            self.write_now(state, &close_frame(code::GOING_AWAY, "no sign of life"));
            self.end_locked(state, code::ABNORMAL);
            return None;
        }
        if state.next_ping_ms <= now_ms {
            state.next_ping_ms = now_ms + self.transport.ping_period_ms;
            let ping = encode_frame(PING, false, &[]);
            if !self.write_now(state, &ping) && state.phase == Phase::Open {
                state.backlog.get_or_insert_default().set_ping(ping);
                state.wake_reader();
            }
        }
        let mut next_ms = state.next_ping_ms.min(silent_at_ms);
        if let Some(rare) = &state.rare {
            next_ms = rare.expiry.as_ref().map_or(next_ms, |(at_ms, ..)| next_ms.min(*at_ms));
            next_ms =
                rare.snapshot.as_ref().map_or(next_ms, |_| next_ms.min(rare.snapshot_until_ms.max(now_ms + 1000)));
        }
        Some(next_ms)
    }
}
