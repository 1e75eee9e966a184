//! State that every socket and stream of a transport shares.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use milepost_clock::Clock;
use tokio::sync::Notify;

use crate::config::WsConfig;
use crate::stats::Counters;
use crate::timing::Timing;

/// Settings, time and counters. It knows no socket, so that sockets can hold it.
pub(crate) struct Shared {
    pub(crate) config: WsConfig,
    pub(crate) timing: Timing,
    pub(crate) counters: Counters,
    /// The most that is gathered into one write of a backlog, in bytes.
    pub(crate) gather_bytes: usize,
    last_id: AtomicU64,
    draining: AtomicBool,
    ended: Notify,
}

impl Shared {
    pub(crate) fn new(config: WsConfig, clock: Clock) -> Self {
        Self {
            timing: Timing::new(clock, &config),
            counters: Counters::default(),
            gather_bytes: config.write_buffer_bytes.max(64) * 16,
            config,
            last_id: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            ended: Notify::new(),
        }
    }

    /// A number that no other link or stream of this transport has.
    pub(crate) fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn begin_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Wakes a drain that waits: a socket or stream has ended.
    pub(crate) fn note_end(&self) {
        if self.is_draining() {
            self.ended.notify_waiters();
        }
    }

    /// Ends at the next [`Self::note_end`].
    pub(crate) fn next_end(&self) -> impl Future<Output = ()> {
        self.ended.notified()
    }
}
