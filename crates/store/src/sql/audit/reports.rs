//! Changes of report schedules with their rows of the audit.

use super::super::Connection;
use super::super::reports::rows;
use super::accounts::changed;
use super::rows::note;
use crate::audit_form as form;
use crate::{NewReportSchedule, Result, ScheduleQuota};
use milepost_domain::{Author, ReportSchedule, ReportScheduleId, TenantId, Timestamp};

const KIND: &str = "report_schedule";

pub(crate) async fn add_schedule(
    connection: &mut Connection,
    new: &NewReportSchedule,
    quota: ScheduleQuota,
    now: Timestamp,
    author: Option<&Author>,
) -> Result<Option<ReportSchedule>> {
    let added = rows::add_schedule(connection, new, quota, now).await?;
    if let Some(added) = &added {
        let after = || Some(form::report_schedule(added));
        note(connection, author, &new.tenant, || changed("report_schedule.create", KIND, added.id, None, after()))
            .await?;
    }
    Ok(added)
}

pub(crate) async fn update_schedule(
    connection: &mut Connection,
    schedule: &ReportSchedule,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => rows::get_schedule(connection, &schedule.tenant, schedule.id).await?,
        None => None,
    };
    let is_changed = rows::update_schedule(connection, schedule).await?;
    if is_changed {
        let change = || {
            let (before, after) = (before.as_ref().map(form::report_schedule), form::report_schedule(schedule));
            changed("report_schedule.update", KIND, schedule.id, before, Some(after))
        };
        note(connection, author, &schedule.tenant, change).await?;
    }
    Ok(is_changed)
}

pub(crate) async fn remove_schedule(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ReportScheduleId,
    version: Option<i64>,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => rows::get_schedule(connection, tenant, id).await?,
        None => None,
    };
    let is_removed = rows::remove_schedule(connection, tenant, id, version).await?;
    if is_removed {
        let before = before.as_ref().map(form::report_schedule);
        note(connection, author, tenant, || changed("report_schedule.delete", KIND, id, before, None)).await?;
    }
    Ok(is_removed)
}
