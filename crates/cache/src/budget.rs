//! The memory that the caches of a process may take together.

/// Shares out the memory of `MILEPOST_CACHE_MIB` among the caches that grow with the fleet. A cache takes its share only as
/// it fills. Past its share it forgets what was used least, and reads it again when it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheBudget {
    bytes: usize,
}

impl CacheBudget {
    /// All shares together, in mebibytes.
    pub const fn of_mib(mib: usize) -> Self {
        Self { bytes: mib.saturating_mul(1024 * 1024) }
    }

    /// For the follower: vehicles whose positions are folded, about 3 KB each.
    pub const fn vehicles_bytes(self) -> usize {
        self.bytes / 2
    }

    /// For the follower: thresholds and geofences of tenants, about 1.7 KB a geofence.
    pub const fn rules_bytes(self) -> usize {
        self.bytes / 4
    }

    /// For the committer: the newest position of each vehicle, about 600 bytes each.
    pub const fn tracks_bytes(self) -> usize {
        self.bytes / 8
    }

    /// For access: users, devices and sessions, about 500 bytes each.
    pub const fn identities_bytes(self) -> usize {
        self.bytes / 8
    }
}

impl Default for CacheBudget {
    /// Enough for 100,000 vehicles.
    fn default() -> Self {
        Self::of_mib(768)
    }
}
