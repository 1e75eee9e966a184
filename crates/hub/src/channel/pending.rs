//! Messages that were published and not yet fanned out, within bounds.

use std::collections::VecDeque;

use crate::key::KeyMap;
use crate::limits::HubLimits;
use crate::message::Message;

/// A channel's pending messages in order of publishing.
///
/// Up to `pending_messages` all of them are kept. From there on a conflated message takes the place of the older one
/// of its key. Past `pending_bytes` messages are refused, and the next pass ends every subscriber so that it resumes.
#[derive(Default)]
pub(super) struct Pending {
    queue: VecDeque<Entry>,
    bytes: usize,
    next_sequence: u64,
    /// The newest entry of each key, kept only while the queue is past its first bound.
    newest: Option<KeyMap<u64>>,
    replaced: usize,
    overrun: bool,
    /// True while a fan-out task runs that will drain this queue again.
    pub(super) running: bool,
}

pub(super) struct Entry {
    pub(super) sequence: u64,
    /// `None` once a newer message of the same key replaced it.
    pub(super) message: Option<Message>,
}

pub(super) enum Taken {
    Added,
    Replaced,
    Refused,
}

pub(super) struct Drained {
    pub(super) entries: VecDeque<Entry>,
    pub(super) messages: usize,
    pub(super) overrun: bool,
}

impl Pending {
    pub(super) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    pub(super) fn push(&mut self, message: Message, limits: &HubLimits) -> Taken {
        if self.bytes + message.payload_bytes() > limits.pending_bytes {
            self.overrun = true;
            return Taken::Refused;
        }
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let mut taken = Taken::Added;
        if self.queue.len() >= limits.pending_messages {
            taken = self.replace_older(&message, sequence);
        }
        self.bytes += message.payload_bytes();
        self.queue.push_back(Entry { sequence, message: Some(message) });
        taken
    }

    /// Messages that were drained did not reach everybody: the next pass ends every subscriber. Returns false if it was to do so
    /// already.
    pub(super) fn lose(&mut self) -> bool {
        !std::mem::replace(&mut self.overrun, true)
    }

    /// Whether nothing waits and no task is offering anything.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.running
    }

    /// Empties the queue. `None` means that it was empty: the calling task counts as ended from then on.
    pub(super) fn drain(&mut self) -> Option<Drained> {
        if self.queue.is_empty() && !self.overrun {
            self.running = false;
            return None;
        }
        self.newest = None;
        self.bytes = 0;
        let messages = self.queue.len() - std::mem::take(&mut self.replaced);
        let overrun = std::mem::take(&mut self.overrun);
        Some(Drained { entries: std::mem::take(&mut self.queue), messages, overrun })
    }

    fn replace_older(&mut self, message: &Message, sequence: u64) -> Taken {
        let Some(key) = message.conflation_key() else { return Taken::Added };
        // Whoever watches the spot that the older one tells the subject has left must get the older one.
        if message.recipients().watched.is_some() {
            return Taken::Added;
        }
        if self.newest.is_none() || self.replaced > self.queue.len() / 2 {
            self.index_by_key();
        }
        let newest = self.newest.as_mut().expect("the index was built above");
        let Some(&older) = newest.get(key) else {
            newest.insert(key.clone(), sequence);
            return Taken::Added;
        };
        let at = self.queue.binary_search_by_key(&older, |entry| entry.sequence).expect("an indexed entry is queued");
        let slot = &mut self.queue[at].message;
        let replaced = slot.take().expect("an indexed entry was not replaced");
        self.bytes -= replaced.payload_bytes();
        self.replaced += 1;
        newest.insert(key.clone(), sequence);
        Taken::Replaced
    }

    /// Removes the entries of replaced messages, so that they never outnumber the others, and indexes the rest.
    fn index_by_key(&mut self) {
        self.queue.retain(|entry| entry.message.is_some());
        self.replaced = 0;
        let keyed = self.queue.iter().filter_map(|entry| {
            let message = entry.message.as_ref().filter(|message| message.recipients().watched.is_none())?;
            let key = message.conflation_key()?;
            Some((key.clone(), entry.sequence))
        });
        self.newest = Some(keyed.collect());
    }
}
