//! Report schedules: reports that are made again after each day, week or month, and mailed.

use crate::{NewJob, Once, Result};
use async_trait::async_trait;
use milepost_domain::{
    Author, ReportSchedule, ReportScheduleId, ScheduleOrder, ScheduleOutcome, TenantId, Timestamp, UserId,
};

/// A schedule to add. The store gives it its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReportSchedule {
    /// Whose fleet it is about.
    pub tenant: TenantId,
    /// Who makes it: a user of the tenant.
    pub owner: UserId,
    /// What is to be made, when.
    pub order: ScheduleOrder,
    /// Who gets it.
    pub receivers: Vec<UserId>,
    /// When it is due first.
    pub next_at: Timestamp,
}

/// How many schedules are kept.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleQuota {
    /// Of a tenant.
    pub tenant: u32,
    /// Of one owner among them.
    pub owner: u32,
}

/// What is done with a schedule that is due.
#[derive(Debug, Clone)]
pub struct ScheduleStep {
    /// When it is due again.
    pub next_at: Timestamp,
    /// What became of it.
    pub outcome: ScheduleOutcome,
    /// The job that makes its report, if one does.
    pub job: Option<NewJob>,
    /// Jobs of schedules that a tenant may have waiting and running. With more the schedule stays due.
    pub most_open: u32,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleStepped {
    /// It was done.
    Done,
    /// Too many jobs of the tenant's schedules wait: it stays due.
    Full,
    /// It was changed, removed or done by another node meanwhile.
    Taken,
}

/// Report schedules. Part of [`crate::Store`].
#[async_trait]
pub trait ReportStore: Send + Sync {
    /// Adds a schedule unless there are too many; then `None`. `NotFound("tenant")`, `NotFound("vehicle")`.
    async fn add_report_schedule(
        &self,
        new: &NewReportSchedule,
        quota: ScheduleQuota,
        now: Timestamp,
        once: &Once<'_, Option<ReportSchedule>>,
    ) -> Result<Option<ReportSchedule>>;
    /// Reads a tenant's schedule.
    async fn get_report_schedule(&self, tenant: &TenantId, id: ReportScheduleId) -> Result<Option<ReportSchedule>>;
    /// Lists a tenant's schedules, or those of one owner, in the order of their numbers, after `after`.
    async fn list_report_schedules(
        &self,
        tenant: &TenantId,
        owner: Option<UserId>,
        after: Option<ReportScheduleId>,
        limit: u32,
    ) -> Result<Vec<ReportSchedule>>;
    /// Writes the next version of a schedule: its order, receivers and next time. Returns false if another was written first.
    /// `NotFound("vehicle")`.
    async fn update_report_schedule(&self, schedule: &ReportSchedule) -> Result<bool>;
    /// Removes a schedule. Returns false if there is none, or it has another version than the one that is given.
    async fn remove_report_schedule(
        &self,
        tenant: &TenantId,
        id: ReportScheduleId,
        version: Option<i64>,
    ) -> Result<bool>;
    /// Notes that a receiver of a schedule wants its mails no more. Returns false if it is no receiver.
    async fn end_receiver(&self, tenant: &TenantId, id: ReportScheduleId, user: UserId, now: Timestamp)
    -> Result<bool>;
    /// Lists schedules of all tenants that are due, but for tenants that have `most_open` jobs of schedules waiting and running.
    async fn due_report_schedules(&self, now: Timestamp, most_open: u32, limit: u32) -> Result<Vec<ReportSchedule>>;
    /// Does a step of a schedule that is due and as it was read, with the row of the audit for its job.
    async fn step_report_schedule(
        &self,
        due: &ReportSchedule,
        step: &ScheduleStep,
        author: &Author,
    ) -> Result<ScheduleStepped>;
}
