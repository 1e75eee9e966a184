//! Finds the channel of a dialect and tenant, and makes it on first use.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::channel::Channel;
use crate::channel_id::ChannelId;
use crate::limits::HubLimits;
use crate::message::Encoder;
use crate::registry::Registry;
use crate::shared::Shared;
use crate::stats::{Counters, HubStats};

/// All channels of this node. Cloning shares it.
#[derive(Clone)]
pub struct Hub {
    channels: Arc<Registry<Channel>>,
    shared: Arc<Shared>,
}

impl Hub {
    /// A hub whose fan-out tasks run on the current Tokio runtime.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn new(encoder: Arc<dyn Encoder>, limits: HubLimits) -> Self {
        let shared = Shared { encoder, limits, counters: Counters::default(), runtime: Handle::current() };
        Self { channels: Arc::new(Registry::new()), shared: Arc::new(shared) }
    }

    /// The channel `id`, made if it does not exist. It lives as long as somebody holds it or subscribes to it.
    pub fn channel(&self, id: &ChannelId) -> Arc<Channel> {
        self.channels.find_or_make(id, || Channel::new(id.clone(), self.channels.clone(), self.shared.clone()))
    }

    /// The channel `id` if anybody subscribes to it. A publisher that gets `None` has nothing to render.
    pub fn find_channel(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        self.channels.find(id).filter(|channel| channel.has_subscribers())
    }

    /// The hub's contents and counters.
    pub fn stats(&self) -> HubStats {
        self.shared.counters.read()
    }
}
