//! Keeps a channel's subscribers so that a pass can walk them without holding a lock.

use std::sync::Arc;

use crate::interest::Interest;
use crate::key::{Key, KeyMap};
use crate::outlet::Outlet;

/// Subscribers in one chunk: what a join copies when a pass holds the chunk, and what a pass serves between yields.
pub(crate) const CHUNK_SUBSCRIBERS: usize = 64;

pub(crate) struct Subscriber {
    pub(crate) id: u64,
    /// Sequence of the first message that was published after this subscriber joined.
    pub(crate) since: u64,
    pub(crate) interest: Interest,
    pub(crate) outlet: Arc<dyn Outlet>,
}

pub(crate) type ChunkOfSubscribers = Arc<Vec<Option<Arc<Subscriber>>>>;

/// Subscribers in chunks that are copied on write: a pass clones the list of chunks and walks it unlocked, a join or
/// leave meanwhile copies one chunk.
#[derive(Default)]
pub(crate) struct Slots {
    chunks: Vec<ChunkOfSubscribers>,
    free: Vec<u32>,
    occupied: usize,
}

impl Slots {
    pub(crate) fn insert(&mut self, subscriber: Arc<Subscriber>) -> u32 {
        self.occupied += 1;
        if let Some(slot) = self.free.pop() {
            let (chunk, at) = split(slot);
            Arc::make_mut(&mut self.chunks[chunk])[at] = Some(subscriber);
            return slot;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK_SUBSCRIBERS) {
            self.chunks.push(Arc::default());
        }
        let chunk = self.chunks.len() - 1;
        let last = Arc::make_mut(&mut self.chunks[chunk]);
        last.push(Some(subscriber));
        (chunk * CHUNK_SUBSCRIBERS + last.len() - 1) as u32
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        self.occupied -= 1;
        if self.occupied == 0 {
            *self = Self::default();
            return;
        }
        let (chunk, at) = split(slot);
        Arc::make_mut(&mut self.chunks[chunk])[at] = None;
        self.free.push(slot);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    pub(crate) fn snapshot(&self) -> Vec<ChunkOfSubscribers> {
        self.chunks.clone()
    }
}

fn split(slot: u32) -> (usize, usize) {
    (slot as usize / CHUNK_SUBSCRIBERS, slot as usize % CHUNK_SUBSCRIBERS)
}

/// All subscribers of a channel, found by what they want.
#[derive(Default)]
pub(crate) struct Roster {
    /// Those that want every general message.
    pub(crate) general: Slots,
    /// The others, each once.
    pub(crate) choosy: Slots,
    /// Choosy subscribers by their keys, and general ones by their extra topics.
    pub(crate) by_key: KeyMap<Slots>,
    next_id: u64,
}

/// Where a subscriber stands in the roster, for taking it out again.
pub(crate) struct Placement {
    general: bool,
    slot: u32,
    keyed: Box<[(Key, u32)]>,
}

impl Roster {
    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn insert(&mut self, subscriber: Arc<Subscriber>) -> Placement {
        let general = subscriber.interest.is_general();
        let slots = if general { &mut self.general } else { &mut self.choosy };
        let slot = slots.insert(subscriber.clone());
        let keyed = subscriber.interest.index_keys().map(|key| {
            let slots = self.by_key.entry(key.clone()).or_default();
            (key.clone(), slots.insert(subscriber.clone()))
        });
        Placement { general, slot, keyed: keyed.collect() }
    }

    pub(crate) fn remove(&mut self, placement: &Placement) {
        let slots = if placement.general { &mut self.general } else { &mut self.choosy };
        slots.remove(placement.slot);
        for (key, slot) in &placement.keyed {
            let Some(slots) = self.by_key.get_mut(key) else { continue };
            slots.remove(*slot);
            if slots.is_empty() {
                self.by_key.remove(key);
            }
        }
    }
}
