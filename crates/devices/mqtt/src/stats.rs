//! Counters of the messages of a broker.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A counter.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// The count since the start.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Messages of a broker since the start.
#[derive(Debug, Default)]
pub struct MqttStats {
    /// Stored, or of no use, and acknowledged.
    pub taken: Count,
    /// Among these, those that can't be read.
    pub unreadable: Count,
    /// Among these, those of devices that may not report.
    pub refused: Count,
    /// Those that could not be stored and were kept for the next start.
    pub parked: Count,
    connected: AtomicBool,
}

impl MqttStats {
    /// Whether the broker is connected now.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    pub(crate) fn set_connected(&self, yes: bool) {
        self.connected.store(yes, Ordering::Relaxed);
    }
}
