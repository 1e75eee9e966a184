//! How a link takes what the hub offers: one write while the socket is ready, the backlog while it is not.

use std::io;

use milepost_hub::{Batch, Form, Message, Sink};

use super::{Link, Phase};
use crate::close::code;
use crate::stats::add;

impl Sink for Link {
    fn form(&self) -> Form {
        self.form
    }

    fn offer(&self, batch: &Batch) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        let is_older = |message: &Message| {
            message.conflation().is_some_and(|(key, version)| state.is_older_than_snapshot(key, version))
        };
        if state.backlog.is_some() || state.corked || batch.messages().iter().any(is_older) {
            add(&self.shared.counters.frames_out, batch.messages().len());
            for message in batch.messages() {
                if state.phase == Phase::Open {
                    self.enqueue(&mut state, message, false);
                }
            }
            self.flush_unless_held(&mut state);
            return;
        }
        add(&self.shared.counters.frames_out, batch.messages().len());
        let mut total = 0;
        for (at, chunk) in batch.chunks(self.form).iter().enumerate() {
            let sent = match self.wire.try_write(&chunk.bytes) {
                Ok(sent) => sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(_) => {
                    self.end_locked(&mut state, code::ABNORMAL);
                    break;
                }
            };
            total += sent;
            if sent < chunk.bytes.len() {
                self.keep_rest(&mut state, batch, at, sent);
                break;
            }
        }
        add(&self.shared.counters.bytes_out, total);
    }

    fn offer_if_absent(&self, message: &Message) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            add(&self.shared.counters.frames_out, 1);
            // It may have been read before live messages that are still on their way here.
            if let Some((key, version)) = message.conflation().filter(|(_, version)| *version != 0) {
                state.cold.get_or_insert_default().snapshot.get_or_insert_default().note(key, version);
            }
            self.enqueue(&mut state, message, true);
            self.flush_unless_held(&mut state);
        }
    }

    fn cork(&self) {
        let mut state = self.lock();
        state.corked = true;
        if let Some(backlog) = &mut state.backlog {
            backlog.begin_snapshot();
        }
    }

    fn uncork(&self) {
        let now_ms = self.shared.timing.now_ms();
        let forgotten_at_ms = {
            let mut state = self.lock();
            state.corked = false;
            let snapshot = state.cold.as_mut().and_then(|cold| cold.snapshot.as_mut());
            let forgotten_at_ms = snapshot.map(|snapshot| snapshot.complete(now_ms));
            self.flush_unless_held(&mut state);
            // A backlog that was blocked before the cork has no task that waits for the socket.
            state.wake_reader();
            forgotten_at_ms
        };
        if let Some(at_ms) = forgotten_at_ms {
            self.schedule(at_ms);
        }
    }

    fn overrun(&self) {
        self.fall_behind(&mut self.lock());
    }

    fn is_closed(&self) -> bool {
        !self.is_open()
    }
}
