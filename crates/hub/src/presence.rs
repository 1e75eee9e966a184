//! Tells those who asked how many subscribers a channel has, at most once in a while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

use crate::audience::Audience;
use crate::channel::Channel;
use crate::key::Key;
use crate::message::Message;

/// Joins and leaves within this time share one message, so that 10,000 joins do not cost 10,000 messages each.
const COALESCE: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Presence {
    announcer: OnceLock<Announcer>,
    scheduled: AtomicBool,
}

struct Announcer {
    topic: Key,
    render: Box<dyn Fn(usize) -> Bytes + Send + Sync>,
}

impl Presence {
    pub(crate) fn announce(&self, topic: Key, render: Box<dyn Fn(usize) -> Bytes + Send + Sync>) -> bool {
        self.announcer.set(Announcer { topic, render }).is_ok()
    }

    pub(crate) fn topic(&self) -> Option<&Key> {
        self.announcer.get().map(|announcer| &announcer.topic)
    }

    /// Publishes the count soon, unless that is already on its way.
    pub(crate) fn changed(channel: &Arc<Channel>) {
        let presence = &channel.presence;
        if presence.announcer.get().is_none() || presence.scheduled.swap(true, Ordering::AcqRel) {
            return;
        }
        let weak = Arc::downgrade(channel);
        channel.shared.runtime.spawn(async move {
            tokio::time::sleep(COALESCE).await;
            let Some(channel) = weak.upgrade() else { return };
            channel.presence.scheduled.store(false, Ordering::Release);
            let Some(announcer) = channel.presence.announcer.get() else { return };
            if channel.has_listeners(&announcer.topic) {
                let payload = (announcer.render)(channel.subscriber_count());
                let audience = Audience::only([announcer.topic.clone()]);
                channel.publish(Message::conflated(payload, audience, announcer.topic.clone(), 0));
            }
        });
    }
}
