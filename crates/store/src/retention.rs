//! How long things are kept, and what one round of forgetting removed.

/// How long things are kept, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events, by the time of their commit.
    pub events_ms: i64,
    /// Positions, by their arrival.
    pub positions_ms: i64,
}

impl Default for Retention {
    /// 7 days of events, 90 days of positions.
    fn default() -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Self { events_ms: 7 * DAY_MS, positions_ms: 90 * DAY_MS }
    }
}

/// What one call of `prune` removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Events.
    pub events: u64,
    /// Positions deleted one by one; those of a dropped partition are not counted.
    pub positions: u64,
    /// Whole days of positions dropped (PostgreSQL only).
    pub partitions: u64,
    /// Expired sessions.
    pub sessions: u64,
    /// Forgotten idempotency keys.
    pub idempotency_keys: u64,
    /// There is more to remove than one call takes: call again soon.
    pub more: bool,
}
