//! Reports.

use serde::Deserialize;
use utoipa::ToSchema;

/// A report to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewReportJson {
    /// What it is about.
    #[schema(example = "mileage")]
    pub kind: String,
    /// The first day in the zone, or an instant (RFC 3339).
    #[schema(example = "2026-11-01")]
    pub from: String,
    /// The last day in the zone, which counts whole, or the instant before which the time ends. At most 400 days after `from`.
    #[schema(example = "2026-11-30")]
    pub to: String,
    /// What a row sums up. If absent, `none` for trips, stops, geofences and speeding, and `vehicle` for the rest, which can't be listed.
    pub group_by: Option<String>,
    /// The vehicles that it is about; all if absent.
    pub vehicle_ids: Option<Vec<String>>,
    /// The IANA time zone of the days; the caller's own if absent, else UTC.
    #[schema(example = "Asia/Jakarta")]
    pub timezone: Option<String>,
    /// The language of a workbook's labels; the caller's own if absent, else English.
    pub language: Option<String>,
    /// The form of the file; `json` if absent, which has the first 2,000 rows, all sums and each day's figure.
    pub format: Option<String>,
    /// Whether the file is mailed to the caller once it is made: for users with a confirmed address; false if absent.
    pub mail: Option<bool>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}
