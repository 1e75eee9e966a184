//! Off-duty time of drivers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the caller is on duty.
#[derive(Serialize, ToSchema)]
pub(crate) struct DutyJson {
    /// The caller is off duty.
    pub off_duty: bool,
    /// Since when: RFC 3339, UTC, milliseconds; null on duty.
    pub since: Option<String>,
    /// What the tenant leaves out meanwhile: nothing, what phones report, or what trackers of vehicles report too.
    pub leaves_out: &'static str,
}

/// A change of the caller's duty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeDutyJson {
    /// True to go off duty, false to come back.
    pub off_duty: bool,
}

/// A time off duty.
#[derive(Serialize, ToSchema)]
pub(crate) struct OffDutyJson {
    /// When it began: RFC 3339, UTC, milliseconds.
    pub from: String,
    /// When it ended; null while it goes on.
    pub to: Option<String>,
    /// What was left out.
    pub leaves_out: &'static str,
}
