//! Schedules that are due: the row moves on in the transaction that adds its job, so that of several nodes one makes each report.

use super::super::audit::rows::append;
use super::super::jobs::rows::{insert_job, lock_counter};
use super::super::{Connection, Db};
use super::rows::{select_schedules, whole};
use crate::{AuditNote, Result, ScheduleStep, ScheduleStepped};
use milepost_domain::{Author, ReportSchedule, Timestamp};
use serde_json::json;

pub(crate) async fn due_schedules(
    connection: &mut Connection,
    now: Timestamp,
    most_open: u32,
    limit: u32,
) -> Result<Vec<ReportSchedule>> {
    // Those that must wait for others of their tenant hide nobody.
    let rows = sqlx::query::<Db>(select_schedules!(
        "where s.active and s.next_ms <= $1 and (select count(*) from jobs j where j.tenant_no = s.tenant_no
            and j.kind = 'report.scheduled' and j.status in ('queued', 'running')) < $2
         order by s.next_ms, s.tenant_no, s.id limit $3"
    ))
    .bind(now.unix_ms())
    .bind(i64::from(most_open))
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    whole(connection, &rows).await
}

pub(crate) async fn step_schedule(
    connection: &mut Connection,
    due: &ReportSchedule,
    step: &ScheduleStep,
    author: &Author,
) -> Result<ScheduleStepped> {
    // Changes nothing, but locks the schedule, before the tenant's counter as every change of one does.
    let tenant_no = sqlx::query_scalar::<Db, i64>(
        "update report_schedules set next_ms = next_ms where tenant_no = (select tenant_no from tenants where id = $1) and id = $2
         and active and next_ms = $3 and version = $4 returning tenant_no",
    )
    .bind(due.tenant.as_str())
    .bind(due.id.get())
    .bind(due.next_at.unix_ms())
    .bind(due.version)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(tenant_no) = tenant_no else { return Ok(ScheduleStepped::Taken) };
    if let Some(job) = &step.job {
        lock_counter(connection, tenant_no).await?;
        let open = sqlx::query_scalar::<Db, i64>(
            "select count(*) from jobs where tenant_no = $1 and kind = 'report.scheduled' and status in ('queued', 'running')",
        );
        if open.bind(tenant_no).fetch_one(&mut *connection).await? >= i64::from(step.most_open) {
            return Ok(ScheduleStepped::Full);
        }
        insert_job(connection, job, tenant_no, author).await?;
    }
    sqlx::query::<Db>(
        "update report_schedules set next_ms = $3, last_ms = $4, last_outcome = $5, last_job = coalesce($6, last_job)
         where tenant_no = $1 and id = $2",
    )
    .bind(tenant_no)
    .bind(due.id.get())
    .bind(step.next_at.unix_ms())
    .bind(author.at.unix_ms())
    .bind(step.outcome.as_str())
    .bind(step.job.as_ref().map(|job| job.id.as_str()))
    .execute(&mut *connection)
    .await?;
    if let Some(job) = &step.job {
        let after = Some(json!({ "job": job.id.as_str() }));
        let subject = Some(format!("report_schedule:{}", due.id));
        append(connection, &due.tenant, author, &AuditNote { after, ..AuditNote::of(job.audited_as, subject) }).await?;
    }
    Ok(ScheduleStepped::Done)
}
