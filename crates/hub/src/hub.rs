//! Finds the channel of a dialect and tenant, and makes it on first use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::Handle;

use crate::channel::Channel;
use crate::message::{Encoder, Message};
use crate::stats::{Counters, HubStats};

/// One dialect's messages of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChannelId {
    /// The dialect's name, such as `bus`.
    pub dialect: &'static str,
    /// The tenant's id.
    pub tenant: Arc<str>,
}

impl ChannelId {
    /// The channel of `dialect` for `tenant`.
    pub fn new(dialect: &'static str, tenant: impl Into<Arc<str>>) -> Self {
        Self { dialect, tenant: tenant.into() }
    }
}

/// Bounds of the hub's buffers.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Encoded bytes that are joined for one write; a batch that is longer becomes several writes. Default 16 KiB.
    pub join_bytes: usize,
    /// Messages that may wait in a channel before newer ones replace older ones of the same key. Default 1,024.
    pub pending_messages: usize,
    /// Payload bytes that may wait in a channel. Past it a message is dropped, counted, and every subscriber of the
    /// channel is told to end and resume from the store. Default 64 MiB.
    pub pending_bytes: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self { join_bytes: 16 * 1024, pending_messages: 1024, pending_bytes: 64 * 1024 * 1024 }
    }
}

/// All channels of this node. Cloning shares it.
#[derive(Clone)]
pub struct Hub {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    // A std mutex: held for a look-up, never across an await, never while a channel is dropped.
    channels: Mutex<HashMap<ChannelId, Weak<Channel>>>,
    pub(crate) encoder: Arc<dyn Encoder>,
    pub(crate) limits: HubLimits,
    pub(crate) counters: Counters,
    pub(crate) runtime: Handle,
}

impl Hub {
    /// A hub whose fan-out tasks run on the current Tokio runtime.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn new(encoder: Arc<dyn Encoder>, limits: HubLimits) -> Self {
        let shared = Shared {
            channels: Mutex::default(),
            encoder,
            limits,
            counters: Counters::default(),
            runtime: Handle::current(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The channel `id`, made if it does not exist. It lives as long as somebody holds it or subscribes to it.
    pub fn channel(&self, id: &ChannelId) -> Arc<Channel> {
        let mut channels = self.shared.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(id).and_then(Weak::upgrade) {
            return channel;
        }
        let channel = Arc::new(Channel::new(id.clone(), self.shared.clone()));
        channels.insert(id.clone(), Arc::downgrade(&channel));
        channel
    }

    /// The channel `id` if anybody subscribes to it: a publisher that gets `None` has nothing to render.
    pub fn find_channel(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        let channel = {
            let channels = self.shared.channels.lock().unwrap_or_else(PoisonError::into_inner);
            channels.get(id)?.upgrade()?
        };
        channel.has_subscribers().then_some(channel)
    }

    /// Publishes what `render` makes, and calls it only if anybody subscribes to `id`.
    pub fn publish_with(&self, id: &ChannelId, render: impl FnOnce() -> Message) {
        if let Some(channel) = self.find_channel(id) {
            channel.publish(render());
        }
    }

    /// What the hub holds and has done.
    pub fn stats(&self) -> HubStats {
        self.shared.counters.read()
    }
}

impl Shared {
    /// Forgets `id` unless a new channel took its place meanwhile.
    pub(crate) fn forget(&self, id: &ChannelId) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if channels.get(id).is_some_and(|channel| channel.strong_count() == 0) {
            channels.remove(id);
        }
        if channels.capacity() > 64 && channels.len() * 4 < channels.capacity() {
            channels.shrink_to_fit();
        }
    }
}
