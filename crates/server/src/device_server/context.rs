//! What all connections of trackers share.

use crate::connection_table::{ConnectionLimits, ConnectionTable};
use crate::metrics::Metrics;
use milepost_clock::Clock;
use milepost_dialect_traccar::DeviceLog;
use milepost_service::UseCases;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

/// The use case, the clock, and the bounds.
pub(crate) struct DeviceContext {
    pub(super) use_cases: Arc<UseCases>,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    pub(super) table: Arc<ConnectionTable>,
    /// Shows what they send to who asks.
    pub(super) log: DeviceLog,
    /// How long a device that is known here may say nothing.
    pub(super) idle: Duration,
    /// Numbers devices for the table.
    numbers: RandomState,
}

impl DeviceContext {
    pub(crate) fn new(
        use_cases: Arc<UseCases>,
        clock: Clock,
        metrics: Arc<Metrics>,
        log: DeviceLog,
        limits: ConnectionLimits,
        idle: Duration,
    ) -> Arc<Self> {
        let table = ConnectionTable::new(limits);
        Arc::new(Self { use_cases, clock, metrics, table, log, idle, numbers: RandomState::new() })
    }

    /// A number that is as good as the device's own: two devices have the same once in 2^64.
    pub(super) fn number_of(&self, device: &impl Hash) -> NonZeroU64 {
        NonZeroU64::new(self.numbers.hash_one(device)).unwrap_or(NonZeroU64::MIN)
    }
}
