//! Begins the reports of schedules that are due. Of several nodes one does so for each: the schedule moves on in the transaction that adds its
//! job. After a long stop only the last time is made up for.

use super::mail::{caller_of, may_receive};
use super::{AUDITED, Asked, Input, OfSchedule, Reports, SCHEDULED, group_of, seen_of};
use crate::ServiceError;
use crate::jobs::Jobs;
use crate::people::new_job_id;
use milepost_clock::Clock;
use milepost_domain::{
    Action, Author, Caller, ReportSchedule, ScheduleOrder, ScheduleOutcome, TenantId, Timestamp, User, VehicleId, may,
};
use milepost_fleet_reports::{Days, Occasion, Recurrence};
use milepost_store::{NewJob, ScheduleStep, ScheduleStepped};
use std::time::Duration;

/// How often it is looked which schedules are due.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Schedules that are read at once.
const AT_ONCE: u32 = 50;
/// Jobs of schedules that a tenant has waiting and running. Further schedules wait until one has ended.
const MAX_OPEN: u32 = 5;
/// In whose share of a tenant's jobs the reports of its schedules count: they are made one after the other.
const MADE_BY: &str = "report.scheduled";

/// Begins what is due until the task is dropped. Where no mail is sent, nothing is made.
pub async fn keep_making_scheduled_reports(reports: &Reports, jobs: &Jobs, clock: &Clock) {
    loop {
        if reports.mail.is_some() {
            match begin_due(reports, jobs, clock.now()).await {
                Ok(begun) if begun == AT_ONCE => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "reports of schedules could not be begun, trying again"),
            }
        }
        clock.sleep(LOOK_EVERY).await;
    }
}

/// Returns how many schedules were done.
async fn begin_due(reports: &Reports, jobs: &Jobs, now: Timestamp) -> Result<u32, ServiceError> {
    let mut done = 0;
    for schedule in reports.store.due_report_schedules(now, MAX_OPEN, AT_ONCE).await? {
        match step(reports, &schedule, now).await {
            Ok((ScheduleStepped::Done, outcome)) => {
                done += 1;
                let ids = (schedule.id, &schedule.tenant);
                tracing::info!(schedule.id = %ids.0, tenant.id = %ids.1, outcome = outcome.as_str(), "report schedule was due");
                jobs.wake();
            }
            Ok((ScheduleStepped::Full | ScheduleStepped::Taken, _)) => {}
            Err(ServiceError::Unavailable) => return Err(ServiceError::Unavailable),
            // The others are begun.
            Err(error) => {
                tracing::warn!(%error, schedule.id = %schedule.id, tenant.id = %schedule.tenant, "a report could not be begun")
            }
        }
    }
    Ok(done)
}

async fn step(
    reports: &Reports,
    due: &ReportSchedule,
    now: Timestamp,
) -> Result<(ScheduleStepped, ScheduleOutcome), ServiceError> {
    let recurrence = Recurrence::new(due.order.period, due.order.time, &due.order.timezone)?;
    let (Some(last), Some(next)) = (recurrence.last(now), recurrence.next(now)) else {
        return Err(ServiceError::Internal);
    };
    let (outcome, input) = match input_of(reports, due, last).await? {
        Ok(input) => (ScheduleOutcome::Begun, Some(input)),
        Err(outcome) => (outcome, None),
    };
    let job = match input {
        Some(input) => Some(NewJob {
            id: new_job_id()?,
            tenant: due.tenant.clone(),
            kind: SCHEDULED,
            input: serde_json::to_string(&input).map_err(|_| ServiceError::Internal)?,
            about: None,
            made_by: MADE_BY.to_owned(),
            due_at: now,
            audited_as: AUDITED,
        }),
        None => None,
    };
    let author = Author { user: Some(due.owner), ..Author::operator(now) };
    let step = ScheduleStep { next_at: next.due_at, outcome, job, most_open: MAX_OPEN };
    Ok((reports.store.step_report_schedule(due, &step, &author).await?, outcome))
}

/// What the job makes, with the permissions that the owner has now; or why none is made.
async fn input_of(
    reports: &Reports,
    due: &ReportSchedule,
    occasion: Occasion,
) -> Result<Result<Input, ScheduleOutcome>, ServiceError> {
    let owner = reports.store.get_user(due.owner).await?;
    let Some(owner) = owner.filter(|owner| owner.may_enter() && owner.tenant == due.tenant) else {
        return Ok(Err(ScheduleOutcome::NotAllowed));
    };
    if due.order.vehicles.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Err(ScheduleOutcome::NoVehicles));
    }
    if !has_receiver(reports, due, &owner).await? {
        return Ok(Err(ScheduleOutcome::NoReceivers));
    }
    match input_for(&caller_of(&owner), &due.tenant, &due.order, occasion) {
        Ok(input) => {
            let schedule = OfSchedule { id: due.id.get(), name: due.order.name.as_str().to_owned() };
            Ok(Ok(Input { schedule: Some(schedule), ..input }))
        }
        Err(ServiceError::Forbidden(_) | ServiceError::NotFound(_) | ServiceError::Invalid(_)) => {
            Ok(Err(ScheduleOutcome::NotAllowed))
        }
        Err(error) => Err(error),
    }
}

async fn has_receiver(reports: &Reports, due: &ReportSchedule, owner: &User) -> Result<bool, ServiceError> {
    for receiver in due.receivers.iter().filter(|receiver| receiver.ended_at.is_none()) {
        let reader = reports.store.get_user(receiver.user).await?;
        if reader.is_some_and(|reader| may_receive(&reader, owner.id, &due.tenant)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a job of a schedule makes for this caller.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] and [`ServiceError::Invalid`] for what the caller may not see.
pub(super) fn input_for(
    caller: &Caller,
    tenant: &TenantId,
    order: &ScheduleOrder,
    occasion: Occasion,
) -> Result<Input, ServiceError> {
    Days::new(occasion.from, occasion.to, &order.timezone)?;
    let mut group_by = group_of(order.kind, order.group)?.as_str().to_owned();
    let seen = if may(caller, Action::SeeFleet, tenant) {
        None
    } else {
        let asked = Asked { kind: order.kind, group: order.group, vehicles: order.vehicles.as_deref() };
        Some(seen_of(caller, tenant, asked, &mut group_by)?)
    };
    let ids = |ids: &Vec<VehicleId>| ids.iter().map(|id| id.as_str().to_owned()).collect();
    Ok(Input {
        kind: order.kind.as_str().to_owned(),
        group_by,
        from_ms: occasion.from.unix_ms(),
        to_ms: occasion.to.unix_ms(),
        timezone: order.timezone.as_str().to_owned(),
        language: order.language.as_str().to_owned(),
        format: order.format.as_str().to_owned(),
        vehicle_ids: order.vehicles.as_ref().map(ids),
        seen,
        mail_to: None,
        schedule: None,
    })
}
