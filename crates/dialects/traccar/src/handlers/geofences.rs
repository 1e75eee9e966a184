//! `/api/geofences`: our geofences with their text as it was sent, and what is none of ours.

use crate::TraccarParts;
use crate::extract::{Id, JsonBody, Params, Signed};
use crate::fleet::{Area, FleetView, object_of};
use crate::handlers::devices::Visible;
use crate::refusal::Refusal;
use crate::shape::{Object, text, written};
use crate::wire::GEOFENCE;
use crate::wkt::{read_area, width_of, write_area};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{
    Action, CrossingTriggers, EntryBody, EntryKind, EntryRef, ExpectedVersion, GeofenceDescription, GeofenceId, Label,
    VehicleId, VehicleList,
};
use milepost_service::catalogue::{self, NewEntry};
use milepost_service::{Once, ServiceError, fleet};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the catalogue keeps of a geofence.
pub(crate) const EXTRAS: [&str; 5] = ["attributes", "calendarId", "name", "description", "area"];

/// A geofence: one of ours, or a text that is no area.
fn geofence_object(id: i64, area: Option<&Area>, extras: Option<&Object>) -> Object {
    let empty = Object::new();
    let extras = extras.unwrap_or(&empty);
    let mut object = GEOFENCE.fill(id, extras);
    let Some(area) = area else { return object };
    let sent = text(extras, "area").filter(|sent| {
        read_area(sent, width_of(area.description.shape)).is_some_and(|(geometry, shape)| {
            (geometry, shape) == (area.description.geometry.clone(), area.description.shape)
        })
    });
    let written = sent.map_or_else(|| write_area(&area.description), str::to_owned);
    object.insert("area".to_owned(), written.into());
    object.insert("name".to_owned(), area.description.name.as_str().into());
    if let (None, Some(width)) = (sent, width_of(area.description.shape))
        && let Some(Value::Object(attributes)) = object.get_mut("attributes")
    {
        attributes.insert("polylineDistance".to_owned(), width.into());
    }
    object
}

async fn extras_by_id(parts: &TraccarParts, signed: &Signed) -> Result<BTreeMap<i64, Object>, Refusal> {
    let service = &parts.live.use_cases().catalogue;
    let entries = catalogue::read_entries(service, signed.tenant(), EntryKind::Geofence).await?;
    Ok(entries.iter().map(|entry| (entry.id, object_of(entry))).collect())
}

/// Whether the caller may see a geofence: all, those of its devices, or those that it was given.
fn is_visible(visible: &Visible, signed: &Signed, id: i64) -> bool {
    if signed.sees_all() {
        return true;
    }
    let fleet = &visible.fleet;
    let given = signed.user().is_some_and(|user| fleet.has(EntryKind::User, user.get(), EntryKind::Geofence, id));
    given
        || fleet.area(id).is_some_and(|area| {
            area.description.vehicles.is_some() && visible.live.keys().any(|vehicle| area.is_for(vehicle))
        })
}

pub(crate) async fn list_geofences(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Object>>, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let fleet = &visible.fleet;
    let extras = extras_by_id(&parts, &signed).await?;
    let mut ids: Vec<i64> = fleet.areas.iter().map(|area| area.id).chain(extras.keys().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let (device, group, user) = (params.number("deviceId")?, params.number("groupId")?, params.number("userId")?);
    if user > 0 {
        if !signed.is_administrator() && signed.user().map(milepost_domain::UserId::get) != Some(user) {
            return Err(Refusal::forbidden("User access denied"));
        }
        ids.retain(|id| fleet.has(EntryKind::User, user, EntryKind::Geofence, *id));
    } else {
        ids.retain(|id| is_visible(&visible, &signed, *id));
    }
    if device > 0 {
        let device = visible.require(&signed, device)?;
        ids.retain(|id| fleet.area(*id).is_some_and(|area| area.is_for(&device.vehicle.id)));
    }
    if group > 0 {
        ids.retain(|id| fleet.has(EntryKind::Group, group, EntryKind::Geofence, *id));
    }
    let mut list: Vec<Object> = ids.iter().map(|id| geofence_object(*id, fleet.area(*id), extras.get(id))).collect();
    if let Some(keyword) = params.text("keyword").filter(|keyword| !keyword.is_empty()) {
        let keyword = keyword.to_lowercase();
        let holds =
            |object: &Object, name: &str| text(object, name).unwrap_or_default().to_lowercase().contains(&keyword);
        list.retain(|object| holds(object, "name") || holds(object, "description"));
    }
    list.sort_by(|a, b| text(a, "name").cmp(&text(b, "name")));
    Ok(Json(params.page(list)?))
}

pub(crate) async fn get_geofence(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<Json<Object>, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    if !is_visible(&visible, &signed, id) {
        return Err(Refusal::forbidden("Geofence access denied"));
    }
    let extras = extras_by_id(&parts, &signed).await?;
    let area = visible.fleet.area(id);
    if area.is_none() && !extras.contains_key(&id) {
        return Err(Refusal::no_such_object());
    }
    Ok(Json(geofence_object(id, area, extras.get(&id))))
}

/// What an object says of a geofence of ours; `None` for a text that is no area.
pub(crate) fn description_of(
    object: &Object,
    vehicles: Option<VehicleList>,
) -> Result<Option<GeofenceDescription>, Refusal> {
    let name = text(object, "name").filter(|name| !name.trim().is_empty()).ok_or_else(|| Refusal::null("NAME"))?;
    let area = text(object, "area").ok_or_else(|| Refusal::null("AREA"))?;
    let width = object.get("attributes").and_then(|own| own.get("polylineDistance")).and_then(Value::as_f64);
    let Some((geometry, shape)) = read_area(area, width) else { return Ok(None) };
    Ok(Some(GeofenceDescription {
        name: Label::new(name.trim())?,
        geometry,
        shape,
        on: CrossingTriggers::default(),
        dwell: None,
        speed_limit: None,
        vehicles,
        schedule: None,
    }))
}

fn extras_entry(object: &Object, id: Option<i64>) -> Result<NewEntry, Refusal> {
    let mut extras = object.clone();
    extras.retain(|name, _| EXTRAS.contains(&name.as_str()));
    let body = EntryBody::of_parsed(written(&extras))?;
    Ok(NewEntry { kind: EntryKind::Geofence, id, name: None, body })
}

/// Adds a geofence, which is for no vehicle until one is given it. A text that is no area is kept, and nothing enters it.
pub(crate) async fn add_geofence(
    State(parts): State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    signed.require_edit(Action::ManageGeofences)?;
    let mut object = GEOFENCE.read(&body)?;
    let nobody = VehicleList::stored(Vec::new())?;
    let (use_cases, tenant) = (parts.live.use_cases(), signed.tenant());
    let id = match description_of(&object, Some(nobody))? {
        Some(description) => {
            let once = Once::unclaimed();
            Some(fleet::add_geofence(&use_cases.fleet, &signed.request, tenant, &description, &once).await?.id.get())
        }
        None => None,
    };
    let entry = extras_entry(&object, id)?;
    let entry = catalogue::put_entry(&use_cases.catalogue, &signed.request, tenant, &entry).await?;
    parts.directory.mark_changed(tenant);
    object.insert("id".to_owned(), entry.id.into());
    Ok(Json(object))
}

pub(crate) async fn change_geofence(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    let mut object = GEOFENCE.read(&body)?;
    let visible = Visible::of(&parts, &signed).await?;
    if !is_visible(&visible, &signed, id) {
        return Err(Refusal::forbidden("Geofence access denied"));
    }
    signed.require_edit(Action::ManageGeofences)?;
    let extras = extras_by_id(&parts, &signed).await?;
    match visible.fleet.area(id) {
        Some(area) => {
            let changed = description_of(&object, area.description.vehicles.clone())?
                .ok_or_else(|| Refusal::failed("java.lang.IllegalArgumentException: the area can't be read"))?;
            let change = move |before: GeofenceDescription| {
                let GeofenceDescription { name, geometry, shape, .. } = changed.clone();
                Ok::<_, ServiceError>(GeofenceDescription { name, geometry, shape, ..before })
            };
            change_native(&parts, &signed, id, change).await?;
        }
        None if extras.contains_key(&id) => {
            if description_of(&object, None)?.is_some() {
                return Err(Refusal::failed(
                    "java.lang.IllegalArgumentException: what was no area stays none, add another geofence",
                ));
            }
        }
        None => return Err(Refusal::no_such_object()),
    }
    let entry = extras_entry(&object, Some(id))?;
    let service = &parts.live.use_cases().catalogue;
    catalogue::put_entry(service, &signed.request, signed.tenant(), &entry).await?;
    parts.directory.mark_changed(signed.tenant());
    object.insert("id".to_owned(), id.into());
    Ok(Json(object))
}

async fn change_native(
    parts: &TraccarParts,
    signed: &Signed,
    id: i64,
    change: impl Fn(GeofenceDescription) -> Result<GeofenceDescription, ServiceError> + Send + Sync + 'static,
) -> Result<(), Refusal> {
    let use_cases = parts.live.use_cases();
    let id = GeofenceId::new(id).map_err(|_| Refusal::no_such_object())?;
    let (bodies, any) = (&use_cases.large_bodies, ExpectedVersion::Any);
    fleet::change_geofence(&use_cases.fleet, bodies, &signed.request, signed.tenant(), id, &any, change).await?;
    parts.directory.mark_changed(signed.tenant());
    Ok(())
}

/// Removes a geofence. One that is not there is gone already.
pub(crate) async fn remove_geofence(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    if !is_visible(&visible, &signed, id) {
        return Err(Refusal::forbidden("Geofence access denied"));
    }
    signed.require_edit(Action::ManageGeofences)?;
    let use_cases = parts.live.use_cases();
    if let Ok(number) = GeofenceId::new(id) {
        let any = ExpectedVersion::Any;
        match fleet::remove_geofence(&use_cases.fleet, &signed.request, signed.tenant(), number, &any).await {
            Ok(()) | Err(ServiceError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let of = EntryRef { kind: EntryKind::Geofence, id };
    catalogue::remove_entry(&use_cases.catalogue, &signed.request, signed.tenant(), of).await?;
    parts.directory.mark_changed(signed.tenant());
    Ok(StatusCode::NO_CONTENT)
}

/// Gives vehicles a geofence, or takes it from them.
pub(crate) async fn set_vehicles(
    parts: &TraccarParts,
    signed: &Signed,
    view: &FleetView,
    id: i64,
    vehicles: Vec<VehicleId>,
    is_given: bool,
) -> Result<(), Refusal> {
    // What is no area is for nobody.
    if view.area(id).is_none() {
        return Ok(());
    }
    let all: Vec<VehicleId> = view.devices.keys().cloned().collect();
    let change = move |before: GeofenceDescription| {
        let list = match &before.vehicles {
            None if is_given => return Ok(before),
            None => all.iter().filter(|id| !vehicles.contains(id)).cloned().collect(),
            Some(list) if is_given => list.as_slice().iter().chain(&vehicles).cloned().collect(),
            Some(list) => list.as_slice().iter().filter(|id| !vehicles.contains(id)).cloned().collect(),
        };
        Ok(GeofenceDescription { vehicles: Some(VehicleList::stored(list)?), ..before })
    };
    change_native(parts, signed, id, change).await
}
