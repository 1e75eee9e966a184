//! Messages that go out together. Their frames are joined once per form and shared by every sink.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use crate::message::{Encoder, Form, Message};

/// Some messages of one channel in order of publishing, for one or many sinks.
pub struct Batch {
    messages: Box<[Message]>,
    encoder: Arc<dyn Encoder>,
    join_bytes: usize,
    chunks: [OnceLock<Box<[Chunk]>>; Form::COUNT],
}

/// Consecutive encoded messages in one piece of memory, for one write.
pub struct Chunk {
    /// The encoded messages, one after the other.
    pub bytes: Bytes,
    /// The indices of these messages in the batch.
    pub messages: Range<usize>,
}

impl Batch {
    pub(crate) fn new(messages: impl Into<Box<[Message]>>, encoder: Arc<dyn Encoder>, join_bytes: usize) -> Self {
        Self { messages: messages.into(), encoder, join_bytes, chunks: Default::default() }
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// One message of the batch in `form`.
    pub fn encoded(&self, index: usize, form: Form) -> &Bytes {
        self.messages[index].encoded(form, &*self.encoder)
    }

    /// All messages in `form`, joined into as few chunks as the join limit allows. The first caller makes them.
    pub fn chunks(&self, form: Form) -> &[Chunk] {
        self.chunks[form.index()].get_or_init(|| self.join(form))
    }

    fn join(&self, form: Form) -> Box<[Chunk]> {
        let mut chunks = Vec::new();
        let mut start = 0;
        while start < self.messages.len() {
            let mut bytes = self.encoded(start, form).len();
            let mut end = start + 1;
            while end < self.messages.len() && bytes + self.encoded(end, form).len() <= self.join_bytes {
                bytes += self.encoded(end, form).len();
                end += 1;
            }
            chunks.push(Chunk { bytes: self.join_range(start..end, bytes, form), messages: start..end });
            start = end;
        }
        chunks.into()
    }

    fn join_range(&self, range: Range<usize>, bytes: usize, form: Form) -> Bytes {
        if range.len() == 1 {
            return self.encoded(range.start, form).clone();
        }
        let mut joined = BytesMut::with_capacity(bytes);
        for index in range {
            joined.extend_from_slice(self.encoded(index, form));
        }
        joined.freeze()
    }
}
