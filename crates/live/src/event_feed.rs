//! Sends one client a tenant's stored events: what it missed from the store, then live ones, without a gap between them.

use milepost_domain::{Event, TenantId};
use milepost_hub::{ChannelId, Interest, Sink, Subscription};
use milepost_service::ServiceError;
use milepost_service::records::newest_event_id;
use milepost_transport::{Closed, EventStream};
use std::sync::Arc;

use crate::Live;
use crate::replay_gate::ReplayGate;
use crate::sender::SocketSender;

/// Events read at once.
const PAGE: u32 = 100;

/// A tenant's events when a client comes.
pub struct EventSource {
    /// Whose events.
    pub tenant: TenantId,
    /// Where live ones are published.
    pub channel: ChannelId,
    /// The newest before the client was answered: everything that the client causes is newer.
    pub newest: i64,
}

/// One client's view of a tenant's events: which they are and how they are written.
pub trait EventView: Send + Sync + 'static {
    /// The events.
    fn source(&self) -> &EventSource;

    /// Which of the channel's messages the client gets.
    fn interest(&self) -> Interest;

    /// Events above `after` and up to `up_to` that the client may see, oldest first; fewer than `limit` when there are
    /// no more.
    fn read(&self, after: i64, up_to: i64, limit: u32)
    -> impl Future<Output = Result<Vec<Event>, ServiceError>> + Send;

    /// An event's message; `None` if the client does not get it.
    fn render(&self, event: &Event, replayed: bool) -> Option<String>;

    /// Ends a replay of `count` events that began when `last_event_id` was the newest.
    fn render_complete(&self, count: u64, last_event_id: i64) -> String;
}

/// Why sending stopped.
pub(crate) enum Stopped {
    /// The client is gone.
    Gone,
    /// The store can't be read: the client must come back, or it would miss something.
    Failed,
}

impl From<Closed> for Stopped {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

/// Logged where it arose.
impl From<ServiceError> for Stopped {
    fn from(_: ServiceError) -> Self {
        Self::Failed
    }
}

/// Where a client's events go.
pub(crate) enum EventSink {
    Socket(Arc<SocketSender>),
    Stream(Arc<EventStream>),
}

/// A client, its view, and the gate before it.
pub(crate) struct EventFeed<V> {
    live: Live,
    pub(crate) view: V,
    sink: EventSink,
    gate: Arc<ReplayGate>,
}

impl<V: EventView> EventFeed<V> {
    /// A client that gets nothing yet.
    pub(crate) fn new(live: Live, view: V, sink: EventSink) -> Self {
        let behind_gate = match &sink {
            EventSink::Socket(sender) => sender.sink(),
            EventSink::Stream(stream) => Arc::clone(stream) as Arc<dyn Sink>,
        };
        let gate = ReplayGate::new(behind_gate, view.source().newest);
        Self { live, view, sink, gate }
    }

    /// Subscribes to live events, behind the gate.
    pub(crate) fn subscribe(&self) -> Subscription {
        let gate = Arc::clone(&self.gate) as Arc<dyn Sink>;
        self.live.hub.channel(&self.view.source().channel).subscribe(gate, self.view.interest())
    }

    /// Sends everything after `after`, then what has come meanwhile, then live events again: from the request on, ids
    /// only rise. A client that is cut off in the middle resumes from the last one that it got.
    pub(crate) async fn replay(&self, after: i64) -> Result<(), Stopped> {
        let sent = self.gate.shut();
        let newest = self.newest().await?;
        // A client that claims to have events which it was not sent gets them all the same.
        let count = self.send_stored(after.min(sent), newest, true).await?;
        self.send(None, &self.view.render_complete(count, newest)).await?;
        self.catch_up(newest).await
    }

    /// Behind a shut gate: sends what has come since `sent`, and then opens it. Only the events of the last moment wait
    /// in memory, however many have come.
    pub(crate) async fn catch_up(&self, mut sent: i64) -> Result<(), Stopped> {
        loop {
            let newest = self.newest().await?;
            if newest - sent <= i64::from(PAGE) {
                break;
            }
            self.send_stored(sent, newest, false).await?;
            sent = newest;
        }
        // Live events that the gate left out until now are not newer than what the store says from now on; those that
        // come from now on wait.
        self.gate.hold();
        let newest = self.newest().await?;
        self.send_stored(sent, newest, false).await?;
        self.gate.open(newest);
        Ok(())
    }

    /// Sends events above `after` and up to `up_to`, as fast as the client reads: how many.
    pub(crate) async fn send_stored(&self, after: i64, up_to: i64, replayed: bool) -> Result<u64, Stopped> {
        let (mut last, mut count) = (after, 0);
        while last < up_to {
            let events = {
                let _permit = self.live.read_permit().await;
                self.view.read(last, up_to, PAGE).await?
            };
            for event in &events {
                if let Some(text) = self.view.render(event, replayed) {
                    self.send(Some(event.id), &text).await?;
                    count += 1;
                }
            }
            match events.last() {
                Some(event) if events.len() == PAGE as usize => last = event.id,
                _ => break,
            }
        }
        Ok(count)
    }

    async fn newest(&self) -> Result<i64, Stopped> {
        let _permit = self.live.read_permit().await;
        Ok(newest_event_id(&self.live.service().records, &self.view.source().tenant).await?)
    }

    async fn send(&self, id: Option<i64>, text: &str) -> Result<(), Closed> {
        match &self.sink {
            EventSink::Socket(sender) => sender.send_backpressured(text).await,
            EventSink::Stream(stream) => stream.send_event_backpressured(id, text).await,
        }
    }
}
