//! The backlog of a full socket: one slot for each key of conflated messages, and a reliable queue for the rest.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;

use bytes::{Buf, Bytes};
use milepost_hub::{Key, KeyMap};

use crate::wire::Wire;

thread_local! {
    /// Small frames are gathered here for one write. A thread's sockets share it, so that none keeps a buffer.
    static GATHER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Frames in order of their first arrival. A newer message of a key takes the older one's place in that order. A link
/// has a backlog only while there is something to send.
#[derive(Default)]
pub(crate) struct Backlog {
    /// The unsent rest of a write. It goes out before everything else.
    partial: Bytes,
    /// Only the peer's last ping has to be answered, and one ping of ours is enough.
    pong: Option<Bytes>,
    ping: Option<Bytes>,
    queue: VecDeque<Entry>,
    /// The place of each key's slot, counted from the first entry that the queue ever had.
    slots: KeyMap<u64>,
    gone: u64,
    reliable_bytes: usize,
    slot_bytes: usize,
    /// True from the moment the socket was found full until its task learns that it is writable.
    pub(crate) blocked: bool,
}

struct Entry {
    frame: Bytes,
    slot: Option<Slot>,
}

struct Slot {
    key: Key,
    /// It came after the last snapshot began.
    is_fresh: bool,
}

/// How a slot took a message.
pub(crate) enum Slotted {
    Added,
    Replaced,
    Kept,
}

impl Backlog {
    pub(crate) fn push_reliable(&mut self, frame: Bytes) {
        self.reliable_bytes += frame.len();
        self.queue.push_back(Entry { frame, slot: None });
    }

    /// A snapshot begins: what waits now is older than its messages.
    pub(crate) fn begin_snapshot(&mut self) {
        for slot in self.queue.iter_mut().filter_map(|entry| entry.slot.as_mut()) {
            slot.is_fresh = false;
        }
    }

    /// Puts a message into its key's slot, in place of the older one. A snapshot's message yields to one that came since the
    /// snapshot began.
    pub(crate) fn push_slot(&mut self, key: &Key, frame: &Bytes, snapshot: bool) -> Slotted {
        let Some(&place) = self.slots.get(key) else {
            self.slots.insert(key.clone(), self.gone + self.queue.len() as u64);
            self.slot_bytes += frame.len();
            self.queue
                .push_back(Entry { frame: frame.clone(), slot: Some(Slot { key: key.clone(), is_fresh: !snapshot }) });
            return Slotted::Added;
        };
        let entry = &mut self.queue[(place - self.gone) as usize];
        let slot = entry.slot.as_mut().expect("a slot's place holds a slot");
        if snapshot && slot.is_fresh {
            return Slotted::Kept;
        }
        slot.is_fresh = !snapshot;
        self.slot_bytes = self.slot_bytes - entry.frame.len() + frame.len();
        entry.frame = frame.clone();
        Slotted::Replaced
    }

    pub(crate) fn set_partial(&mut self, rest: Bytes) {
        self.partial = rest;
    }

    pub(crate) fn set_pong(&mut self, frame: Bytes) {
        self.pong = Some(frame);
    }

    pub(crate) fn set_ping(&mut self, frame: Bytes) {
        self.ping = Some(frame);
    }

    /// Drops everything except the rest of a frame whose beginning was sent.
    pub(crate) fn clear_queue(&mut self) {
        *self = Self { partial: std::mem::take(&mut self.partial), blocked: self.blocked, ..Self::default() };
    }

    pub(crate) fn reliable_bytes(&self) -> usize {
        self.reliable_bytes
    }

    /// No message waits that could be replaced by one of its key.
    pub(crate) fn has_no_slots(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.partial.len() + self.reliable_bytes + self.slot_bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.partial.is_empty() && self.pong.is_none() && self.ping.is_none() && self.queue.is_empty()
    }

    /// Writes as much as the socket takes. `Ok(n)` bytes went out; the backlog is then empty or `blocked`.
    pub(crate) fn flush(&mut self, wire: &Wire, gather_bytes: usize) -> io::Result<usize> {
        let mut sent = 0;
        loop {
            if !self.partial.is_empty() {
                match wire.try_write(&self.partial) {
                    Ok(n) => {
                        self.partial.advance(n);
                        sent += n;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.blocked = true;
                        return Ok(sent);
                    }
                    Err(error) => return Err(error),
                }
                continue;
            }
            if self.is_empty() {
                return Ok(sent);
            }
            sent += self.flush_gathered(wire, gather_bytes)?;
        }
    }

    /// Writes the next frames in one piece and leaves what did not fit in `partial`.
    fn flush_gathered(&mut self, wire: &Wire, gather_bytes: usize) -> io::Result<usize> {
        GATHER.with_borrow_mut(|gathered| {
            gathered.clear();
            for control in [self.pong.take(), self.ping.take()].into_iter().flatten() {
                gathered.extend_from_slice(&control);
            }
            while let Some(entry) = self.queue.front() {
                if gathered.len() + entry.frame.len() > gather_bytes {
                    break;
                }
                gathered.extend_from_slice(&self.pop().expect("the queue has a front"));
            }
            if gathered.is_empty() {
                // The frame is longer than a gathered write: it is written as it is.
                self.partial = self.pop().expect("the backlog has a frame that did not fit");
                return Ok(0);
            }
            let sent = match wire.try_write(gathered) {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            };
            self.partial = Bytes::copy_from_slice(&gathered[sent..]);
            Ok(sent)
        })
    }

    fn pop(&mut self) -> Option<Bytes> {
        let entry = self.queue.pop_front()?;
        self.gone += 1;
        match entry.slot {
            Some(slot) => {
                self.slots.remove(&slot.key);
                self.slot_bytes -= entry.frame.len();
            }
            None => self.reliable_bytes -= entry.frame.len(),
        }
        Some(entry.frame)
    }
}
