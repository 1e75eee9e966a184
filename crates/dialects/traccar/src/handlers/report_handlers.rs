//! `/api/reports/…`, statistics and the audit.

use crate::TraccarParts;
use crate::convert::device_object;
use crate::extract::{Params, Signed};
use crate::fleet::{DeviceView, FleetView};
use crate::handlers::devices::Visible;
use crate::handlers::events::{happenings, trips_of};
use crate::handlers::positions::{MAX_POSITIONS, objects, read_positions, refuse_guest};
use crate::handlers::report_mail::mail_report;
use crate::ids::position_id;
use crate::refusal::Refusal;
use crate::reports::Course;
use crate::shape::{Object, text, whole};
use crate::time::{write_time, zone_named};
use crate::workbook::{Sheet, Style, XLSX, write};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use milepost_domain::{EntryKind, Position, Timestamp, Trip};
use milepost_service::audit::{AuditListing, list_audit as list_rows};
use milepost_service::fleet::list_visits;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Devices of one report.
const MAX_DEVICES: usize = 1_000;
/// Rows of one audit.
const MAX_AUDIT: u32 = 1_000;
/// Visits of one device in one report.
const MAX_VISITS: u32 = 10_000;
/// A visit that began before a time may go on in it.
const LONGEST_VISIT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The kinds of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Route,
    Events,
    Summary,
    Trips,
    Stops,
    Combined,
    Geofences,
    Devices,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Route,
        Self::Events,
        Self::Summary,
        Self::Trips,
        Self::Stops,
        Self::Combined,
        Self::Geofences,
        Self::Devices,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Events => "events",
            Self::Summary => "summary",
            Self::Trips => "trips",
            Self::Stops => "stops",
            Self::Combined => "combined",
            Self::Geofences => "geofences",
            Self::Devices => "devices",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it has a workbook.
    const fn has_workbook(self) -> bool {
        !matches!(self, Self::Combined | Self::Geofences)
    }
}

/// What a report was asked about.
pub(crate) struct Asked {
    pub(crate) visible: Visible,
    pub(crate) devices: Vec<Arc<DeviceView>>,
    pub(crate) from: Timestamp,
    /// Both ends are within.
    pub(crate) to: Timestamp,
    pub(crate) zone: TimeZone,
}

impl Asked {
    pub(super) async fn of(parts: &TraccarParts, signed: &Signed, params: &Params) -> Result<Self, Refusal> {
        refuse_guest(signed)?;
        let (from, to) = params.window()?;
        let visible = Visible::of(parts, signed).await?;
        let (ids, groups) = (params.numbers("deviceId")?, params.numbers("groupId")?);
        let is_all = ids.is_empty() && groups.is_empty();
        let mut devices: Vec<Arc<DeviceView>> = visible.devices().into_iter().cloned().collect();
        devices.sort_by_key(|device| device.number);
        devices.retain(|device| {
            is_all
                || ids.contains(&device.number)
                || visible.fleet.groups_of(device).iter().any(|group| groups.contains(group))
        });
        if devices.len() > MAX_DEVICES {
            return Err(Refusal::failed("java.lang.IllegalArgumentException: too many devices for one report"));
        }
        let zone = zone_of(&visible.fleet, signed);
        Ok(Self { visible, devices, from, to: to.plus_ms(-1), zone })
    }

    pub(super) fn window(&self) -> (Timestamp, Timestamp) {
        (self.from, self.to.plus_ms(1))
    }
}

/// The zone of texts: the user's own, else the server's.
pub(super) fn zone_of(fleet: &FleetView, signed: &Signed) -> TimeZone {
    let own = signed.user().and_then(|user| fleet.user(user.get())).and_then(|user| user.contact.timezone.as_ref());
    own.map_or_else(|| fleet.zone(), |zone| zone_named(Some(zone.as_str())))
}

/// A report as JSON, or as a workbook for who accepts nothing else.
pub(crate) async fn show_report(
    State(parts): State<TraccarParts>,
    Path(kind): Path<String>,
    signed: Signed,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let kind = Kind::parse(&kind).filter(|kind| *kind != Kind::Devices).ok_or_else(Refusal::no_such_path)?;
    if params.flag("mail") && kind.has_workbook() {
        return mail_report(&parts, &signed, &params, kind).await;
    }
    let asked = Asked::of(&parts, &signed, &params).await?;
    let (rows, counts) = rows_of(&parts, &signed, &params, kind, &asked).await?;
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains(XLSX) && kind.has_workbook() {
        return Ok(workbook(workbook_of(kind, asked, rows, &counts).await?));
    }
    Ok(Json(rows).into_response())
}

/// A report as a file, or by mail.
pub(crate) async fn show_report_file(
    State(parts): State<TraccarParts>,
    Path((kind, form)): Path<(String, String)>,
    signed: Signed,
    params: Params,
) -> Result<Response, Refusal> {
    let kind = Kind::parse(&kind).ok_or_else(Refusal::no_such_path)?;
    match form.as_str() {
        "mail" if kind.has_workbook() => mail_report(&parts, &signed, &params, kind).await,
        "xlsx" if params.flag("mail") && kind.has_workbook() => mail_report(&parts, &signed, &params, kind).await,
        "xlsx" if kind == Kind::Devices => Ok(workbook(devices_workbook(&parts, &signed).await?)),
        "xlsx" if kind.has_workbook() => {
            let asked = Asked::of(&parts, &signed, &params).await?;
            let (rows, counts) = rows_of(&parts, &signed, &params, kind, &asked).await?;
            Ok(workbook(workbook_of(kind, asked, rows, &counts).await?))
        }
        _ => Err(Refusal::no_such_path()),
    }
}

/// A sheet for each device with rows, or one for all of a summary. Writing takes its time: not on a thread that serves sockets.
pub(super) async fn workbook_of(
    kind: Kind,
    asked: Asked,
    rows: Vec<Object>,
    counts: &[usize],
) -> Result<Vec<u8>, Refusal> {
    let mut sheets = Vec::new();
    if kind == Kind::Summary {
        sheets.push(Sheet { name: "Summary".to_owned(), group: None, rows });
    } else {
        let mut rows = rows.into_iter();
        for (device, count) in asked.devices.iter().zip(counts) {
            let own: Vec<Object> = rows.by_ref().take(*count).collect();
            let group = asked.visible.fleet.groups.get(&whole(&device.extras, "groupId"));
            let group = group.and_then(|group| text(group, "name")).unwrap_or_default().to_owned();
            if !own.is_empty() {
                sheets.push(Sheet { name: device.vehicle.label.as_str().to_owned(), group: Some(group), rows: own });
            }
        }
    }
    let (fleet, zone, window) = (Arc::clone(&asked.visible.fleet), asked.zone.clone(), (asked.from, asked.to));
    write_workbook(kind, fleet, zone, Some(window), sheets).await
}

pub(super) async fn devices_workbook(parts: &TraccarParts, signed: &Signed) -> Result<Vec<u8>, Refusal> {
    refuse_guest(signed)?;
    let visible = Visible::of(parts, signed).await?;
    let rows = visible.devices().iter().map(|one| device_object(one, visible.last(one), signed.now())).collect();
    let sheets = vec![Sheet { name: "Devices".to_owned(), group: None, rows }];
    let zone = zone_of(&visible.fleet, signed);
    write_workbook(Kind::Devices, Arc::clone(&visible.fleet), zone, None, sheets).await
}

async fn write_workbook(
    kind: Kind,
    fleet: Arc<FleetView>,
    zone: TimeZone,
    window: Option<(Timestamp, Timestamp)>,
    sheets: Vec<Sheet>,
) -> Result<Vec<u8>, Refusal> {
    let writing = tokio::task::spawn_blocking(move || write(kind, &Style { fleet: &fleet, zone }, window, &sheets));
    writing.await.map_err(|_| Refusal::failed("java.io.IOException: the workbook could not be written"))?
}

fn workbook(bytes: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, XLSX), (header::CONTENT_DISPOSITION, "attachment; filename=report.xlsx")];
    (headers, bytes).into_response()
}

/// The rows of a report, and how many each device has.
pub(crate) async fn rows_of(
    parts: &TraccarParts,
    signed: &Signed,
    params: &Params,
    kind: Kind,
    asked: &Asked,
) -> Result<(Vec<Object>, Vec<usize>), Refusal> {
    let (mut rows, mut counts, mut weight) = (Vec::new(), Vec::new(), 0);
    for device in &asked.devices {
        let before = rows.len();
        add_rows(parts, signed, params, kind, asked, device, &mut rows).await?;
        counts.push(rows.len() - before);
        let points = |row: &Object| row.get("route").and_then(Value::as_array).map_or(1, Vec::len);
        weight += rows[before..].iter().map(points).sum::<usize>();
        if weight >= MAX_POSITIONS {
            break;
        }
    }
    Ok((rows, counts))
}

async fn add_rows(
    parts: &TraccarParts,
    signed: &Signed,
    params: &Params,
    kind: Kind,
    asked: &Asked,
    device: &DeviceView,
    rows: &mut Vec<Object>,
) -> Result<(), Refusal> {
    if kind == Kind::Route {
        rows.extend(objects(parts, signed, &asked.visible, device, asked.window(), 0).await?);
        return Ok(());
    }
    let positions = read_positions(parts, signed, device, asked.window()).await?;
    let course = Course::new(device, &positions);
    match kind {
        Kind::Route | Kind::Devices => {}
        Kind::Summary if params.flag("daily") => rows.extend(course.daily(asked.from, asked.to, &asked.zone)),
        Kind::Summary => rows.extend(course.summary(asked.from, asked.to)),
        Kind::Trips => {
            let names = driver_names(parts, signed).await?;
            for trip in trips_of(parts, signed, device, asked.window()).await? {
                rows.extend(course.trip(&trip, driver_of(&asked.visible.fleet, &names, &trip, &positions)));
            }
        }
        Kind::Stops => rows.extend(course.stops(&trips_of(parts, signed, device, asked.window()).await?)),
        Kind::Geofences => {
            let wanted = params.numbers("geofenceId")?;
            let service = &parts.live.use_cases().fleet;
            let window = (asked.from.plus_ms(-LONGEST_VISIT_MS), asked.window().1);
            let (tenant, vehicle) = (signed.tenant(), &device.vehicle.id);
            let visits = list_visits(service, &signed.request, tenant, vehicle, window, MAX_VISITS).await?;
            let is_in = |left: Option<Timestamp>| left.is_none_or(|left| left >= asked.from);
            let found = visits.iter().filter(|visit| {
                is_in(visit.left_at) && (wanted.is_empty() || wanted.contains(&visit.geofence_id.get()))
            });
            rows.extend(found.map(|visit| course.visit(visit, asked.from, asked.to)));
        }
        Kind::Events => rows.extend(events_of(parts, signed, params, asked, device, &positions).await?),
        Kind::Combined => {
            let events = happenings(parts, signed, device, asked.window(), &positions).await?;
            let times: HashSet<i64> = events.iter().map(|event| position_id(device.number, event.at)).collect();
            let events: Vec<Object> = events
                .iter()
                .filter(|event| event.kind != crate::events::EventKind::DeviceMoving)
                .map(|event| event.object(device))
                .collect();
            let all = objects(parts, signed, &asked.visible, device, asked.window(), 0).await?;
            let route: Vec<Value> = all.iter().map(|one| json!([one["longitude"], one["latitude"]])).collect();
            let kept: Vec<&Object> = all.iter().filter(|one| times.contains(&whole(one, "id"))).collect();
            let row = json!({ "deviceId": device.number, "route": route, "events": events, "positions": kept });
            rows.extend(row.as_object().cloned());
        }
    }
    Ok(())
}

async fn events_of(
    parts: &TraccarParts,
    signed: &Signed,
    params: &Params,
    asked: &Asked,
    device: &DeviceView,
    positions: &[Position],
) -> Result<Vec<Object>, Refusal> {
    let types: Vec<&str> = params.texts("type").filter(|kind| !kind.is_empty()).collect();
    let alarms: Vec<&str> = params.texts("alarm").collect();
    let all = types.is_empty() || types.contains(&"allEvents");
    let found = happenings(parts, signed, device, asked.window(), positions).await?;
    let is_wanted = |one: &&crate::events::Happening| {
        all || types.contains(&one.kind.name())
            && (alarms.is_empty() || one.alarm().is_none_or(|alarm| alarms.contains(&alarm)))
    };
    let is_known =
        |one: &&crate::events::Happening| one.geofence() == 0 || asked.visible.fleet.area(one.geofence()).is_some();
    Ok(found.iter().filter(is_wanted).filter(is_known).map(|one| one.object(device)).collect())
}

/// Who drove a trip: by the key that the device read, else the user who had the vehicle.
fn driver_of(
    fleet: &FleetView,
    names: &HashMap<String, String>,
    trip: &Trip,
    positions: &[Position],
) -> Option<(String, Option<String>)> {
    use milepost_domain::AttributeValue;
    let end = trip.ended_at.unwrap_or(trip.followed_to);
    let within = positions.iter().filter(|position| trip.started_at <= position.at && position.at <= end);
    let mut keys = within.rev().filter_map(|position| match position.attributes.get("driverUniqueId") {
        Some(AttributeValue::Text(key)) => Some(key.to_string()),
        _ => None,
    });
    let read = keys.next().map(|key| {
        let name = names.get(&key).cloned();
        (key, name)
    });
    read.or_else(|| {
        let driver = trip.driver_id?;
        Some((driver.to_string(), fleet.user(driver.get()).map(|user| user.username.to_string())))
    })
}

/// The server counts in `/metrics`, and keeps no days.
pub(crate) async fn list_statistics(signed: Signed, _: Params) -> Result<Json<Vec<Value>>, Refusal> {
    signed.require_administrator()?;
    Ok(Json(Vec::new()))
}

/// The audit of a time, the oldest first.
pub(crate) async fn list_audit(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Value>>, Refusal> {
    signed.require_administrator()?;
    let (from, to) = params.window()?;
    let listing = AuditListing { from, to, actor: None, subject: None, action: None };
    let service = &parts.live.use_cases().audit;
    let mut rows = list_rows(service, &signed.request, signed.tenant(), &listing, None, MAX_AUDIT).await?;
    rows.reverse();
    let fleet = parts.directory.view(parts.live.use_cases(), signed.tenant(), signed.now()).await?;
    let write = |row: &milepost_service::AuditEntry| {
        let (object, action) = row.action.split_once('.').unwrap_or((row.action.as_str(), ""));
        let id = row.subject.as_ref().and_then(|subject| subject.split_once(':')).map_or("", |(_, id)| id);
        let number = match object {
            "vehicle" | "device" => {
                let device = fleet.devices.values().find(|device| device.vehicle.id.as_str() == id);
                device.map_or(0, |device| device.number)
            }
            _ => id.parse().unwrap_or(0),
        };
        let user = row.actor.map_or(0, milepost_domain::UserId::get);
        let email = fleet
            .user(user)
            .map(|user| user.contact.email.as_ref().map_or(user.username.as_str(), |email| email.as_str()).to_owned());
        json!({
            "id": row.id, "attributes": {}, "actionTime": write_time(row.at), "address": row.address, "userId": user,
            "actionType": action, "objectType": object, "objectId": number, "userEmail": email,
        })
    };
    Ok(Json(rows.iter().map(write).collect()))
}

/// The names of drivers, by their keys.
async fn driver_names(parts: &TraccarParts, signed: &Signed) -> Result<HashMap<String, String>, Refusal> {
    let service = &parts.live.use_cases().catalogue;
    let entries = milepost_service::catalogue::read_entries(service, signed.tenant(), EntryKind::Driver).await?;
    let named = |entry: &milepost_domain::Entry| {
        let object = crate::fleet::object_of(entry);
        Some((text(&object, "uniqueId")?.to_owned(), text(&object, "name")?.to_owned()))
    };
    Ok(entries.iter().filter_map(named).collect())
}
