//! The sockets and streams of this process.

use std::sync::Arc;

use milepost_clock::Clock;
use tokio::task::JoinHandle;

use crate::config::WsConfig;
use crate::heartbeat::{self, Wheel};
use crate::link::Link;
use crate::shared::Shared;
use crate::stats::TransportStats;
use crate::stream::{Abort, EventBody, EventStream, Streams, keep_alive};

/// Opens sockets and streams, and ends them all.
pub struct Transport {
    pub(crate) shared: Arc<Shared>,
    pub(crate) wheel: Arc<Wheel<Link>>,
    pub(crate) streams: Arc<Streams>,
    /// The tasks that ping sockets, and keep streams alive.
    heartbeats: [JoinHandle<()>; 2],
}

impl Transport {
    /// Starts the heartbeats of the sockets and streams to come, timed by `clock`.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(config: WsConfig, clock: Clock) -> Arc<Self> {
        let shared = Arc::new(Shared::new(config, clock));
        let wheel = Arc::new(Wheel::new(shared.timing.tick_ms()));
        let streams = Arc::new(Streams::default());
        let heartbeats = [
            tokio::spawn(heartbeat::run(Arc::downgrade(&wheel), Arc::clone(&shared))),
            tokio::spawn(keep_alive(Arc::downgrade(&streams), Arc::clone(&shared))),
        ];
        Arc::new(Self { shared, wheel, streams, heartbeats })
    }

    /// Opens a stream: a handle to send to it, and the body for the response that carries it. `abort` ends the connection
    /// below if its reader takes nothing any more. While draining, the stream ends at once.
    pub fn open_stream(&self, reliable_bytes: usize, abort: Option<Abort>) -> (Arc<EventStream>, EventBody) {
        EventStream::open(&self.shared, &self.streams, reliable_bytes, abort)
    }

    /// The settings that this was started with.
    pub fn config(&self) -> &WsConfig {
        &self.shared.config
    }

    /// Whether a heartbeat has ended, which it never does by itself.
    pub fn has_ended(&self) -> bool {
        self.heartbeats.iter().any(JoinHandle::is_finished)
    }

    /// The open sockets and streams, and their counters.
    pub fn stats(&self) -> TransportStats {
        self.shared.counters.read()
    }

    /// True once [`Self::drain`] was called: no new sockets and streams are taken.
    pub fn is_draining(&self) -> bool {
        self.shared.is_draining()
    }
}
