//! The objects that the catalogue keeps as they are: groups, drivers, maintenance, calendars, commands, notifications and others.

use crate::TraccarParts;
use crate::extract::{Id, JsonBody, Params, Signed};
use crate::fleet::{FleetView, object_of};
use crate::handlers::devices::Visible;
use crate::refusal::{Refusal, Unique};
use crate::shape::{Object, text, whole, written};
use crate::wire::Kept;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use milepost_domain::{Action, Entry, EntryBody, EntryKind, EntryRef, Link, UserId};
use milepost_service::ServiceError;
use milepost_service::catalogue::{self, NewEntry};
use serde_json::Value;

/// Notifications of one user, which share the tenant's room.
const MAX_NOTIFICATIONS: usize = 200;

/// The routes of one kind: the list and one.
pub(crate) fn routes_of(kept: &'static Kept) -> (MethodRouter<TraccarParts>, MethodRouter<TraccarParts>) {
    let list = move |state, signed, params| list(kept, state, signed, params);
    let add = move |state, signed, body| add(kept, state, signed, body);
    let show = move |state, id, signed| show(kept, state, id, signed);
    let change = move |state, id, signed, body| change(kept, state, id, signed, body);
    let remove = move |state, id, signed| remove(kept, state, id, signed);
    (get(list).post(add), get(show).put(change).delete(remove))
}

/// Whether a caller may see an object: what is linked to it or to its devices; who sees the whole fleet sees all but others'
/// notifications.
fn is_visible(kept: &Kept, visible: &Visible, signed: &Signed, id: i64) -> bool {
    let fleet = &visible.fleet;
    let is_linked = |user: UserId| fleet.has(EntryKind::User, user.get(), kept.kind, id);
    if signed.sees_all() && (kept.kind != EntryKind::Notification || signed.user().is_none()) {
        return true;
    }
    if signed.user().is_some_and(is_linked) {
        return true;
    }
    kept.kind != EntryKind::Notification
        && visible.devices().iter().any(|device| {
            fleet.device_has(device, kept.kind, id)
                || kept.kind == EntryKind::Group && fleet.groups_of(device).contains(&id)
        })
}

fn require_change(kept: &Kept, signed: &Signed) -> Result<(), Refusal> {
    if kept.is_administrators {
        return signed.require_administrator();
    }
    match kept.kind {
        EntryKind::Notification if signed.user().is_some() => Ok(()),
        _ => signed.require_edit(Action::ManageVehicles),
    }
}

async fn list(
    kept: &'static Kept,
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Object>>, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let entries = entries_of(kept, &parts, &signed).await?;
    let fleet = &visible.fleet;
    let (device, group, user) = (params.number("deviceId")?, params.number("groupId")?, params.number("userId")?);
    let all = params.flag("all") && signed.is_administrator();
    let mut ids: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
    if user > 0 {
        if !signed.is_administrator() && signed.user().map(UserId::get) != Some(user) {
            return Err(Refusal::forbidden("User access denied"));
        }
        ids.retain(|id| fleet.has(EntryKind::User, user, kept.kind, *id));
    } else if !all {
        ids.retain(|id| is_visible(kept, &visible, &signed, *id));
    }
    if device > 0 {
        let device = visible.require(&signed, device)?;
        ids.retain(|id| fleet.has(EntryKind::Vehicle, device.number, kept.kind, *id));
    }
    if group > 0 {
        ids.retain(|id| fleet.has(EntryKind::Group, group, kept.kind, *id));
    }
    let mut list: Vec<Object> = entries
        .iter()
        .filter(|entry| ids.binary_search(&entry.id).is_ok())
        .map(|entry| kept.shape.fill(entry.id, &object_of(entry)))
        .collect();
    if let Some(keyword) = params.text("keyword").filter(|keyword| !keyword.is_empty()) {
        let keyword = keyword.to_lowercase();
        let holds =
            |object: &Object, name: &str| text(object, name).unwrap_or_default().to_lowercase().contains(&keyword);
        list.retain(|object| kept.searched.iter().any(|name| holds(object, name)));
    }
    if kept.kind == EntryKind::Group {
        list.sort_by(|a, b| text(a, "name").cmp(&text(b, "name")));
    }
    if params.flag("excludeAttributes") {
        for object in list.iter_mut().filter(|object| object.contains_key("attributes")) {
            object.insert("attributes".to_owned(), Value::Object(Object::new()));
        }
    }
    Ok(Json(params.page(list)?))
}

/// All entries of a kind, by number.
pub(crate) async fn entries_of(kept: &Kept, parts: &TraccarParts, signed: &Signed) -> Result<Vec<Entry>, Refusal> {
    let service = &parts.live.use_cases().catalogue;
    Ok(catalogue::read_entries(service, signed.tenant(), kept.kind).await?)
}

async fn find(kept: &Kept, parts: &TraccarParts, signed: &Signed, id: i64) -> Result<(Visible, Entry), Refusal> {
    let visible = Visible::of(parts, signed).await?;
    let denied = || Refusal::forbidden(&format!("{} access denied", kept.shape.class));
    let service = &parts.live.use_cases().catalogue;
    let of = EntryRef { kind: kept.kind, id };
    match catalogue::get_entry(service, &signed.request, signed.tenant(), of).await {
        Ok(entry) if is_visible(kept, &visible, signed, id) || signed.is_administrator() => Ok((visible, entry)),
        Ok(_) => Err(denied()),
        Err(ServiceError::NotFound(_)) if signed.sees_all() => Err(Refusal::no_such_object()),
        Err(ServiceError::NotFound(_) | ServiceError::Forbidden(_)) => Err(denied()),
        Err(error) => Err(error.into()),
    }
}

async fn show(
    kept: &'static Kept,
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<Json<Object>, Refusal> {
    let (_, entry) = find(kept, &parts, &signed, id).await?;
    Ok(Json(kept.shape.fill(entry.id, &object_of(&entry))))
}

/// The name by which an object is unique.
pub(crate) fn unique_name(kept: &Kept, object: &Object) -> Option<String> {
    let is_unique = matches!(kept.kind, EntryKind::Driver | EntryKind::Order);
    is_unique.then(|| text(object, "uniqueId").map(str::to_owned)).flatten()
}

fn check(kept: &Kept, fleet: &FleetView, id: Option<i64>, object: &Object) -> Result<(), Refusal> {
    if let Some((name, column)) = kept.needs
        && object.get(name).is_none_or(|value| value.is_null() || value.as_i64() == Some(0))
    {
        return Err(Refusal::null(column));
    }
    if kept.kind == EntryKind::Calendar {
        check_calendar(text(object, "data").unwrap_or_default())?;
    }
    if kept.kind == EntryKind::Group
        && id.is_some_and(|id| {
            whole(object, "groupId") == id || fleet.groups_from(whole(object, "groupId")).contains(&id)
        })
    {
        return Err(Refusal::failed("java.lang.IllegalArgumentException: Cycle in group hierarchy"));
    }
    Ok(())
}

pub(crate) fn check_calendar(data: &str) -> Result<(), Refusal> {
    let bytes = STANDARD.decode(data).map_err(|_| Refusal::unreadable("Cannot decode the calendar's data"))?;
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().next().unwrap_or_default();
    if first.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case("BEGIN:VCALENDAR") {
        return Ok(());
    }
    Err(Refusal::unreadable(format!(
        "net.fortuna.ical4j.data.ParserException: Error at line 1:Expected [BEGIN], read [{first}] (through reference chain: org.traccar.model.Calendar[\"data\"])"
    )))
}

async fn taken(kept: &Kept, parts: &TraccarParts, signed: &Signed, name: Option<&str>, error: ServiceError) -> Refusal {
    let ServiceError::Conflict(text) = &error else { return error.into() };
    if !text.starts_with("catalogue entry") {
        return error.into();
    }
    let entries = entries_of(kept, parts, signed).await.unwrap_or_default();
    let holder = entries.iter().find(|entry| entry.name.as_deref() == name).map_or(0, |entry| entry.id);
    let unique = if kept.kind == EntryKind::Order { Unique::ORDER } else { Unique::DRIVER };
    Refusal::taken(unique, holder, name.unwrap_or_default())
}

async fn add(
    kept: &'static Kept,
    State(parts): State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    require_change(kept, &signed)?;
    let mut object = kept.shape.read(&body)?;
    let (use_cases, tenant) = (parts.live.use_cases(), signed.tenant());
    let fleet = parts.directory.view(use_cases, tenant, signed.now()).await?;
    check(kept, &fleet, None, &object)?;
    let own = |user: UserId| fleet.members(EntryKind::User, user.get(), kept.kind).len();
    if kept.kind == EntryKind::Notification && signed.user().is_some_and(|user| own(user) >= MAX_NOTIFICATIONS) {
        return Err(Refusal::forbidden("too many notifications of one user"));
    }
    object.remove("id");
    let name = unique_name(kept, &object);
    let body = EntryBody::of_parsed(written(&object))?;
    let new = NewEntry { kind: kept.kind, id: None, name: name.clone(), body };
    let entry = match catalogue::put_entry(&use_cases.catalogue, &signed.request, tenant, &new).await {
        Ok(entry) => entry,
        Err(error) => return Err(taken(kept, &parts, &signed, name.as_deref(), error).await),
    };
    if kept.kind == EntryKind::Notification
        && let Some(user) = signed.user()
    {
        let end = |kind, id| EntryRef { kind, id };
        let link = Link { owner: end(EntryKind::User, user.get()), member: end(kept.kind, entry.id) };
        catalogue::add_link(&use_cases.catalogue, &signed.request, tenant, link).await?;
    }
    parts.directory.mark_changed(tenant);
    Ok(Json(kept.shape.fill(entry.id, &object)))
}

async fn change(
    kept: &'static Kept,
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    let mut object = kept.shape.read(&body)?;
    let (visible, known) = find(kept, &parts, &signed, id).await?;
    require_change(kept, &signed)?;
    check(kept, &visible.fleet, Some(id), &object)?;
    object.remove("id");
    let name = unique_name(kept, &object);
    let entry = Entry { name: name.clone(), body: EntryBody::of_parsed(written(&object))?, ..known };
    let service = &parts.live.use_cases().catalogue;
    if let Err(error) = catalogue::change_entry(service, &signed.request, signed.tenant(), &entry).await {
        return Err(taken(kept, &parts, &signed, name.as_deref(), error).await);
    }
    parts.directory.mark_changed(signed.tenant());
    Ok(Json(kept.shape.fill(id, &object)))
}

/// Removes an object. One that is not there is gone already.
async fn remove(
    kept: &'static Kept,
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    if !signed.sees_all() && !is_visible(kept, &visible, &signed, id) {
        return Err(Refusal::forbidden(&format!("{} access denied", kept.shape.class)));
    }
    require_change(kept, &signed)?;
    let is_others = kept.kind == EntryKind::Notification && !is_visible(kept, &visible, &signed, id);
    if is_others && !signed.is_administrator() {
        return Ok(StatusCode::NO_CONTENT);
    }
    let of = EntryRef { kind: kept.kind, id };
    catalogue::remove_entry(&parts.live.use_cases().catalogue, &signed.request, signed.tenant(), of).await?;
    parts.directory.mark_changed(signed.tenant());
    Ok(StatusCode::NO_CONTENT)
}
