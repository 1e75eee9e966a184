//! Publishes the number of a channel's subscribers to those who asked for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

use crate::key::Key;
use crate::message::Message;
use crate::recipients::Recipients;

use super::Channel;

/// Joins and leaves within this time share one message: 10,000 joins must not cost 10,000 messages to each subscriber.
const COALESCE: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(super) struct Presence {
    announcer: OnceLock<Announcer>,
    scheduled: AtomicBool,
}

struct Announcer {
    topic: Key,
    render: Box<dyn Fn(usize) -> Bytes + Send + Sync>,
}

impl Presence {
    pub(super) fn announce(&self, topic: Key, render: Box<dyn Fn(usize) -> Bytes + Send + Sync>) -> bool {
        self.announcer.set(Announcer { topic, render }).is_ok()
    }

    pub(super) fn topic(&self) -> Option<&Key> {
        self.announcer.get().map(|announcer| &announcer.topic)
    }

    /// Publishes the count soon, and tells the other nodes.
    pub(super) fn changed(channel: &Arc<Channel>) {
        if channel.presence.announcer.get().is_some() {
            channel.shared.viewers.note_change(&channel.id);
        }
        Self::changed_elsewhere(channel);
    }

    /// Publishes the count soon, unless that is scheduled already.
    pub(super) fn changed_elsewhere(channel: &Arc<Channel>) {
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
            if channel.has_subscribers_of(&announcer.topic) {
                let payload =
                    (announcer.render)(channel.subscriber_count() + channel.shared.viewers.elsewhere(&channel.id));
                let recipients = Recipients::only([announcer.topic.clone()]);
                channel.publish(Message::conflated(payload, recipients, announcer.topic.clone()));
            }
        });
    }
}
