//! Counts what the sockets do.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The sockets and streams that are open, and counters since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransportStats {
    /// Open sockets.
    pub open: u64,
    /// Sockets opened so far.
    pub opened: u64,
    /// Sockets ended so far, by the code that ended them: ours if we closed first, else the peer's. 1006 is an end
    /// without a close frame, or a peer that was silent for too long.
    pub closed: BTreeMap<u16, u64>,
    /// Bytes read, frame headers included.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Frames read.
    pub frames_in: u64,
    /// Frames written or queued for a socket that is full.
    pub frames_out: u64,
    /// Bytes waiting for sockets that are full and for streams.
    pub pending_bytes: u64,
    /// Messages that a newer one of the same key replaced while they waited for a full socket.
    pub conflated: u64,
    /// Open streams of server-sent events.
    pub streams_open: u64,
    /// Streams opened so far.
    pub streams_opened: u64,
    /// Streams ended so far because their readers fell behind.
    pub streams_fallen_behind: u64,
    /// Bytes of streams that their connections took.
    pub stream_bytes_out: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) open: AtomicU64,
    pub(crate) opened: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) frames_in: AtomicU64,
    pub(crate) frames_out: AtomicU64,
    pub(crate) pending_bytes: AtomicU64,
    pub(crate) conflated: AtomicU64,
    pub(crate) streams_open: AtomicU64,
    pub(crate) streams_opened: AtomicU64,
    pub(crate) streams_fallen_behind: AtomicU64,
    pub(crate) stream_bytes_out: AtomicU64,
    closed: Mutex<BTreeMap<u16, u64>>,
}

impl Counters {
    pub(crate) fn count_opened(&self) {
        add(&self.open, 1);
        add(&self.opened, 1);
    }

    pub(crate) fn count_closed(&self, code: u16) {
        self.open.fetch_sub(1, Relaxed);
        *self.closed.lock().expect("nothing panics while holding it").entry(code).or_default() += 1;
    }

    pub(crate) fn read(&self) -> TransportStats {
        TransportStats {
            open: self.open.load(Relaxed),
            opened: self.opened.load(Relaxed),
            closed: self.closed.lock().expect("nothing panics while holding it").clone(),
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            frames_in: self.frames_in.load(Relaxed),
            frames_out: self.frames_out.load(Relaxed),
            pending_bytes: self.pending_bytes.load(Relaxed),
            conflated: self.conflated.load(Relaxed),
            streams_open: self.streams_open.load(Relaxed),
            streams_opened: self.streams_opened.load(Relaxed),
            streams_fallen_behind: self.streams_fallen_behind.load(Relaxed),
            stream_bytes_out: self.stream_bytes_out.load(Relaxed),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64, n: usize) {
    counter.fetch_add(n as u64, Relaxed);
}

pub(crate) fn subtract(counter: &AtomicU64, n: usize) {
    counter.fetch_sub(n as u64, Relaxed);
}
