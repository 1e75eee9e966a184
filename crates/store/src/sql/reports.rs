//! Implements the trait for report schedules with the functions of this folder.

pub(super) mod rows;
pub(super) mod steps;

use super::audit::reports as audited;
use super::sql_store::SqlStore;
use crate::{NewReportSchedule, Once, ReportStore, Result, ScheduleQuota, ScheduleStep, ScheduleStepped};
use async_trait::async_trait;
use milepost_domain::{Author, ReportSchedule, ReportScheduleId, TenantId, Timestamp, UserId};

#[async_trait]
impl ReportStore for SqlStore {
    async fn add_report_schedule(
        &self,
        new: &NewReportSchedule,
        quota: ScheduleQuota,
        now: Timestamp,
        once: &Once<'_, Option<ReportSchedule>>,
    ) -> Result<Option<ReportSchedule>> {
        write!(self, Some(&new.tenant), audited::add_schedule(new, quota, now, self.author()), once)
    }
    async fn get_report_schedule(&self, tenant: &TenantId, id: ReportScheduleId) -> Result<Option<ReportSchedule>> {
        read!(self, rows::get_schedule(tenant, id))
    }
    async fn list_report_schedules(
        &self,
        tenant: &TenantId,
        owner: Option<UserId>,
        after: Option<ReportScheduleId>,
        limit: u32,
    ) -> Result<Vec<ReportSchedule>> {
        read!(self, rows::list_schedules(tenant, owner, after, limit))
    }
    async fn update_report_schedule(&self, schedule: &ReportSchedule) -> Result<bool> {
        write!(self, Some(&schedule.tenant), audited::update_schedule(schedule, self.author()))
    }
    async fn remove_report_schedule(
        &self,
        tenant: &TenantId,
        id: ReportScheduleId,
        version: Option<i64>,
    ) -> Result<bool> {
        write!(self, Some(tenant), audited::remove_schedule(tenant, id, version, self.author()))
    }
    async fn end_receiver(
        &self,
        tenant: &TenantId,
        id: ReportScheduleId,
        user: UserId,
        now: Timestamp,
    ) -> Result<bool> {
        write!(self, Some(tenant), rows::end_receiver(tenant, id, user, now))
    }
    async fn due_report_schedules(&self, now: Timestamp, most_open: u32, limit: u32) -> Result<Vec<ReportSchedule>> {
        read!(self, steps::due_schedules(now, most_open, limit))
    }
    async fn step_report_schedule(
        &self,
        due: &ReportSchedule,
        step: &ScheduleStep,
        author: &Author,
    ) -> Result<ScheduleStepped> {
        write!(self, Some(&due.tenant), steps::step_schedule(due, step, author))
    }
}
