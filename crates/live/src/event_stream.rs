//! Sends events to one server-sent events stream: first the missed ones, then new ones as they are stored.

use milepost_access::{CloseReason, Disconnect};
use milepost_transport::EventStream;
use std::sync::Arc;
use std::time::Duration;

use crate::Live;
use crate::Outlet;
use crate::admission::{Connection, ConnectionPlace};
use crate::client_events::{ClientEvents, Stopped, StreamView};

/// The delay that the client is asked to keep before it reconnects.
pub(crate) const RETRY_MS: u64 = 3000;

pub(crate) struct StreamConnection(Arc<EventStream>);

impl StreamConnection {
    pub(crate) const fn new(stream: Arc<EventStream>) -> Self {
        Self(stream)
    }
}

impl Disconnect for StreamConnection {
    fn disconnect(&self, _: CloseReason) {
        self.0.end();
    }
}

impl Connection for StreamConnection {
    fn fail(&self) {
        self.0.end();
    }

    fn set_expiry(&self, left: Duration) {
        self.0.set_expiry(left);
    }
}

/// Sends the missed events and subscribes the stream to live ones. When this returns, no task is left: live events
/// reach the stream through the hub.
pub(crate) async fn serve_stream<V: StreamView>(
    live: Live,
    stream: Arc<EventStream>,
    place: ConnectionPlace,
    view: V,
    after: Option<i64>,
) {
    let connection = Arc::new(StreamConnection(Arc::clone(&stream)));
    let registered = place.register(&connection).await;
    stream.keep((connection, place));
    if !registered {
        return;
    }
    let events = ClientEvents::new(live, view, Outlet::from(Arc::clone(&stream)));
    stream.keep(events.subscribe());
    if let Err(Stopped::Failed) = begin(&events, &stream, after).await {
        stream.end();
    }
}

async fn begin<V: StreamView>(
    events: &ClientEvents<V>,
    stream: &EventStream,
    after: Option<i64>,
) -> Result<(), Stopped> {
    let newest = events.view.source().newest;
    if let Some(after) = after {
        if !events.stored().await?.has_all_after(after) {
            // Without an id: a client that is cut off right after it asks for the same events again.
            events.send(None, &events.view.render_position_unknown(newest)).await?;
        }
        events.send_stored(after, newest, true).await?;
    }
    // The client resumes from this id if it is cut off before the next event.
    stream.send_resume_id(&newest.to_string());
    events.catch_up(newest).await
}
