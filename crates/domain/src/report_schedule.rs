//! Report schedules: reports that are made again after each day, week or month, and mailed.

use crate::ids::number_id;
use crate::names::named_values;
use crate::{
    JobId, Label, Language, ReportFormat, ReportGroup, ReportKind, TenantId, TimeOfDay, Timestamp, UserId, VehicleId,
    ZoneName,
};

number_id!(
    /// A report schedule's number, unique in its tenant.
    ReportScheduleId,
    "report_schedule_id"
);

/// The time that each report of a schedule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportPeriod {
    /// A day; its report is made on the next one.
    Day,
    /// Monday to Sunday; its report is made on the next Monday.
    Week,
    /// A month; its report is made on the first day of the next one.
    Month,
}

named_values!(ReportPeriod, "period", "must be day, week or month", {
    Day => "day",
    Week => "week",
    Month => "month",
});

/// What became of a schedule when it was due the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScheduleOutcome {
    /// A job makes its report, or has made it.
    Begun,
    /// Its owner may not see what it is about any more, or may not enter.
    NotAllowed,
    /// All its vehicles were removed.
    NoVehicles,
    /// Nobody gets it any more.
    NoReceivers,
}

named_values!(ScheduleOutcome, "last_outcome", "must be begun, not_allowed, no_vehicles or no_receivers", {
    Begun => "begun",
    NotAllowed => "not_allowed",
    NoVehicles => "no_vehicles",
    NoReceivers => "no_receivers",
});

/// What is to be made, when, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleOrder {
    /// Name for people.
    pub name: Label,
    /// About what.
    pub kind: ReportKind,
    /// What a row sums up. Without it, single things where the kind has them, else vehicles.
    pub group: Option<ReportGroup>,
    /// The vehicles that are there still; all that its owner sees if `None`. One that is made anew under an old id is none of them.
    pub vehicles: Option<Vec<VehicleId>>,
    /// The time of each report.
    pub period: ReportPeriod,
    /// When it is made, by the clocks of the zone.
    pub time: TimeOfDay,
    /// The zone of the days and of that time.
    pub timezone: ZoneName,
    /// The language of a workbook's labels.
    pub language: Language,
    /// The form of the file.
    pub format: ReportFormat,
    /// Whether it is made.
    pub active: bool,
}

/// A user who gets the mails of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleReceiver {
    /// Who.
    pub user: UserId,
    /// When it ended them for itself.
    pub ended_at: Option<Timestamp>,
}

/// A report schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSchedule {
    /// Unique in its tenant.
    pub id: ReportScheduleId,
    /// Whose fleet it is about.
    pub tenant: TenantId,
    /// Who made it. Its reports show what this user may see. It goes with the user.
    pub owner: UserId,
    /// What is to be made, when.
    pub order: ScheduleOrder,
    /// Who gets it, in the order of their numbers.
    pub receivers: Vec<ScheduleReceiver>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is due next, if it is active.
    pub next_at: Timestamp,
    /// When it was done the last time.
    pub last_at: Option<Timestamp>,
    /// What became of it then.
    pub last_outcome: Option<ScheduleOutcome>,
    /// The job that it began last.
    pub last_job: Option<JobId>,
    /// Counts the changes, but for those by the schedule itself.
    pub version: i64,
}

/// What a mail tells of the report that it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportMail {
    /// About what it is: the name of a [`ReportKind`], or of a report of another API.
    pub kind: String,
    /// The first instant of its time.
    pub from: Timestamp,
    /// The instant before which it ends.
    pub to: Timestamp,
    /// The zone of its days.
    pub timezone: ZoneName,
    /// The job that made it.
    pub job: JobId,
    /// The schedule that asked for it, with its name; `None` if the reader did.
    pub schedule: Option<(ReportScheduleId, Label)>,
    /// Whether it is only for who sees the whole fleet.
    pub is_of_fleet: bool,
}
