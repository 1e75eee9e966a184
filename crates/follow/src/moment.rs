//! One moment, as both of a clock's times.

use milepost_clock::Clock;
use milepost_domain::Timestamp;
use tokio::time::Instant;

/// Positions are compared with the time of day, waiting is measured in monotonic time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) time: Timestamp,
    pub(crate) instant: Instant,
}

impl Moment {
    pub(crate) fn of(clock: &Clock) -> Self {
        Self { time: clock.now(), instant: clock.instant() }
    }
}
