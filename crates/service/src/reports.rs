//! Reports of a fleet: asked for, and made as jobs of what was found in the tracks before. No position is read for one.

mod due;
mod mail;
mod make;
mod read;
mod schedules;

pub use due::keep_making_scheduled_reports;
pub use mail::{MadeReport, mail_made_report, mail_report, require_address};
pub(crate) use make::MakeReport;
pub use schedules::{
    MAX_SCHEDULE_RECEIVERS, NewSchedule, ScheduleChange, add_report_schedule, change_report_schedule, end_report_mails,
    get_report_schedule, list_report_schedules, remove_report_schedule,
};

use crate::file_store::FileStore;
use crate::jobs::{Jobs, add_job};
use crate::outgoing::MailBodies;
use crate::people::new_job_id;
use crate::wakers::Wakers;
use crate::{Request, ServiceError};
use milepost_access::Access;
use milepost_domain::{
    Action, Caller, Invalid, JobId, Language, Principal, ReportFormat, ReportGroup, ReportKind, TenantId, UserId,
    VehicleId, VehicleScope, ZoneName, may,
};
use milepost_fleet_reports::{Days, read_bound};
use milepost_follow::read_zone_name;
use milepost_store::{NewJob, Once, Store};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The kind of jobs that make reports.
pub(crate) const REPORT: &str = "report";
/// The kind of jobs that make those of schedules. They are counted apart.
pub(crate) const SCHEDULED: &str = "report.scheduled";
/// The action of the audit.
const AUDITED: &str = "report.make";
/// Ended reports of a caller that stay beside a new one. Older ones give way.
const KEPT_REPORTS: u32 = 9;

/// What the use cases of reports need.
pub struct Reports {
    store: Arc<dyn Store>,
    access: Arc<Access>,
    files: FileStore,
    /// The bodies of mails, if this server sends any.
    mail: Option<MailBodies>,
    wakers: Wakers,
}

impl Reports {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        access: Arc<Access>,
        files: FileStore,
        mail: Option<MailBodies>,
        wakers: Wakers,
    ) -> Self {
        Self { store, access, files, mail, wakers }
    }
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// About what.
    pub kind: ReportKind,
    /// The first day, or an instant.
    pub from: String,
    /// The last day, or the instant before which it ends.
    pub to: String,
    /// What a row sums up. Without it, single things where the kind has them, else vehicles.
    pub group: Option<ReportGroup>,
    /// The vehicles; all if absent.
    pub vehicles: Option<Vec<VehicleId>>,
    /// The zone of the days; the caller's own if absent, else UTC.
    pub timezone: Option<String>,
    /// The language of a workbook's labels; the caller's own if absent, else English.
    pub language: Option<Language>,
    /// The form of the file.
    pub format: ReportFormat,
    /// Whether the file is mailed to the caller once it is made.
    pub mail: bool,
}

/// What a job knows of its report.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    kind: String,
    group_by: String,
    from_ms: i64,
    to_ms: i64,
    timezone: String,
    language: String,
    format: String,
    vehicle_ids: Option<Vec<String>>,
    /// What its maker may see; everything of the tenant if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Seen>,
    /// Who gets the file by mail: its maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mail_to: Option<i64>,
    /// The schedule that it is for, whose receivers get the file by mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<OfSchedule>,
}

/// The schedule of a report.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OfSchedule {
    id: i64,
    name: String,
}

/// The vehicles and trips that a maker may see who does not see the whole fleet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    /// Whole vehicles.
    listed: Vec<String>,
    /// The trips of this driver.
    driven_by: Option<i64>,
}

impl Seen {
    fn scope(&self) -> Option<VehicleScope> {
        let listed = self.listed.iter().map(|id| VehicleId::stored(id)).collect::<Result<_, _>>().ok()?;
        let driven_by = self.driven_by.map(UserId::new).transpose().ok()?;
        Some(VehicleScope::Some { listed, driven_by })
    }
}

/// Begins to make a report, and returns the job.
///
/// # Errors
/// [`ServiceError::Forbidden`] for what the caller may not see; [`ServiceError::NotFound`] for a vehicle that does not exist;
/// [`ServiceError::Invalid`], [`ServiceError::TooMany`].
pub async fn make_report(
    reports: &Reports,
    jobs: &Jobs,
    request: &Request,
    tenant: &TenantId,
    new: &NewReport,
    once: &Once<'_, JobId>,
) -> Result<JobId, ServiceError> {
    let mut input = input_of(reports, request, new).await?;
    if new.mail {
        input.mail_to = Some(mail::own_address(reports, request).await?.id.get());
    }
    if !may(&request.caller, Action::SeeFleet, tenant) {
        let asked = Asked { kind: new.kind, group: new.group, vehicles: new.vehicles.as_deref() };
        input.seen = Some(seen_of(&request.caller, tenant, asked, &mut input.group_by)?);
    } else if let Some(ids) = &new.vehicles {
        let known = reports.store.load_vehicles(tenant, ids).await?;
        if ids.iter().any(|id| known.iter().all(|one| one.vehicle.id != *id)) {
            return Err(ServiceError::NotFound("vehicle"));
        }
    }
    let job = NewJob {
        id: new_job_id()?,
        tenant: tenant.clone(),
        kind: REPORT,
        input: serde_json::to_string(&input).map_err(|_| ServiceError::Internal)?,
        about: None,
        made_by: request.caller.principal.name().into_owned(),
        due_at: request.now,
        audited_as: AUDITED,
    };
    add_job(jobs, request, &job, Some(KEPT_REPORTS), once).await?;
    Ok(job.id)
}

/// What of its vehicles somebody asks for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    kind: ReportKind,
    group: Option<ReportGroup>,
    vehicles: Option<&'a [VehicleId]>,
}

/// What a maker's report shows who does not see the whole fleet: vehicles that it may see, or else the trips that it drove. A driver's
/// distances and times are sums of its own trips, because a vehicle's quarters of an hour don't know who drove.
fn seen_of(caller: &Caller, tenant: &TenantId, new: Asked<'_>, group_by: &mut String) -> Result<Seen, ServiceError> {
    let is_user = matches!(caller.principal, Principal::User { id: Some(_), .. });
    let (mut listed, mut driven_by) = match VehicleScope::of(caller, Action::SeeVehicle, tenant) {
        VehicleScope::Some { listed, driven_by } if is_user && (!listed.is_empty() || driven_by.is_some()) => {
            (listed, driven_by)
        }
        _ => return Err(ServiceError::Forbidden("you may see no vehicle of which a report could be made")),
    };
    if let Some(asked) = new.vehicles {
        if driven_by.is_none() && asked.iter().any(|id| !listed.contains(id)) {
            return Err(ServiceError::NotFound("vehicle"));
        }
        if asked.iter().all(|id| listed.contains(id)) {
            driven_by = None;
        }
        listed.retain(|id| asked.contains(id));
    }
    let is_of_trips = match new.kind {
        ReportKind::Trips => true,
        ReportKind::Mileage | ReportKind::Utilisation => {
            if driven_by.is_some() && new.group.is_none() {
                ReportGroup::Driver.as_str().clone_into(group_by);
            }
            *group_by == ReportGroup::Driver.as_str()
        }
        ReportKind::Stops => false,
        ReportKind::Fuel | ReportKind::Geofences | ReportKind::Speeding => {
            return Err(ServiceError::Forbidden("only who sees the whole fleet may make reports of this kind"));
        }
    };
    if driven_by.is_some() && !is_of_trips {
        return Err(Invalid::new("group_by", "must be driver for your own trips, or the kind trips").into());
    }
    Ok(Seen { listed: listed.iter().map(|id| id.as_str().to_owned()).collect(), driven_by: driven_by.map(UserId::get) })
}

async fn input_of(reports: &Reports, request: &Request, new: &NewReport) -> Result<Input, ServiceError> {
    let user = match request.caller.user_id() {
        Some(id) => reports.store.get_user(id).await?,
        None => None,
    };
    let contact = user.map(|user| user.contact).unwrap_or_default();
    let zone = match &new.timezone {
        Some(name) => read_zone_name(name).map_err(|invalid| Invalid::new("timezone", invalid.message))?,
        None => contact.timezone.map_or_else(|| ZoneName::new("UTC"), Ok)?,
    };
    let group = group_of(new.kind, new.group)?;
    let (from, to) = (read_bound("from", &new.from, &zone, false)?, read_bound("to", &new.to, &zone, true)?);
    Days::new(from, to, &zone)?;
    Ok(Input {
        kind: new.kind.as_str().to_owned(),
        group_by: group.as_str().to_owned(),
        from_ms: from.unix_ms(),
        to_ms: to.unix_ms(),
        timezone: zone.as_str().to_owned(),
        language: new.language.or(contact.language).unwrap_or_default().as_str().to_owned(),
        format: new.format.as_str().to_owned(),
        vehicle_ids: new.vehicles.as_ref().map(|ids| ids.iter().map(|id| id.as_str().to_owned()).collect()),
        seen: None,
        mail_to: None,
        schedule: None,
    })
}

/// What a row sums up, if the caller does not say.
fn group_of(kind: ReportKind, group: Option<ReportGroup>) -> Result<ReportGroup, Invalid> {
    match (group, kind.lists()) {
        (Some(ReportGroup::None), false) => {
            Err(Invalid::new("group_by", "must be vehicle, driver, day or vehicle_day for this kind"))
        }
        (Some(group), _) => Ok(group),
        (None, true) => Ok(ReportGroup::None),
        (None, false) => Ok(ReportGroup::Vehicle),
    }
}
