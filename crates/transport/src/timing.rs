//! The time of all sockets and streams, in milliseconds since the start, and the periods that they keep.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use milepost_clock::Clock;

use crate::config::WsConfig;

/// A tick is an eighth of the shortest period, within these bounds.
const MAX_TICK: Duration = Duration::from_millis(250);
const MIN_TICK: Duration = Duration::from_millis(5);

/// Time and periods. Reading the time takes no lock: it is read for every delivery to a stream.
pub(crate) struct Timing {
    clock: Clock,
    epoch: Instant,
    /// How far the clock was turned when [`Self::sync`] last asked it.
    ahead_ms: AtomicU64,
    pub(crate) ping_period_ms: u64,
    pub(crate) pong_wait_ms: u64,
    pub(crate) write_wait_ms: u64,
}

impl Timing {
    pub(crate) fn new(clock: Clock, config: &WsConfig) -> Self {
        let timing = Self {
            clock,
            epoch: Instant::now(),
            ahead_ms: AtomicU64::new(0),
            ping_period_ms: config.ping_period.as_millis() as u64,
            pong_wait_ms: config.pong_wait.as_millis() as u64,
            write_wait_ms: config.write_wait.as_millis() as u64,
        };
        timing.sync();
        timing
    }

    /// Milliseconds since the start.
    pub(crate) fn now_ms(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64 + self.ahead_ms.load(Ordering::Relaxed)
    }

    /// Asks the clock how far it was turned, and returns the time. For what happens rarely: ticks, new connections.
    pub(crate) fn sync(&self) -> u64 {
        self.ahead_ms.store(self.clock.ahead().as_millis() as u64, Ordering::Relaxed);
        self.now_ms()
    }

    /// The time in `duration`.
    pub(crate) fn ms_in(&self, duration: Duration) -> u64 {
        self.sync() + duration.as_millis() as u64
    }

    /// The length of a tick of the heartbeats.
    pub(crate) fn tick_ms(&self) -> u64 {
        let shortest_ms = self.ping_period_ms.min(self.pong_wait_ms).min(self.write_wait_ms);
        (Duration::from_millis(shortest_ms) / 8).clamp(MIN_TICK, MAX_TICK).as_millis() as u64
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}
