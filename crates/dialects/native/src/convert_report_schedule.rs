//! Between the native dialect's JSON and report schedules.

use crate::convert::{Refusals, vehicle_ids_from_json};
use crate::convert_record::time_of_day;
use crate::wire::report_schedule::{
    ChangeReportScheduleJson, NewReportScheduleJson, ReportReceiverJson, ReportScheduleJson,
};
use milepost_domain::{
    Invalid, JobId, Label, Language, ReportFormat, ReportGroup, ReportKind, ReportPeriod, ReportSchedule,
    ScheduleOutcome, TimeOfDay, UserId, VehicleId,
};
use milepost_http::{Problem, rfc3339};
use milepost_service::reports::{NewSchedule, ScheduleChange};

pub(crate) fn schedule_from_json(json: &NewReportScheduleJson) -> Result<NewSchedule, Problem> {
    let mut refusals = Refusals::default();
    let name = refusals.take("name", Label::new(&json.name));
    let kind = refusals.take("kind", ReportKind::parse(&json.kind));
    let group = refusals.take("group_by", json.group_by.as_deref().map(ReportGroup::parse).transpose());
    let period = refusals.take("period", ReportPeriod::parse(&json.period));
    let time = refusals.take("time", minute(&json.time));
    let language = refusals.take("language", json.language.as_deref().map(Language::parse).transpose());
    let format = json.format.as_deref().map_or(Ok(ReportFormat::Xlsx), ReportFormat::parse);
    let format = refusals.take("format", format);
    let receivers = refusals.take("receiver_ids", json.receiver_ids.as_deref().map(users).transpose());
    let (Some(name), Some(kind), Some(group), Some(period), Some(time), Some(language), Some(format), Some(receivers)) =
        (name, kind, group, period, time, language, format, receivers)
    else {
        return Err(refusals.problem());
    };
    Ok(NewSchedule {
        name,
        kind,
        group,
        vehicles: json.vehicle_ids.as_deref().map(vehicles).transpose()?,
        period,
        time,
        timezone: json.timezone.clone(),
        language,
        format,
        active: json.active.unwrap_or(true),
        receivers,
    })
}

pub(crate) fn schedule_change_from_json(json: &ChangeReportScheduleJson) -> Result<ScheduleChange, Problem> {
    let mut refusals = Refusals::default();
    macro_rules! checked {
        ($field:ident, $parse:expr) => {
            json.$field.as_deref().and_then(|value| refusals.take(stringify!($field), $parse(value)))
        };
    }
    let name = checked!(name, Label::new);
    let kind = checked!(kind, ReportKind::parse);
    let period = checked!(period, ReportPeriod::parse);
    let time = checked!(time, minute);
    let language = checked!(language, Language::parse);
    let format = checked!(format, ReportFormat::parse);
    let receivers = checked!(receiver_ids, users);
    let group = json
        .group_by
        .as_ref()
        .and_then(|group| refusals.take("group_by", group.as_deref().map(ReportGroup::parse).transpose()));
    refusals.none()?;
    let vehicles = json.vehicle_ids.as_ref().map(|ids| ids.as_deref().map(vehicles).transpose()).transpose()?;
    Ok(ScheduleChange {
        name,
        kind,
        group,
        vehicles,
        period,
        time,
        timezone: json.timezone.clone(),
        language,
        format,
        active: json.active,
        receivers,
    })
}

fn vehicles(ids: &[String]) -> Result<Vec<VehicleId>, Problem> {
    if ids.is_empty() {
        return Err(Problem::invalid("vehicle_ids", "must have an entry, or be left out for all vehicles"));
    }
    vehicle_ids_from_json(ids)
}

fn users(ids: &[i64]) -> Result<Vec<UserId>, Invalid> {
    ids.iter().map(|id| UserId::new(*id)).collect()
}

/// A time of the day in whole minutes.
fn minute(text: &str) -> Result<TimeOfDay, Invalid> {
    let time = time_of_day(text)?;
    if time.seconds() % 60 == 0 { Ok(time) } else { Err(Invalid::new("time", "must be a whole minute such as 06:30")) }
}

pub(crate) fn schedule_to_json(schedule: &ReportSchedule) -> ReportScheduleJson {
    let order = &schedule.order;
    let ids = |ids: &Vec<VehicleId>| ids.iter().map(|id| id.as_str().to_owned()).collect();
    let receivers = schedule
        .receivers
        .iter()
        .map(|receiver| ReportReceiverJson { user_id: receiver.user.get(), ended_at: receiver.ended_at.map(rfc3339) });
    ReportScheduleJson {
        id: schedule.id.get(),
        name: order.name.as_str().to_owned(),
        owner_id: schedule.owner.get(),
        kind: order.kind.as_str().to_owned(),
        group_by: order.group.map(|group| group.as_str().to_owned()),
        vehicle_ids: order.vehicles.as_ref().map(ids),
        period: order.period.as_str().to_owned(),
        time: order.time.to_string(),
        timezone: order.timezone.as_str().to_owned(),
        language: order.language.as_str().to_owned(),
        format: order.format.as_str().to_owned(),
        active: order.active,
        receivers: receivers.collect(),
        created_at: rfc3339(schedule.created_at),
        next_at: order.active.then(|| rfc3339(schedule.next_at)),
        last_at: schedule.last_at.map(rfc3339),
        last_outcome: schedule.last_outcome.map(ScheduleOutcome::as_str).map(str::to_owned),
        last_job: schedule.last_job.as_ref().map(JobId::to_string),
    }
}
