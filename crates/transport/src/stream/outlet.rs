//! How a stream takes what the hub offers: into its one lane, whatever it is.

use milepost_hub::{Batch, Form, Message, Outlet};

use super::EventStream;
use crate::encoder::WsEncoder;

/// Conflated messages are kept like all others here: what flows over streams is told once and must arrive.
impl Outlet for EventStream {
    fn form(&self) -> Form {
        Form::Sse
    }

    fn offer(&self, batch: &Batch) {
        let mut state = self.lock();
        for chunk in batch.chunks(Form::Sse) {
            self.push_locked(&mut state, chunk.bytes.clone(), true);
        }
    }

    fn offer_if_absent(&self, message: &Message) {
        self.push(message.encoded(Form::Sse, &WsEncoder).clone(), true);
    }

    /// Nothing to do: a stream is subscribed to when it may be written to.
    fn cork(&self) {}

    fn uncork(&self) {}

    fn overrun(&self) {
        self.fall_behind(&mut self.lock());
    }

    fn is_closed(&self) -> bool {
        self.has_ended()
    }
}
