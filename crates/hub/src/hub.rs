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
use crate::viewers::Viewers;

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
        let (counters, viewers) = (Counters::default(), Viewers::default());
        let shared = Shared { encoder, limits, counters, viewers, runtime: Handle::current() };
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

    /// Returns when the subscribers of a channel changed that announces its presence. It may return too early.
    pub async fn viewers_changed(&self) {
        self.shared.viewers.woken().await;
    }

    /// The channels whose subscribers changed since the last call, with their present number on this node.
    pub fn take_changed_viewers(&self) -> Vec<(ChannelId, usize)> {
        let counted = |id: ChannelId| {
            let count = self.channels.find(&id).map_or(0, |channel| channel.subscriber_count());
            (id, count)
        };
        self.shared.viewers.take_changed().into_iter().map(counted).collect()
    }

    /// The channels that announce their presence and have subscribers on this node, with their number.
    pub fn announced_viewers(&self) -> Vec<(ChannelId, usize)> {
        let announced = self.channels.all().into_iter().filter(|channel| channel.announces_presence());
        announced
            .map(|channel| (channel.id().clone(), channel.subscriber_count()))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Sets how many subscribers a channel has on other nodes. It is announced with those of this node.
    pub fn set_viewers_elsewhere(&self, dialect: &str, tenant: &str, viewers: usize) {
        self.shared.viewers.set_elsewhere(dialect, tenant, viewers);
        if let Some(channel) = self.channels.find_named(dialect, tenant) {
            channel.viewers_changed_elsewhere();
        }
    }

    /// Ends every subscriber of a tenant on this node, so that it resumes: what should have been published to it was lost.
    pub fn end_subscribers(&self, tenant: &str) {
        self.channels.of_tenant(tenant).iter().for_each(Channel::end_subscribers);
    }

    /// The hub's contents and counters.
    pub fn stats(&self) -> HubStats {
        self.shared.counters.read()
    }
}
