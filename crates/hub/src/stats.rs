//! Counts what the hub does. Cheap enough to count every delivery.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The hub's contents, and its counters since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Channels that somebody holds or subscribes to.
    pub channels: u64,
    /// Open subscriptions.
    pub subscribers: u64,
    /// Messages published but not yet offered to the subscribers.
    pub pending_messages: u64,
    /// Messages published so far.
    pub published: u64,
    /// Messages offered to sinks so far, one for each message and sink.
    pub deliveries: u64,
    /// Messages that a newer one of the same key replaced before they were offered.
    pub conflated: u64,
    /// Messages refused because a channel's pending queue was full. Its subscribers were ended so that they resume.
    pub dropped: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) channels: AtomicU64,
    pub(crate) subscribers: AtomicU64,
    pub(crate) pending_messages: AtomicU64,
    pub(crate) published: AtomicU64,
    pub(crate) deliveries: AtomicU64,
    pub(crate) conflated: AtomicU64,
    pub(crate) dropped: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> HubStats {
        HubStats {
            channels: self.channels.load(Relaxed),
            subscribers: self.subscribers.load(Relaxed),
            pending_messages: self.pending_messages.load(Relaxed),
            published: self.published.load(Relaxed),
            deliveries: self.deliveries.load(Relaxed),
            conflated: self.conflated.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Relaxed);
}

pub(crate) fn subtract(counter: &AtomicU64, n: u64) {
    counter.fetch_sub(n, Relaxed);
}
