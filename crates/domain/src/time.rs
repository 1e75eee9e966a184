//! Instants.

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted. From 0 up to the end of the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 9999-12-31T23:59:59.999Z: the last instant that RFC 3339 can write.
const LAST_MS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// From Unix milliseconds; `None` before 1970 or after 9999.
    pub const fn from_unix_ms(ms: i64) -> Option<Self> {
        if ms >= 0 && ms <= LAST_MS { Some(Self(ms)) } else { None }
    }

    /// Unix milliseconds.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// This instant plus `ms`, which may be negative; clamped to the range of the type.
    pub const fn plus_ms(self, ms: i64) -> Self {
        let sum = self.0.saturating_add(ms);
        Self(if sum < 0 {
            0
        } else if sum > LAST_MS {
            LAST_MS
        } else {
            sum
        })
    }

    /// Milliseconds from `earlier` to this instant; negative if `earlier` is later.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}
