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
        if state.backlog.is_some() || state.corked {
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

    fn offer_one(&self, message: &Message) {
        self.send_message(message);
    }

    fn cork(&self) {
        let mut state = self.lock();
        state.corked = true;
        if let Some(backlog) = &mut state.backlog {
            backlog.begin_snapshot();
        }
    }

    fn uncork(&self) {
        let mut state = self.lock();
        state.corked = false;
        self.flush_unless_held(&mut state);
        // A backlog that was blocked before the cork has no task that waits for the socket.
        state.wake_reader();
    }

    fn overrun(&self) {
        self.fall_behind(&mut self.lock());
    }

    fn is_closed(&self) -> bool {
        !self.is_open()
    }
}
