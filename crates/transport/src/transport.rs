//! What all sockets of this process share: settings, clock, heartbeat, counters and the way to end them all.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::config::WsConfig;
use crate::heartbeat::{self, Wheel};
use crate::link::Link;
use crate::stats::{Counters, TransportStats};
use crate::stream::{Streams, look_after_streams};

/// The sockets and streams of this process.
pub struct Transport {
    pub(crate) config: WsConfig,
    pub(crate) counters: Counters,
    pub(crate) ping_period_ms: u64,
    pub(crate) pong_wait_ms: u64,
    pub(crate) write_wait_ms: u64,
    pub(crate) gather_bytes: usize,
    // A std mutex: held for an insertion, never while a link is looked at.
    pub(crate) wheel: Mutex<Wheel>,
    pub(crate) streams: Streams,
    tick_ms: u64,
    epoch: Instant,
    last_id: AtomicU64,
    pub(crate) draining: AtomicBool,
    pub(crate) ended: Notify,
}

impl Transport {
    /// Starts the heartbeats of the sockets and streams to come.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(config: WsConfig) -> Arc<Self> {
        let tick_ms = heartbeat::tick_ms([config.ping_period, config.pong_wait, config.write_wait]);
        let transport = Arc::new(Self {
            ping_period_ms: config.ping_period.as_millis() as u64,
            pong_wait_ms: config.pong_wait.as_millis() as u64,
            write_wait_ms: config.write_wait.as_millis() as u64,
            gather_bytes: config.gather_bytes(),
            config,
            counters: Counters::default(),
            wheel: Mutex::new(Wheel::new()),
            streams: Streams::default(),
            tick_ms,
            epoch: Instant::now(),
            last_id: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            ended: Notify::new(),
        });
        tokio::spawn(heartbeat::run(Arc::downgrade(&transport), tick_ms));
        tokio::spawn(look_after_streams(Arc::downgrade(&transport), transport.config.stream_heartbeat));
        transport
    }

    /// The settings that this was started with.
    pub fn config(&self) -> &WsConfig {
        &self.config
    }

    /// What the sockets hold and have done.
    pub fn stats(&self) -> TransportStats {
        self.counters.read()
    }

    /// True once [`Self::drain`] was called: no new sockets and streams are taken.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Milliseconds since the start.
    pub(crate) fn now_ms(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64
    }

    pub(crate) fn millis_at(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.epoch).as_millis() as u64
    }

    pub(crate) fn next_link_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Has `link` looked at once `at_ms` has come.
    pub(crate) fn schedule(&self, link: &Arc<Link>, at_ms: u64) {
        let tick = at_ms.div_ceil(self.tick_ms);
        self.wheel.lock().unwrap_or_else(PoisonError::into_inner).insert(link, tick);
    }

    pub(crate) fn links(&self) -> Vec<Arc<Link>> {
        self.wheel.lock().unwrap_or_else(PoisonError::into_inner).links()
    }

    pub(crate) fn link_ended(&self) {
        if self.is_draining() {
            self.ended.notify_waiters();
        }
    }
}
