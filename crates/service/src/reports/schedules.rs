//! Report schedules: made, changed and removed by their owners, and by admins of the tenant.

use super::due::input_for;
use super::mail::{caller_of, may_receive, require_mail};
use super::{Reports, group_of};
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Caller, ExpectedVersion, Invalid, Label, Language, ReportFormat, ReportGroup, ReportKind, ReportPeriod,
    ReportSchedule, ReportScheduleId, ScheduleOrder, ScheduleReceiver, TenantId, TimeOfDay, Timestamp, User, UserId,
    VehicleId, ZoneName, may,
};
use milepost_fleet_reports::Recurrence;
use milepost_follow::read_zone_name;
use milepost_store::{NewReportSchedule, Once, ScheduleQuota};

/// Report schedules of a tenant. Further ones are refused with 409.
const MAX_TENANT_SCHEDULES: u32 = 200;
/// Those of one owner among them.
const MAX_OWNER_SCHEDULES: u32 = 20;
/// Users who get the mails of one schedule. More are refused with 422.
pub const MAX_SCHEDULE_RECEIVERS: usize = 20;
/// Attempts when others change the same schedule at the same time.
const TRIES: usize = 16;

/// A schedule to be made.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// Name for people.
    pub name: Label,
    /// About what.
    pub kind: ReportKind,
    /// What a row sums up.
    pub group: Option<ReportGroup>,
    /// The vehicles; all that its owner sees if absent.
    pub vehicles: Option<Vec<VehicleId>>,
    /// The time of each report.
    pub period: ReportPeriod,
    /// When it is made.
    pub time: TimeOfDay,
    /// The zone of the days and of that time; the caller's own if absent, else UTC.
    pub timezone: Option<String>,
    /// The language of a workbook's labels; the caller's own if absent, else English.
    pub language: Option<Language>,
    /// The form of the file.
    pub format: ReportFormat,
    /// Whether it is made.
    pub active: bool,
    /// Who gets it; the caller if absent.
    pub receivers: Option<Vec<UserId>>,
}

/// What to change of a schedule. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ScheduleChange {
    /// Name for people.
    pub name: Option<Label>,
    /// About what.
    pub kind: Option<ReportKind>,
    /// What a row sums up. `Some(None)` leaves it to the kind.
    pub group: Option<Option<ReportGroup>>,
    /// The vehicles. `Some(None)` is all that its owner sees.
    pub vehicles: Option<Option<Vec<VehicleId>>>,
    /// The time of each report.
    pub period: Option<ReportPeriod>,
    /// When it is made.
    pub time: Option<TimeOfDay>,
    /// The zone of the days and of that time.
    pub timezone: Option<String>,
    /// The language of a workbook's labels.
    pub language: Option<Language>,
    /// The form of the file.
    pub format: Option<ReportFormat>,
    /// Whether it is made.
    pub active: Option<bool>,
    /// Who gets it. Who ended its mails for itself gets none before it was taken off and is named again.
    pub receivers: Option<Vec<UserId>>,
}

/// Makes a schedule for the caller, in its own tenant.
///
/// # Errors
/// [`ServiceError::Forbidden`] for what the caller may not see, and for programs; [`ServiceError::NotFound`] for a vehicle that does not
/// exist; [`ServiceError::Invalid`]; [`ServiceError::Conflict`] where no mails are sent, and for too many.
pub async fn add_report_schedule(
    reports: &Reports,
    request: &Request,
    new: NewSchedule,
    once: &Once<'_, ReportSchedule>,
) -> Result<ReportSchedule, ServiceError> {
    let owner = own_user(reports, request).await?;
    require_mail(reports)?;
    let timezone = match &new.timezone {
        Some(name) => read_zone(name)?,
        None => owner.contact.timezone.clone().map_or_else(|| ZoneName::new("UTC"), Ok)?,
    };
    let order = ScheduleOrder {
        name: new.name,
        kind: new.kind,
        group: new.group,
        vehicles: new.vehicles,
        period: new.period,
        time: new.time,
        timezone,
        language: new.language.or(owner.contact.language).unwrap_or_default(),
        format: new.format,
        active: new.active,
    };
    let receivers = new.receivers.unwrap_or_else(|| vec![owner.id]);
    let next_at = check(reports, &owner, &order, Some(&receivers), request.now).await?;
    let stored = NewReportSchedule {
        tenant: owner.tenant.clone(),
        owner: owner.id,
        order,
        receivers: sorted(receivers),
        next_at,
    };
    let quota = ScheduleQuota { tenant: MAX_TENANT_SCHEDULES, owner: MAX_OWNER_SCHEDULES };
    let store = reports.store.by(request.author());
    let added = store.add_report_schedule(&stored, quota, request.now, &once.map(Option::clone)).await?;
    let Some(schedule) = added else {
        return Err(ServiceError::Conflict(format!(
            "a user may have {MAX_OWNER_SCHEDULES} report schedules, and a tenant {MAX_TENANT_SCHEDULES}: remove one first"
        )));
    };
    tracing::info!(schedule.id = %schedule.id, tenant.id = %schedule.tenant, by = request.caller.log_name(), "report schedule added");
    Ok(schedule)
}

/// Schedules in the order of their numbers: all of the tenant for its admins, and else the caller's own.
///
/// # Errors
/// [`ServiceError::Forbidden`] for programs.
pub async fn list_report_schedules(
    reports: &Reports,
    request: &Request,
    tenant: &TenantId,
    after: Option<ReportScheduleId>,
    limit: u32,
) -> Result<Vec<ReportSchedule>, ServiceError> {
    let owner = if manages(&request.caller, tenant) { None } else { Some(require_user(&request.caller)?) };
    Ok(reports.store.list_report_schedules(tenant, owner, after, limit).await?)
}

/// One schedule.
///
/// # Errors
/// [`ServiceError::NotFound`], also for one of somebody else; [`ServiceError::Forbidden`] for programs.
pub async fn get_report_schedule(
    reports: &Reports,
    request: &Request,
    tenant: &TenantId,
    id: ReportScheduleId,
) -> Result<ReportSchedule, ServiceError> {
    let caller = &request.caller;
    let own = if manages(caller, tenant) { None } else { Some(require_user(caller)?) };
    let schedule = reports.store.get_report_schedule(tenant, id).await?;
    let is_seen = |one: &ReportSchedule| own.is_none_or(|own| own == one.owner);
    schedule.filter(is_seen).ok_or(ServiceError::NotFound("report schedule"))
}

/// Changes a schedule. What its owner may see counts, whoever changes it.
///
/// # Errors
/// As [`add_report_schedule`] and [`get_report_schedule`]; [`ServiceError::Changed`].
pub async fn change_report_schedule(
    reports: &Reports,
    request: &Request,
    tenant: &TenantId,
    id: ReportScheduleId,
    expected: &ExpectedVersion,
    change: &ScheduleChange,
) -> Result<ReportSchedule, ServiceError> {
    for _ in 0..TRIES {
        let before = read_expected(reports, request, tenant, id, expected).await?;
        let owner = reports.store.get_user(before.owner).await?.ok_or(ServiceError::NotFound("report schedule"))?;
        let mut after = changed(&before, change)?;
        // The owner may have lost what it could see: to end a schedule, or to name it, nobody need see it.
        let is_as_before = after.order
            == ScheduleOrder { name: after.order.name.clone(), active: after.order.active, ..before.order.clone() };
        let mut next_at = before.next_at;
        if !is_as_before || change.receivers.is_some() || (after.order.active && !before.order.active) {
            next_at = check(reports, &owner, &after.order, change.receivers.as_deref(), request.now).await?;
        }
        after.next_at = next_at;
        after.version = before.version + 1;
        if reports.store.by(request.author()).update_report_schedule(&after).await? {
            tracing::info!(schedule.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "report schedule changed");
            return Ok(after);
        }
    }
    Err(ServiceError::Conflict("the report schedule is being changed by others, try again".to_owned()))
}

fn changed(before: &ReportSchedule, change: &ScheduleChange) -> Result<ReportSchedule, ServiceError> {
    let order = before.order.clone();
    let receivers = match &change.receivers {
        Some(named) => {
            let ended = |user| before.receivers.iter().find(|one| one.user == user).and_then(|one| one.ended_at);
            sorted(named.clone()).into_iter().map(|user| ScheduleReceiver { user, ended_at: ended(user) }).collect()
        }
        None => before.receivers.clone(),
    };
    Ok(ReportSchedule {
        order: ScheduleOrder {
            name: change.name.clone().unwrap_or(order.name),
            kind: change.kind.unwrap_or(order.kind),
            group: change.group.unwrap_or(order.group),
            vehicles: change.vehicles.clone().unwrap_or(order.vehicles),
            period: change.period.unwrap_or(order.period),
            time: change.time.unwrap_or(order.time),
            timezone: change.timezone.as_deref().map_or(Ok(order.timezone), read_zone)?,
            language: change.language.unwrap_or(order.language),
            format: change.format.unwrap_or(order.format),
            active: change.active.unwrap_or(order.active),
        },
        receivers,
        ..before.clone()
    })
}

/// Removes a schedule. Reports that it began are made, and mailed to nobody.
///
/// # Errors
/// As [`get_report_schedule`]; [`ServiceError::Changed`].
pub async fn remove_report_schedule(
    reports: &Reports,
    request: &Request,
    tenant: &TenantId,
    id: ReportScheduleId,
    expected: &ExpectedVersion,
) -> Result<(), ServiceError> {
    for _ in 0..TRIES {
        let schedule = read_expected(reports, request, tenant, id, expected).await?;
        let store = reports.store.by(request.author());
        if store.remove_report_schedule(tenant, id, Some(schedule.version)).await? {
            tracing::info!(schedule.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "report schedule removed");
            return Ok(());
        }
    }
    Err(ServiceError::Conflict("the report schedule is being changed by others, try again".to_owned()))
}

/// Ends the mails of a schedule for the reader of a link in one. Returns false if the link is not good, or was for another address.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn end_report_mails(reports: &Reports, token: &str, now: Timestamp) -> Result<bool, ServiceError> {
    let Some((user, id)) = reports.access.reader_of_report(token).await? else { return Ok(false) };
    let Some(user) = reports.store.get_user(user).await? else { return Ok(false) };
    let is_ended = reports.store.end_receiver(&user.tenant, id, user.id, now).await?;
    if is_ended {
        tracing::info!(user.id = %user.id, schedule.id = %id, "mails of a report schedule ended by their reader");
    }
    Ok(is_ended)
}

async fn read_expected(
    reports: &Reports,
    request: &Request,
    tenant: &TenantId,
    id: ReportScheduleId,
    expected: &ExpectedVersion,
) -> Result<ReportSchedule, ServiceError> {
    let schedule = get_report_schedule(reports, request, tenant, id).await?;
    if expected.allows(schedule.version) { Ok(schedule) } else { Err(ServiceError::Changed("report schedule")) }
}

/// Checks what a schedule asks for, with its owner's permissions, and returns when it is due first.
async fn check(
    reports: &Reports,
    owner: &User,
    order: &ScheduleOrder,
    receivers: Option<&[UserId]>,
    now: Timestamp,
) -> Result<Timestamp, ServiceError> {
    group_of(order.kind, order.group)?;
    let recurrence = Recurrence::new(order.period, order.time, &order.timezone)?;
    let next = recurrence.next(now).ok_or(Invalid::new("time", "must be followed by another day"))?;
    input_for(&caller_of(owner), &owner.tenant, order, next)?;
    if let Some(ids) = &order.vehicles {
        let known = reports.store.load_vehicles(&owner.tenant, ids).await?;
        if ids.iter().any(|id| known.iter().all(|one| one.vehicle.id != *id)) {
            return Err(ServiceError::NotFound("vehicle"));
        }
    }
    if let Some(receivers) = receivers {
        if !(1..=MAX_SCHEDULE_RECEIVERS).contains(&receivers.len()) {
            return Err(Invalid::new("receiver_ids", "must name 1 to 20 users").into());
        }
        for receiver in receivers {
            let reader = reports.store.get_user(*receiver).await?;
            // One message for all: who lists no users learns nothing of them.
            if !reader.is_some_and(|reader| may_receive(&reader, owner.id, &owner.tenant)) {
                let message = "must be users of the tenant who see its whole fleet, or the owner, each with a confirmed e-mail address";
                return Err(Invalid::new("receiver_ids", message).into());
            }
        }
    }
    Ok(next.due_at)
}

fn sorted(mut users: Vec<UserId>) -> Vec<UserId> {
    users.sort_unstable();
    users.dedup();
    users
}

fn read_zone(name: &str) -> Result<ZoneName, Invalid> {
    read_zone_name(name).map_err(|invalid| Invalid::new("timezone", invalid.message))
}

fn manages(caller: &Caller, tenant: &TenantId) -> bool {
    may(caller, Action::ManageReportSchedules, tenant)
}

fn require_user(caller: &Caller) -> Result<UserId, ServiceError> {
    caller.user_id().ok_or(ServiceError::Forbidden("only users of this server have report schedules"))
}

/// The caller's account. People of another issuer have none.
async fn own_user(reports: &Reports, request: &Request) -> Result<User, ServiceError> {
    let user = reports.store.get_user(require_user(&request.caller)?).await?;
    user.ok_or(ServiceError::Forbidden("only users of this server have report schedules"))
}
