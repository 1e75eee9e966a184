//! Ends all sockets and streams for a restart, and advises each client when to come back.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::close::code;
use crate::transport::Transport;

/// Sockets closed between yields.
const LINKS_PER_YIELD: usize = 64;

/// How often a drain scans for sockets that opened meanwhile.
const RESCAN: Duration = Duration::from_millis(50);

/// How to end all sockets.
#[derive(Clone, Debug)]
pub struct Drain {
    /// The close code; 1012 says that the service restarts.
    pub code: u16,
    /// The reason's first words. The advice is added: `restarting; reconnect in 3.2s`.
    pub message: String,
    /// The earliest time at which a client is advised to come back.
    pub earliest: Duration,
    /// The clients are advised to come back evenly spread over this time after `earliest`.
    pub window: Duration,
    /// How long writes in flight and close handshakes may take; then what is left is cut.
    pub deadline: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            code: code::RESTART,
            message: "restarting".to_owned(),
            earliest: Duration::from_secs(1),
            window: Duration::from_secs(10),
            deadline: Duration::from_secs(10),
        }
    }
}

/// How the sockets and streams ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainReport {
    /// Sockets and streams that ended within the deadline.
    pub closed: u64,
    /// Sockets and streams that had to be cut.
    pub cut: u64,
}

impl Transport {
    /// Refuses new sockets and streams, closes all open ones and waits until they have ended.
    pub async fn drain(&self, drain: Drain) -> DrainReport {
        self.shared.begin_draining();
        let deadline = Instant::now() + drain.deadline;
        let before = self.open();
        loop {
            self.close_all(&drain).await;
            self.end_all_streams(&drain).await;
            let ended = self.shared.next_end();
            if self.open() == 0 || Instant::now() >= deadline {
                break;
            }
            let _ = timeout_at(deadline.min(Instant::now() + RESCAN), ended).await;
        }
        let mut cut = 0;
        for link in self.wheel.entries() {
            if !link.has_ended() {
                link.end(code::ABNORMAL);
                cut += 1;
            }
        }
        for stream in self.streams.all() {
            stream.abort();
            cut += 1;
        }
        DrainReport { closed: before.saturating_sub(cut), cut }
    }

    async fn close_all(&self, drain: &Drain) {
        let mut open: Vec<_> = self.wheel.entries().into_iter().filter(|link| link.is_open()).collect();
        open.sort_unstable_by_key(|link| link.id());
        open.dedup_by_key(|link| link.id());
        let count = open.len() as u32;
        for (rank, link) in open.into_iter().enumerate() {
            // By rank and not at random, so that clients come back at an even rate.
            let delay = drain.earliest + drain.window * rank as u32 / count;
            link.close(drain.code, &format!("{}; reconnect in {:.1}s", drain.message, delay.as_secs_f32()));
            if rank % LINKS_PER_YIELD == LINKS_PER_YIELD - 1 {
                tokio::task::yield_now().await;
            }
        }
    }

    fn open(&self) -> u64 {
        let stats = self.stats();
        stats.open + stats.streams_open
    }

    /// A stream has no close code: the `retry` field of its format says when to come back.
    async fn end_all_streams(&self, drain: &Drain) {
        let open: Vec<_> = self.streams.all().into_iter().filter(|stream| !stream.has_ended()).collect();
        let count = open.len() as u32;
        for (rank, stream) in open.into_iter().enumerate() {
            stream.end_with_advice((drain.earliest + drain.window * rank as u32 / count).as_millis());
            if rank % LINKS_PER_YIELD == LINKS_PER_YIELD - 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}
