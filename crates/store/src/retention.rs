//! How long data is kept, and what one round of pruning removed.

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The minimal time for which outgoing calls are kept after they were delivered or given up.
pub(crate) const CALLS_KEEP_MS: i64 = 7 * DAY_MS;

/// How long data is kept, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events, by the time of their commit. Delivered and dead outgoing calls are kept for the same time, but at least
    /// 7 days.
    pub events_ms: i64,
    /// Positions and drivers' fixes, by their arrival. Deliveries with their fixes, by their expiry. Ended trips, visits,
    /// incidents, outliers and ended encounters, by the time when they were stored. Activity, checkpoints, assignments and commands, by their own time.
    pub positions_ms: i64,
    /// Rows of the audit.
    pub audit_ms: i64,
}

impl Default for Retention {
    /// 7 days of events, 90 days of positions, two years of the audit.
    fn default() -> Self {
        Self { events_ms: 7 * DAY_MS, positions_ms: 90 * DAY_MS, audit_ms: 730 * DAY_MS }
    }
}

/// Counts what one call of `prune` removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Old events.
    pub events: u64,
    /// Positions that were deleted one by one. Those of a dropped partition are not counted.
    pub positions: u64,
    /// Dropped partitions, one for each day of positions (PostgreSQL only).
    pub partitions: u64,
    /// Expired sessions of users.
    pub sessions: u64,
    /// Commands for devices, whatever became of them.
    pub commands: u64,
    /// Links for passwords that were not used in time.
    pub password_links: u64,
    /// Logins that waited for their second factor in vain.
    pub challenges: u64,
    /// Jobs that ended long ago, with their results.
    pub jobs: u64,
    /// Old idempotency keys.
    pub idempotency_keys: u64,
    /// Deliveries that expired long ago.
    pub deliveries: u64,
    /// Fixes of such deliveries.
    pub delivery_fixes: u64,
    /// Old fixes of drivers. Each driver's newest fix has its own table and stays.
    pub driver_fixes: u64,
    /// Delivered and dead outgoing calls.
    pub outgoing_calls: u64,
    /// Notices of removed users. Other notices are kept.
    pub notices: u64,
    /// Expired alerts.
    pub alerts: u64,
    /// Ended trips, and all trips of removed vehicles.
    pub trips: u64,
    /// Buckets of vehicles' activity.
    pub activity: u64,
    /// Ended assignments of drivers and devices. The newest of each vehicle and device stays.
    pub assignments: u64,
    /// Saved states of the fold. The newest of the old ones of each vehicle stays.
    pub checkpoints: u64,
    /// Visits of geofences.
    pub visits: u64,
    /// Old incidents of vehicles.
    pub incidents: u64,
    /// Marks of outliers.
    pub outliers: u64,
    /// Rows of the audit.
    pub audit: u64,
    /// True if more is left than one call removes: call again soon.
    pub more: bool,
}
