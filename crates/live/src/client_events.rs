//! Sends a tenant's stored events to one client: first the missed ones from the store, then live ones, without a gap.

use milepost_domain::{Event, TenantId};
use milepost_hub::{ChannelId, Interest, Sink, Subscription};
use milepost_service::records::{newest_event_id, stored_events};
use milepost_service::{ServiceError, StoredEvents};
use milepost_transport::Closed;
use serde::Serialize;
use std::sync::Arc;

use crate::replay_gate::ReplayGate;
use crate::{Live, Outlet, Reader};

/// Events in one read of the store.
const PAGE: u32 = 100;

/// The event log that a client reads, as it was when the client came.
pub struct EventSource {
    /// The tenant that owns the events.
    pub tenant: TenantId,
    /// The channel in which new events are published.
    pub channel: ChannelId,
    /// The newest id before the client was answered. Events that the client causes have higher ids.
    pub newest: i64,
}

/// Selects the events that one client gets from a tenant's log, and writes them in the dialect's JSON.
pub trait EventView: Send + Sync + 'static {
    /// The event log to read.
    fn source(&self) -> &EventSource;

    /// Whose share of the large reads its replays take.
    fn reader(&self) -> &Reader;

    /// The part of the channel's messages that the client gets.
    fn interest(&self) -> Interest;

    /// Reads visible events with `after < id <= up_to`, oldest first. Fewer than `limit` means that there are no more.
    fn read(&self, after: i64, up_to: i64, limit: u32)
    -> impl Future<Output = Result<Vec<Event>, ServiceError>> + Send;

    /// Writes an event's message, or returns `None` if the client does not get it.
    fn render(&self, event: &Event, replayed: bool) -> Option<String>;

    /// Writes the message after a replay.
    fn render_complete(&self, end: ReplayEnd) -> String;
}

/// A view of which streams are opened too.
pub trait StreamView: EventView {
    /// Writes a stream's first message when [`ReplayEnd::complete`] would be false.
    fn render_position_unknown(&self, last_event_id: i64) -> String;
}

/// The end of a replay.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ReplayEnd {
    /// The number of events that were replayed.
    pub count: u64,
    /// The tenant's newest event when the replay began. Later ones follow as live events.
    pub last_event_id: i64,
    /// Whether the client has missed nothing. If false, the id that it asked for is older than the events that are stored, or is not
    /// of this database, and it has to read its state again.
    pub complete: bool,
}

/// Why sending stopped.
pub(crate) enum Stopped {
    /// The client has disconnected.
    Gone,
    /// The store can't be read. The client must reconnect, or it would miss events.
    Failed,
}

impl From<Closed> for Stopped {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

/// The error was logged where it arose.
impl From<ServiceError> for Stopped {
    fn from(_: ServiceError) -> Self {
        Self::Failed
    }
}

/// Sends one client its events through a replay gate.
pub(crate) struct ClientEvents<V> {
    pub(crate) live: Live,
    pub(crate) view: V,
    outlet: Outlet,
    gate: Arc<ReplayGate>,
}

impl<V: EventView> ClientEvents<V> {
    /// Sends nothing before [`Self::subscribe`] or [`Self::replay`].
    pub(crate) fn new(live: Live, view: V, outlet: Outlet) -> Self {
        let gate = ReplayGate::new(outlet.sink(), view.source().newest);
        Self { live, view, outlet, gate }
    }

    /// Subscribes the replay gate to live events.
    pub(crate) fn subscribe(&self) -> Subscription {
        let gate = Arc::clone(&self.gate) as Arc<dyn Sink>;
        self.live.hub.channel(&self.view.source().channel).subscribe(gate, self.view.interest())
    }

    /// Sends all events after `after`, then those stored in the meantime, then live events again. Ids only rise from
    /// here on, so that a client that is cut off in between resumes from the last id that it got.
    pub(crate) async fn replay(&self, after: i64) -> Result<(), Stopped> {
        let sent = self.gate.shut();
        let stored = self.stored().await?;
        // A client may claim events that it was never sent. It gets them all the same.
        let count = self.send_stored(after.min(sent), stored.newest, true).await?;
        let complete = stored.has_all_after(after);
        let end = ReplayEnd { count, last_event_id: stored.newest, complete };
        self.send(None, &self.view.render_complete(end)).await?;
        self.catch_up(stored.newest).await
    }

    /// Sends the events that were stored since `sent`, then opens the gate, which must be shut. Only the events of the
    /// last moment wait in memory, even after a long absence.
    pub(crate) async fn catch_up(&self, mut sent: i64) -> Result<(), Stopped> {
        loop {
            let newest = self.newest().await?;
            if newest - sent <= i64::from(PAGE) {
                break;
            }
            self.send_stored(sent, newest, false).await?;
            sent = newest;
        }
        // The events that the gate dropped until now are in the store, so that the next read finds them. From here on
        // the gate keeps events in memory.
        self.gate.hold();
        let newest = self.newest().await?;
        self.send_stored(sent, newest, false).await?;
        self.gate.open(newest);
        Ok(())
    }

    /// Sends events with `after < id <= up_to` at the pace of the reader, and returns their number.
    pub(crate) async fn send_stored(&self, after: i64, up_to: i64, replayed: bool) -> Result<u64, Stopped> {
        let (mut last, mut count) = (after, 0);
        while last < up_to {
            let events = {
                let _permit = self.live.read_permit(&self.view.source().tenant, Some(self.view.reader())).await;
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

    pub(crate) async fn stored(&self) -> Result<StoredEvents, Stopped> {
        let _permit = self.live.read_permit(&self.view.source().tenant, Some(self.view.reader())).await;
        Ok(stored_events(&self.live.use_cases().records, &self.view.source().tenant).await?)
    }

    async fn newest(&self) -> Result<i64, Stopped> {
        let _permit = self.live.read_permit(&self.view.source().tenant, Some(self.view.reader())).await;
        Ok(newest_event_id(&self.live.use_cases().records, &self.view.source().tenant).await?)
    }

    pub(crate) async fn send(&self, id: Option<i64>, text: &str) -> Result<(), Closed> {
        let name = id.map(|id| id.to_string());
        self.outlet.send_backpressured(name.as_deref(), text).await
    }
}
