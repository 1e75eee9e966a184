//! Instants.

use std::fmt;

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

/// RFC 3339 in UTC with milliseconds: `2025-01-15T10:30:45.123Z`.
///
/// Days to year, month and day: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
/// Written out because it runs for every position that anybody watches.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_MS: i64 = 86_400_000;
        let (days, ms) = (self.0 / DAY_MS, self.0 % DAY_MS);
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let day_of_era = shifted % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let (hour, minute, second, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}
