//! A cadet's attendance of a training day.

use crate::Invalid;
use crate::names::named_values;
use std::fmt;

/// How a cadet attended. Only `present` counts in the number of days present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttendanceStatus {
    /// On time.
    Present,
    /// Without leave.
    Absent,
    /// Too late.
    Late,
    /// With leave.
    Excused,
}

named_values!(AttendanceStatus, "status", "must be present, absent, late or excused", {
    Present => "present",
    Absent => "absent",
    Late => "late",
    Excused => "excused",
});

/// A local time of day. Seconds since midnight, 0 to 86,399.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// # Errors
    /// [`Invalid`] from 86,400.
    pub const fn from_seconds(seconds: u32) -> Result<Self, Invalid> {
        if seconds < 86_400 {
            Ok(Self(seconds))
        } else {
            Err(Invalid::new("time", "must be a time of day such as 08:00 or 08:00:00"))
        }
    }

    /// Seconds since midnight.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

/// `08:00:00`.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0 / 3600, self.0 / 60 % 60, self.0 % 60)
    }
}

/// One cadet's attendance of one training day. `time_out` may be before `time_in`: training may go past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// On time, late or not at all.
    pub status: AttendanceStatus,
    /// When it came.
    pub time_in: Option<TimeOfDay>,
    /// When it left.
    pub time_out: Option<TimeOfDay>,
}
