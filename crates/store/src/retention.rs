//! How long things are kept, and what one round of forgetting removed.

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How long outgoing calls are kept at least after they were delivered or given up.
pub(crate) const CALLS_KEEP_MS: i64 = 7 * DAY_MS;

/// How long things are kept, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events, by the time of their commit. Outgoing calls that were delivered or given up are kept as long, but at least
    /// 7 days.
    pub events_ms: i64,
    /// Positions and drivers' fixes, by their arrival; deliveries with their fixes, by their expiry; trips that have
    /// ended, visits, incidents and outliers, by their arrival too; activity and checkpoints, by their own time.
    pub positions_ms: i64,
}

impl Default for Retention {
    /// 7 days of events, 90 days of positions.
    fn default() -> Self {
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
    /// Deliveries that expired long ago.
    pub deliveries: u64,
    /// Fixes of such deliveries.
    pub delivery_fixes: u64,
    /// Fixes of drivers; each one's newest is kept beside them.
    pub driver_fixes: u64,
    /// Outgoing calls that were delivered or given up.
    pub outgoing_calls: u64,
    /// Notices of users that were removed; all others are kept.
    pub notices: u64,
    /// Alerts that expired.
    pub alerts: u64,
    /// Trips that have ended, and all of vehicles that were removed.
    pub trips: u64,
    /// Buckets of what vehicles did.
    pub activity: u64,
    /// Saved states of the fold; of each vehicle the newest of those that are old enough is kept.
    pub checkpoints: u64,
    /// Visits of geofences.
    pub visits: u64,
    /// Incidents.
    pub incidents: u64,
    /// Marks of positions that count for nothing.
    pub outliers: u64,
    /// There is more to remove than one call takes: call again soon.
    pub more: bool,
}
