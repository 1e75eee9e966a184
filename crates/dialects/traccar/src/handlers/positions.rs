//! `/api/positions`: the latest of each device, a device's of a time, and files of them.

use crate::TraccarParts;
use crate::convert::{Way, place_of, position_object};
use crate::extract::{Params, Signed};
use crate::fleet::DeviceView;
use crate::handlers::devices::Visible;
use crate::ids::position_of;
use crate::refusal::Refusal;
use crate::shape::Object;
use crate::time::write_local;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{Position, Timestamp};
use milepost_http::rfc3339;
use milepost_service::{Track, WrongPositions, positions};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Positions in one answer. A longer list ends there.
pub(crate) const MAX_POSITIONS: usize = 100_000;
/// An event may lie between two positions. The first one after it in this time stands for it.
const NEXT_MS: i64 = 60 * 60 * 1000;

/// A device's positions of a time, at most [`MAX_POSITIONS`].
pub(crate) async fn read_positions(
    parts: &TraccarParts,
    signed: &Signed,
    device: &DeviceView,
    window: (Timestamp, Timestamp),
) -> Result<Vec<Position>, Refusal> {
    let use_cases = parts.live.use_cases();
    let _permit = use_cases.fair_reads.permit_in_time(signed.tenant(), signed.caller()).await?;
    let mut track = track_of(parts, signed, device, window).await?;
    let mut list = Vec::new();
    loop {
        let page = track.next_page().await?;
        if page.is_empty() || list.len() >= MAX_POSITIONS {
            list.truncate(MAX_POSITIONS);
            return Ok(list);
        }
        list.extend(page);
    }
}

async fn track_of(
    parts: &TraccarParts,
    signed: &Signed,
    device: &DeviceView,
    window: (Timestamp, Timestamp),
) -> Result<Track, Refusal> {
    let service = &parts.live.use_cases().positions;
    let (tenant, vehicle) = (signed.tenant(), &device.vehicle.id);
    Ok(positions::read_track(service, &signed.request, tenant, vehicle, window, None, WrongPositions::LeftOut).await?)
}

/// The position that a number stands for, or the next one after it.
async fn find_position(parts: &TraccarParts, signed: &Signed, visible: &Visible, id: i64) -> Result<Object, Refusal> {
    let unknown =
        || Refusal::missing("Cannot invoke \"org.traccar.model.Position.getDeviceId()\" because \"<local12>\" is null");
    let (number, from, _) = position_of(id).ok_or_else(unknown)?;
    let device = match visible.numbered(number) {
        Some(device) => device,
        None if signed.sees_all() || visible.fleet.numbered(number).is_none() => return Err(unknown()),
        None => return Err(Refusal::forbidden("Device access denied")),
    };
    let mut track = track_of(parts, signed, device, (from, from.plus_ms(NEXT_MS))).await?;
    let found = track.take(1).await?.pop().ok_or_else(unknown)?;
    Ok(position_object(&visible.fleet, device, &found.position, &mut Way::of(device)))
}

/// Positions by number, of a device and a time, or the latest of each device.
pub(crate) async fn list_positions(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Object>>, Refusal> {
    let ids = params.numbers("id")?;
    let (device, geofence) = (params.number("deviceId")?, params.number("geofenceId")?);
    let (from, to) = (params.time("from")?, params.time("to")?);
    let visible = Visible::of(&parts, &signed).await?;
    if !ids.is_empty() {
        let mut list = Vec::with_capacity(ids.len());
        for id in ids {
            list.push(find_position(&parts, &signed, &visible, id).await?);
        }
        return Ok(Json(list));
    }
    let latest = |device: &DeviceView| {
        visible.last(device).map(|last| position_object(&visible.fleet, device, last, &mut Way::of(device)))
    };
    if device == 0 {
        let mut list: Vec<_> = visible.devices();
        list.sort_by_key(|device| device.number);
        return Ok(Json(list.into_iter().filter_map(|device| latest(device)).collect()));
    }
    let Some(device) = visible.numbered(device) else {
        let refusal = Refusal::forbidden("Device access denied");
        return if signed.sees_all() { Ok(Json(Vec::new())) } else { Err(refusal) };
    };
    let (Some(from), Some(to)) = (from, to) else { return Ok(Json(latest(device).into_iter().collect())) };
    refuse_guest(&signed)?;
    let list = objects(&parts, &signed, &visible, device, (from, to.plus_ms(1)), geofence).await?;
    Ok(Json(list))
}

/// A device's positions as objects, with the distances between them.
pub(crate) async fn objects(
    parts: &TraccarParts,
    signed: &Signed,
    visible: &Visible,
    device: &DeviceView,
    window: (Timestamp, Timestamp),
    geofence: i64,
) -> Result<Vec<Object>, Refusal> {
    let read = read_positions(parts, signed, device, window).await?;
    let mut way = Way::of(device);
    let mut list: Vec<Object> =
        read.iter().map(|position| position_object(&visible.fleet, device, position, &mut way)).collect();
    if geofence > 0 {
        let inside = |object: &Object| {
            let ids = object.get("geofenceIds").and_then(Value::as_array);
            ids.is_some_and(|ids| ids.iter().any(|id| id.as_i64() == Some(geofence)))
        };
        list.retain(inside);
    }
    Ok(list)
}

/// Guests see where their device is, and not where it was.
pub(crate) fn refuse_guest(signed: &Signed) -> Result<(), Refusal> {
    if signed.is_guest() { Err(Refusal::forbidden("Operation restricted")) } else { Ok(()) }
}

/// A device, its positions of a time, and the zone of texts: what a file is made of.
pub(crate) struct FileOf {
    pub(crate) visible: Visible,
    device: i64,
    pub(crate) window: (Timestamp, Timestamp),
    geofence: i64,
}

impl FileOf {
    pub(crate) async fn of(parts: &TraccarParts, signed: &Signed, params: &Params) -> Result<Self, Refusal> {
        let (device, geofence) = (params.number("deviceId")?, params.number("geofenceId")?);
        let visible = Visible::of(parts, signed).await?;
        if visible.numbered(device).is_none() {
            return Err(Refusal::forbidden("Device access denied"));
        }
        refuse_guest(signed)?;
        Ok(Self { visible, device, window: params.window()?, geofence })
    }

    pub(crate) fn device(&self) -> Result<&DeviceView, Refusal> {
        self.visible.numbered(self.device).map(|device| &**device).ok_or_else(Refusal::no_such_object)
    }
}

pub(crate) fn file(kind: &'static str, name: &'static str, body: impl IntoResponse) -> Response {
    let disposition = format!("attachment; filename={name}");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// The columns that every position has.
const COLUMNS: [&str; 14] = [
    "id",
    "deviceId",
    "protocol",
    "serverTime",
    "deviceTime",
    "fixTime",
    "valid",
    "latitude",
    "longitude",
    "altitude",
    "speed",
    "course",
    "address",
    "accuracy",
];

/// Positions as CSV, with a column for each attribute that one of them has.
pub(crate) async fn export_csv(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Response, Refusal> {
    let of = FileOf::of(&parts, &signed, &params).await?;
    let list = objects(&parts, &signed, &of.visible, of.device()?, of.window, of.geofence).await?;
    let zone = of.visible.fleet.zone();
    let own = |object: &Object| object.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default();
    let names: BTreeSet<String> =
        list.iter().flat_map(|object| own(object).into_iter().map(|(name, _)| name)).collect();
    let mut text = COLUMNS.join(",");
    for name in &names {
        let _ = write!(text, ",{}", cell(&Value::from(name.as_str())));
    }
    text.push('\n');
    for object in &list {
        let cells = COLUMNS.iter().map(|name| match object.get(*name) {
            Some(Value::String(at)) if name.ends_with("Time") => {
                crate::time::read_time(at).map(|at| write_local(at, &zone)).unwrap_or_default()
            }
            Some(value) => cell(value),
            None => String::new(),
        });
        let attributes = own(object);
        let rest = names.iter().map(|name| attributes.get(name).map(cell).unwrap_or_default());
        text.push_str(&cells.chain(rest).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    Ok(file("text/csv", "positions.csv", text))
}

/// A cell of a table. A text that a spreadsheet would take for a formula gets an apostrophe.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            let guarded = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.clone() };
            if guarded.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", guarded.replace('"', "\"\""))
            } else {
                guarded
            }
        }
        other => other.to_string(),
    }
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Positions as GPX.
pub(crate) async fn export_gpx(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Response, Refusal> {
    let of = FileOf::of(&parts, &signed, &params).await?;
    let device = of.device()?;
    let read = read_positions(&parts, &signed, device, of.window).await?;
    let name = escaped(device.vehicle.label.as_str());
    let mut text =
        format!("<?xml version='1.0' encoding='UTF-8'?><gpx version=\"1.0\"><trk><name>{name}</name><trkseg>");
    for position in kept(&of, device, &read) {
        let (latitude, longitude) = (position.latitude.get(), position.longitude.get());
        let altitude = position.altitude.map_or(0.0, milepost_domain::AltitudeM::get);
        let time = rfc3339(position.at).replace(".000Z", "Z");
        let _ = write!(
            text,
            "<trkpt lat=\"{latitude}\" lon=\"{longitude}\"><ele>{altitude:?}</ele><time>{time}</time></trkpt>"
        );
    }
    text.push_str("</trkseg></trk></gpx>");
    Ok(file("application/gpx+xml", "positions.gpx", text))
}

pub(crate) fn kept<'a>(
    of: &'a FileOf,
    device: &'a DeviceView,
    read: &'a [Position],
) -> impl Iterator<Item = &'a Position> {
    read.iter().filter(move |position| {
        of.geofence == 0 || of.visible.fleet.areas_at(&device.vehicle.id, place_of(position)).contains(&of.geofence)
    })
}

/// Positions are history here, and nobody removes single ones. An unknown one is not there anyway.
pub(crate) async fn remove_position(
    State(parts): State<TraccarParts>,
    crate::extract::Id(id): crate::extract::Id,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    match find_position(&parts, &signed, &visible, id).await {
        Ok(_) => Err(Refusal::forbidden("Operation restricted")),
        Err(_) => Err(Refusal::nothing()),
    }
}

/// The same for those of a time, of which there may be none.
pub(crate) async fn remove_positions(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<StatusCode, Refusal> {
    let of = FileOf::of(&parts, &signed, &params).await?;
    let mut track = track_of(&parts, &signed, of.device()?, of.window).await?;
    if track.take(1).await?.is_empty() {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::forbidden("Operation restricted"))
    }
}
