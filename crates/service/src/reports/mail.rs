//! Mails that bring the files of reports: to who asked for one, and to the receivers of a schedule.

use super::{AUDITED, Input, KEPT_REPORTS, OfSchedule, REPORT, Reports, SCHEDULED, Seen};
use crate::jobs::{Jobs, get_job, kept_until, quota};
use crate::outgoing::MailBodies;
use crate::people::new_job_id;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Caller, Job, JobFile, JobId, JobStatus, Label, Principal, ReportMail, ReportScheduleId, TenantId,
    Timestamp, User, UserId, VehicleScope, ZoneName, may,
};
use milepost_store::{JobMail, MadeJob, MadeJobOutcome, NewJob, Once, Store};
use std::io::Write as _;
use std::sync::Arc;

/// When to try again where too many mails wait for the caller, in seconds.
const RETRY_WAITING_S: u64 = 60;
/// A file that was announced and belongs to no job after this time is removed, in milliseconds.
const ANNOUNCED_MS: i64 = 60 * 60 * 1000;

/// A report that was made in a request.
#[derive(Debug, Clone)]
pub struct MadeReport {
    /// About what it is, as its API names it.
    pub kind: String,
    /// The first instant of its time.
    pub from: Timestamp,
    /// The instant before which it ends.
    pub to: Timestamp,
    /// The zone of its days.
    pub timezone: ZoneName,
    /// What its file is called.
    pub name: String,
    /// The media type of its file.
    pub media_type: &'static str,
    /// Its file.
    pub bytes: Vec<u8>,
}

/// The caller's account, whose address gets the mail.
///
/// # Errors
/// [`ServiceError::Conflict`] where no mails are sent, or the caller has no address that takes any; [`ServiceError::Forbidden`] for programs
/// and people of another issuer.
pub(super) async fn own_address(reports: &Reports, request: &Request) -> Result<User, ServiceError> {
    let no_user = ServiceError::Forbidden("only a user of this server has an address to which a report can be mailed");
    let Some(id) = request.caller.user_id() else { return Err(no_user) };
    let user = reports.store.get_user(id).await?.ok_or(no_user)?;
    require_mail(reports)?;
    if has_address(&user) {
        Ok(user)
    } else {
        Err(ServiceError::Conflict("you have no confirmed e-mail address: set one on your account's page".to_owned()))
    }
}

/// Checks that a report can be mailed to the caller, before it is made.
///
/// # Errors
/// [`ServiceError::Conflict`] where no mails are sent, or the caller has no address that takes any; [`ServiceError::Forbidden`] for programs
/// and people of another issuer.
pub async fn require_address(reports: &Reports, request: &Request) -> Result<(), ServiceError> {
    own_address(reports, request).await.map(drop)
}

pub(super) fn require_mail(reports: &Reports) -> Result<&MailBodies, ServiceError> {
    const NONE: &str = "this server sends no mail: its operator has to set SMTP_URL";
    reports.mail.as_ref().ok_or_else(|| ServiceError::Conflict(NONE.to_owned()))
}

/// Mails the file of a report that is made to the caller, who may see it.
///
/// # Errors
/// As [`get_job`]; [`ServiceError::Forbidden`] for programs; [`ServiceError::Conflict`] for a report that is not made yet, and where no mail
/// can go; [`ServiceError::TooMany`] while too many wait.
pub async fn mail_report(
    reports: &Reports,
    jobs: &Jobs,
    request: &Request,
    id: &JobId,
    once: &Once<'_, JobId>,
) -> Result<JobId, ServiceError> {
    if matches!(request.caller.principal, Principal::Program { .. }) {
        return Err(ServiceError::Forbidden("an access token has no address to which a report can be mailed"));
    }
    let job = get_job(jobs, request, id).await?;
    let input = input_of(&job).ok_or(ServiceError::NotFound("report"))?;
    let reader = own_address(reports, request).await?;
    if job.status != JobStatus::Done || job.file.is_none() {
        return Err(ServiceError::Conflict("the report is not made yet, or could not be made".to_owned()));
    }
    let body = (require_mail(reports)?.report)(&told(&job, &input, reader.id)?);
    let mail = JobMail { user: reader.id, body };
    let once = once.map(|is_mailed: &bool| is_mailed.then(|| id.clone()));
    if !reports.store.mail_job(id, &mail, &request.author(), &once).await? {
        return Err(ServiceError::TooMany { retry_after_s: RETRY_WAITING_S });
    }
    tracing::info!(job.id = %id, by = request.caller.log_name(), "report mailed");
    reports.wakers.wake_outbox();
    Ok(id.clone())
}

/// Keeps a report that was made in a request as a job that is done, and mails its file to the caller.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`], [`ServiceError::TooMany`], [`ServiceError::Unavailable`].
pub async fn mail_made_report(
    reports: &Reports,
    request: &Request,
    tenant: &TenantId,
    made: MadeReport,
) -> Result<JobId, ServiceError> {
    let reader = own_address(reports, request).await?;
    let is_of_fleet = may(&request.caller, Action::SeeFleet, tenant);
    let id = new_job_id()?;
    let told = ReportMail {
        kind: made.kind.clone(),
        from: made.from,
        to: made.to,
        timezone: made.timezone.clone(),
        job: id.clone(),
        schedule: None,
        is_of_fleet,
    };
    let input = Input {
        kind: made.kind.clone(),
        group_by: String::new(),
        from_ms: made.from.unix_ms(),
        to_ms: made.to.unix_ms(),
        timezone: made.timezone.as_str().to_owned(),
        language: String::new(),
        format: String::new(),
        vehicle_ids: None,
        seen: (!is_of_fleet).then(|| Seen { listed: Vec::new(), driven_by: None }),
        mail_to: Some(reader.id.get()),
        schedule: None,
    };
    let job = NewJob {
        id: id.clone(),
        tenant: tenant.clone(),
        kind: REPORT,
        input: serde_json::to_string(&input).map_err(|_| ServiceError::Internal)?,
        about: None,
        made_by: request.caller.principal.name().into_owned(),
        due_at: request.now,
        audited_as: AUDITED,
    };
    let body = (require_mail(reports)?.report)(&told);
    let made = MadeJob {
        file: keep(reports, request.now, &id, made).await?,
        job,
        expires_at: kept_until(request.now),
        mail: JobMail { user: reader.id, body },
    };
    let quota = quota(Some(KEPT_REPORTS));
    match reports.store.add_made_job(&made, &request.author(), quota, &Once::unclaimed()).await? {
        MadeJobOutcome::Added => {}
        MadeJobOutcome::Full | MadeJobOutcome::Unmailed => {
            return Err(ServiceError::TooMany { retry_after_s: RETRY_WAITING_S });
        }
    }
    tracing::info!(job.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "report mailed");
    reports.wakers.wake_outbox();
    Ok(id)
}

async fn keep(reports: &Reports, now: Timestamp, id: &JobId, made: MadeReport) -> Result<JobFile, ServiceError> {
    let key = format!("jobs/{id}-1");
    let mut file = reports.files.new_file()?;
    let bytes = u64::try_from(made.bytes.len()).unwrap_or(u64::MAX);
    let written = tokio::task::spawn_blocking(move || file.write_all(&made.bytes).map(|()| file)).await;
    let file = written.map_err(|_| ServiceError::Internal)?.map_err(|error| {
        tracing::warn!(%error, "a report could not be written");
        ServiceError::Unavailable
    })?;
    reports.store.announce_files(std::slice::from_ref(&key), now.plus_ms(ANNOUNCED_MS)).await?;
    reports.files.keep(&key, file.path()).await?;
    Ok(JobFile { key, name: made.name, media_type: made.media_type.to_owned(), bytes })
}

/// The mails that bring the file of a job that has just been done: to its maker if it asked for that, or to the receivers of its schedule, if
/// they and its owner still may see it.
pub(super) async fn mails_of(
    store: &Arc<dyn Store>,
    bodies: Option<&MailBodies>,
    job: &Job,
) -> Result<Vec<JobMail>, ServiceError> {
    let (Some(bodies), Some(input)) = (bodies, input_of(job)) else { return Ok(Vec::new()) };
    let Some(maker) = job.actor else { return Ok(Vec::new()) };
    let receivers = match &input.schedule {
        Some(of) => receivers_of(store, &job.tenant, of).await?,
        None => input.mail_to.and_then(|id| UserId::new(id).ok()).into_iter().collect(),
    };
    if receivers.is_empty() {
        return Ok(Vec::new());
    }
    let Some(owner) = store.get_user(maker).await? else { return Ok(Vec::new()) };
    if !still_sees(&owner, &job.tenant, &input) {
        tracing::info!(job.id = %job.id, user.id = %maker, "a report is not mailed: its maker may not see it any more");
        return Ok(Vec::new());
    }
    let mut mails = Vec::new();
    for receiver in receivers {
        let reader = store.get_user(receiver).await?;
        if reader.is_some_and(|reader| may_receive(&reader, maker, &job.tenant)) {
            mails.push(JobMail { user: receiver, body: (bodies.report)(&told(job, &input, receiver)?) });
        }
    }
    Ok(mails)
}

async fn receivers_of(store: &Arc<dyn Store>, tenant: &TenantId, of: &OfSchedule) -> Result<Vec<UserId>, ServiceError> {
    let schedule = store.get_report_schedule(tenant, ReportScheduleId::new(of.id)?).await?;
    let receivers = schedule.map(|schedule| schedule.receivers).unwrap_or_default();
    Ok(receivers.iter().filter(|one| one.ended_at.is_none()).map(|one| one.user).collect())
}

fn input_of(job: &Job) -> Option<Input> {
    [REPORT, SCHEDULED].contains(&job.kind.as_str()).then(|| serde_json::from_str(&job.input).ok()).flatten()
}

/// What a mail tells a reader of a job's report.
fn told(job: &Job, input: &Input, reader: UserId) -> Result<ReportMail, ServiceError> {
    let time = |ms| Timestamp::from_unix_ms(ms).ok_or(ServiceError::Internal);
    let schedule = match &input.schedule {
        Some(of) => Some((ReportScheduleId::new(of.id)?, Label::stored(&of.name)?)),
        None => None,
    };
    Ok(ReportMail {
        kind: input.kind.clone(),
        from: time(input.from_ms)?,
        to: time(input.to_ms)?,
        timezone: ZoneName::new(&input.timezone)?,
        job: job.id.clone(),
        schedule,
        is_of_fleet: input.seen.is_none() || job.actor != Some(reader),
    })
}

/// Who gets a report by mail: its maker, and users of the tenant who see the whole fleet, with an address that takes mail.
pub(super) fn may_receive(reader: &User, maker: UserId, tenant: &TenantId) -> bool {
    let sees_fleet = || reader.tenant == *tenant && may(&caller_of(reader), Action::SeeFleet, tenant);
    reader.may_enter() && has_address(reader) && (reader.id == maker || sees_fleet())
}

fn has_address(user: &User) -> bool {
    user.contact.email.is_some() && user.contact.refused_at.is_none()
}

/// Whether a report's maker may still see all that the report was made of.
fn still_sees(maker: &User, tenant: &TenantId, input: &Input) -> bool {
    if !maker.may_enter() {
        return false;
    }
    let caller = caller_of(maker);
    let Some(seen) = &input.seen else { return may(&caller, Action::SeeFleet, tenant) };
    match VehicleScope::of(&caller, Action::SeeVehicle, tenant) {
        VehicleScope::All => true,
        VehicleScope::Some { listed, driven_by } => {
            let has = |id: &String| listed.iter().any(|one| one.as_str() == id);
            let drives = seen.driven_by.is_none() || seen.driven_by == driven_by.map(UserId::get);
            drives && seen.listed.iter().all(has)
        }
        VehicleScope::Nothing => false,
    }
}

/// A stored user as a caller.
pub(super) fn caller_of(user: &User) -> Caller {
    let principal = Principal::User {
        id: Some(user.id),
        subject: user.id.to_string(),
        role: user.role,
        cadet_id: user.cadet_id,
        vehicle_ids: user.vehicle_ids.clone(),
    };
    Caller { tenant: user.tenant.clone(), principal, expires_at: None }
}
