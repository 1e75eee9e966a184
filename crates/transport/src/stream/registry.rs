//! All streams of a transport, and the one task that serves them: heartbeats, expiry, readers that have stopped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use bytes::Bytes;

use super::{EventStream, Phase};
use crate::shared::Shared;

/// The heartbeats of the streams are spread over this many ticks.
const TICKS: u64 = 15;
/// The shortest tick.
const MIN_TICK: Duration = Duration::from_millis(5);
/// Streams served between yields.
const STREAMS_PER_YIELD: usize = 256;
/// A comment: it keeps proxies from closing a quiet connection, and readers skip it.
const HEARTBEAT: &[u8] = b": heartbeat\n\n";

/// The open streams.
// Held for an insertion or a copy of the list, never while a stream is served.
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

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Weak<EventStream>>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

/// Serves the streams for as long as their list exists.
pub(crate) async fn keep_alive(streams: Weak<Streams>, shared: Arc<Shared>) {
    let tick = (shared.config.stream_heartbeat / TICKS as u32).max(MIN_TICK);
    let mut served_ms = shared.timing.now_ms();
    for round in 0_u64.. {
        shared.timing.sleep(tick).await;
        let Some(streams) = streams.upgrade() else { return };
        let now_ms = shared.timing.sync();
        // After a pause of this process the readers have another round to take what waits for them.
        let is_late = now_ms - std::mem::replace(&mut served_ms, now_ms) >= shared.timing.pong_wait_ms;
        for streams in streams.all().chunks(STREAMS_PER_YIELD) {
            for stream in streams {
                let heartbeat_is_due = stream.id % TICKS == round % TICKS;
                stream.tick(now_ms, heartbeat_is_due, is_late);
            }
            tokio::task::yield_now().await;
        }
    }
}

impl EventStream {
    fn tick(&self, now_ms: u64, heartbeat_is_due: bool, is_late: bool) {
        let mut state = self.lock();
        match state.phase {
            Phase::Ended => {}
            Phase::Ending { deadline_ms } => {
                if deadline_ms <= now_ms {
                    self.abort();
                }
            }
            Phase::Open if state.expires_at_ms.is_some_and(|at_ms| at_ms <= now_ms) => self.begin_end(&mut state),
            // A reader is alive if it has read some of the waiting bytes since the last round.
            Phase::Open if !state.queue.is_empty() => {
                if !is_late && state.progress_ms + self.shared.timing.pong_wait_ms <= now_ms {
                    self.begin_end(&mut state);
                    self.abort();
                }
            }
            Phase::Open if heartbeat_is_due => {
                self.push_locked(&mut state, Bytes::from_static(HEARTBEAT), true);
            }
            Phase::Open => {}
        }
    }

    /// Drops the connection under the stream, and with it the stream.
    pub(crate) fn abort(&self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}
