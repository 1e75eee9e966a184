//! How a stream takes what the hub offers: everything goes into its one queue.

use milepost_hub::{Batch, Form, Message, Sink};

use super::EventStream;
use crate::encoder::WsEncoder;

/// Conflated messages are queued like all others: nothing that a stream carries may be left out.
impl Sink for EventStream {
    fn form(&self) -> Form {
        Form::Sse
    }

    fn offer(&self, batch: &Batch) {
        let mut state = self.lock();
        for chunk in batch.chunks(Form::Sse) {
            self.push_locked(&mut state, chunk.bytes.clone(), true);
        }
    }

    fn offer_one(&self, message: &Message) {
        self.push(message.encoded(Form::Sse, &WsEncoder).clone(), true);
    }

    /// Does nothing: a stream is subscribed once it may be written to.
    fn cork(&self) {}

    fn uncork(&self) {}

    fn overrun(&self) {
        self.fall_behind(&mut self.lock());
    }

    fn is_closed(&self) -> bool {
        self.has_ended()
    }
}
