//! Report schedules.

use super::fleet::{not_null, present};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A report schedule to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewReportScheduleJson {
    /// Name for people: it begins the mail's subject.
    #[schema(example = "Mileage of the week")]
    pub name: String,
    /// What its reports are about.
    #[schema(example = "mileage")]
    pub kind: String,
    /// What a row sums up. If absent, `none` for trips, stops, geofences and speeding, and `vehicle` for the rest, which can't be listed.
    pub group_by: Option<String>,
    /// The vehicles that they are about; all that the owner sees if absent.
    pub vehicle_ids: Option<Vec<String>>,
    /// The time of each report: a `day`, a `week` from Monday to Sunday, or a `month`. It is made on the first day after it.
    #[schema(example = "week")]
    pub period: String,
    /// When it is made on that day, by the clocks of the zone.
    #[schema(example = "06:30")]
    pub time: String,
    /// The IANA time zone of the days and of `time`; the caller's own if absent, else UTC.
    #[schema(example = "Asia/Jakarta")]
    pub timezone: Option<String>,
    /// The language of a workbook's labels; the caller's own if absent, else English. The mail is in its reader's.
    pub language: Option<String>,
    /// The form of the file; `xlsx` if absent.
    pub format: Option<String>,
    /// Whether reports are made; true if absent.
    pub active: Option<bool>,
    /// Who gets them: 1 to 20 users of the tenant with a confirmed address, who see the whole fleet or are the owner; the owner if absent.
    pub receiver_ids: Option<Vec<i64>>,
}

/// Changes to a report schedule. A field that is left out stays.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ChangeReportScheduleJson {
    /// Name for people.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// What its reports are about.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub kind: Option<String>,
    /// What a row sums up; null leaves it to the kind.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub group_by: Option<Option<String>>,
    /// The vehicles; null for all that the owner sees.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub vehicle_ids: Option<Option<Vec<String>>>,
    /// The time of each report.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub period: Option<String>,
    /// When it is made, by the clocks of the zone.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub time: Option<String>,
    /// The IANA time zone of the days and of `time`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub timezone: Option<String>,
    /// The language of a workbook's labels.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub language: Option<String>,
    /// The form of the file.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub format: Option<String>,
    /// Whether reports are made.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// Who gets them. Who has ended the mails for itself gets none until it is taken off the list and put on it again.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub receiver_ids: Option<Vec<i64>>,
}

/// A report schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportScheduleJson {
    pub id: i64,
    /// Name for people.
    pub name: String,
    /// The user who made it. Its reports show what this user may see when they are made.
    pub owner_id: i64,
    /// What its reports are about.
    pub kind: String,
    /// What a row sums up; null leaves it to the kind.
    pub group_by: Option<String>,
    /// The vehicles that are there still; null for all that the owner sees.
    pub vehicle_ids: Option<Vec<String>>,
    /// The time of each report.
    pub period: String,
    /// When it is made, by the clocks of the zone.
    #[schema(example = "06:30:00")]
    pub time: String,
    /// The IANA time zone.
    pub timezone: String,
    /// The language of a workbook's labels.
    pub language: String,
    /// The form of the file.
    pub format: String,
    /// Whether reports are made.
    pub active: bool,
    /// Who gets them.
    pub receivers: Vec<ReportReceiverJson>,
    pub created_at: String,
    /// When the next report is made; null if it is not active.
    pub next_at: Option<String>,
    /// When it was due the last time.
    pub last_at: Option<String>,
    /// What became of it then.
    /// - `begun`: a job makes the report, or has made it.
    /// - `not_allowed`: the owner may not see what it is about any more, or may not log in.
    /// - `no_vehicles`: all its vehicles were removed.
    /// - `no_receivers`: nobody gets it any more.
    pub last_outcome: Option<String>,
    /// The job that it began last. It is kept for a day after its end.
    pub last_job: Option<String>,
}

/// A receiver of a report schedule.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportReceiverJson {
    pub user_id: i64,
    /// When it ended the mails for itself; null if it did not.
    pub ended_at: Option<String>,
}
