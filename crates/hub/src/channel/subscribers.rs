//! A channel's subscribers, kept so that a pass can walk them without holding a lock.

use std::sync::Arc;

use crate::interest::Interest;
use crate::key::{Key, KeyMap};
use crate::recipients::Recipients;
use crate::sink::Sink;

/// Subscribers in one chunk. A join copies this many while a pass holds the chunk, and a pass serves this many between
/// yields.
pub(super) const CHUNK_SUBSCRIBERS: usize = 64;

pub(super) struct Subscriber {
    pub(super) id: u64,
    /// Sequence of the first message that was published after this subscriber joined.
    pub(super) since: u64,
    pub(super) interest: Interest,
    /// Replaced interests, each with the sequence of the first message that was published after it. Only those are kept that a
    /// message may need that is not planned yet.
    pub(super) replaced: Vec<(u64, Interest)>,
    pub(super) sink: Arc<dyn Sink>,
}

impl Subscriber {
    /// Whether it gets a message: what it wanted when the message was published, and still wants. So an interest that is
    /// replaced under a snapshot's lock adds nothing that was published before the snapshot.
    pub(super) fn wants(&self, sequence: u64, recipients: &Recipients) -> bool {
        self.interest.wants(recipients)
            && self.replaced.iter().all(|(until, interest)| sequence >= *until || interest.wants(recipients))
    }
}

pub(super) type ChunkOfSubscribers = Arc<Vec<Option<Arc<Subscriber>>>>;

/// Subscribers in chunks that are copied on write: a pass clones the list of chunks and walks it unlocked, a join or
/// leave meanwhile copies one chunk.
#[derive(Default)]
pub(super) struct Slab {
    chunks: Vec<ChunkOfSubscribers>,
    free: Vec<u32>,
    occupied: usize,
}

impl Slab {
    pub(super) fn insert(&mut self, subscriber: Arc<Subscriber>) -> u32 {
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

    pub(super) fn remove(&mut self, slot: u32) {
        self.occupied -= 1;
        if self.occupied == 0 {
            *self = Self::default();
            return;
        }
        let (chunk, at) = split(slot);
        Arc::make_mut(&mut self.chunks[chunk])[at] = None;
        self.free.push(slot);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    pub(super) fn snapshot(&self) -> Vec<ChunkOfSubscribers> {
        self.chunks.clone()
    }
}

fn split(slot: u32) -> (usize, usize) {
    (slot as usize / CHUNK_SUBSCRIBERS, slot as usize % CHUNK_SUBSCRIBERS)
}

/// All subscribers of a channel, found by their interests.
#[derive(Default)]
pub(super) struct Subscribers {
    /// Subscribers that want every general message.
    pub(super) general: Slab,
    /// All other subscribers, each once.
    pub(super) filtered: Slab,
    /// Filtered subscribers by their keys, and general subscribers by their extra topics.
    pub(super) by_key: KeyMap<Slab>,
    next_id: u64,
}

/// Where a subscriber stands, for removing it.
pub(super) struct Placement {
    general: bool,
    slot: u32,
    keyed: Box<[(Key, u32)]>,
}

impl Subscribers {
    pub(super) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn insert(&mut self, subscriber: Arc<Subscriber>) -> Placement {
        let general = subscriber.interest.is_general();
        let slab = if general { &mut self.general } else { &mut self.filtered };
        let slot = slab.insert(subscriber.clone());
        let keyed = subscriber.interest.index_keys().map(|key| {
            let slab = self.by_key.entry(key.clone()).or_default();
            (key.clone(), slab.insert(subscriber.clone()))
        });
        Placement { general, slot, keyed: keyed.collect() }
    }

    pub(super) fn remove(&mut self, placement: &Placement) {
        let slab = if placement.general { &mut self.general } else { &mut self.filtered };
        slab.remove(placement.slot);
        for (key, slot) in &placement.keyed {
            let Some(slab) = self.by_key.get_mut(key) else { continue };
            slab.remove(*slot);
            if slab.is_empty() {
                self.by_key.remove(key);
            }
        }
    }
}
