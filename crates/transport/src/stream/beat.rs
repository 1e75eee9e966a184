//! All streams of the process, and the one task that looks after them: heartbeats, expiry, readers that have stopped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::MissedTickBehavior;

use super::{EventStream, Phase};
use crate::transport::Transport;

/// The streams' heartbeats are spread over so many ticks.
const TICKS: u64 = 15;
/// Streams served between yields.
const STREAMS_PER_YIELD: usize = 256;
/// A comment: it keeps what lies between from closing a quiet connection, and readers leave it out.
const HEARTBEAT: &[u8] = b": heartbeat\n\n";

/// The streams that are open. A std mutex: held for an insertion or a copy of the list, never while a stream is looked
/// at.
#[derive(Default)]
pub(crate) struct Streams(Mutex<HashMap<u64, Weak<EventStream>>>);

impl Streams {
    pub(super) fn insert(&self, stream: &Arc<EventStream>) {
        self.lock().insert(stream.id, Arc::downgrade(stream));
    }

    pub(super) fn remove(&self, id: u64) {
        let mut streams = self.lock();
        streams.remove(&id);
        if streams.capacity() > 1024 && streams.len() * 4 < streams.capacity() {
            streams.shrink_to_fit();
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<EventStream>> {
        self.lock().values().filter_map(Weak::upgrade).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Weak<EventStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks after the streams for as long as the transport exists.
pub(crate) async fn look_after_streams(transport: Weak<Transport>, heartbeat: Duration) {
    let tick = (heartbeat / TICKS as u32).max(Duration::from_millis(5));
    let mut interval = tokio::time::interval(tick);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for round in 0_u64.. {
        interval.tick().await;
        let Some(transport) = transport.upgrade() else { return };
        let now_ms = transport.now_ms();
        for streams in transport.streams.all().chunks(STREAMS_PER_YIELD) {
            for stream in streams {
                stream.beat(now_ms, stream.id % TICKS == round % TICKS);
            }
            tokio::task::yield_now().await;
        }
    }
}

impl EventStream {
    fn beat(&self, now_ms: u64, heartbeat_is_due: bool) {
        let mut state = self.lock();
        match state.phase {
            Phase::Ended => {}
            Phase::Ending { deadline_ms } => {
                if deadline_ms <= now_ms {
                    self.cut();
                }
            }
            Phase::Open if state.expires_at_ms.is_some_and(|at_ms| at_ms <= now_ms) => self.begin_end(&mut state),
            // What waits is sign of life enough, if it is taken.
            Phase::Open if !state.lane.is_empty() => {
                if state.progress_ms + self.transport.pong_wait_ms <= now_ms {
                    self.begin_end(&mut state);
                    self.cut();
                }
            }
            Phase::Open if heartbeat_is_due => {
                self.push_locked(&mut state, Bytes::from_static(HEARTBEAT), true);
            }
            Phase::Open => {}
        }
    }

    /// Drops the connection under the stream, and with it the stream.
    pub(crate) fn cut(&self) {
        if let Some(cut) = &self.cut {
            cut.cut();
        }
    }
}
