//! `/api/permissions`: who has what. Devices of a user are the vehicles that it may see; geofences of a device are those that are for
//! its vehicle; everything else is a link of the catalogue.

use crate::TraccarParts;
use crate::extract::{JsonBody, Params, Signed};
use crate::fleet::FleetView;
use crate::handlers::devices::Visible;
use crate::handlers::geofences::set_vehicles;
use crate::refusal::Refusal;
use crate::wire::KEPT;
use axum::Json;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Action, EntryKind, EntryRef, ExpectedVersion, Link, UserId, VehicleId, VehicleScope, may};
use milepost_service::catalogue;
use milepost_service::users::{self, UserChange};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// Links in one request.
const MAX_BULK: usize = 1_000;
/// Vehicles of one user.
const MAX_VEHICLES: usize = 10_000;

/// One link as it is sent. The order of its keys counts: first who has it, then what it has.
struct Sent(Vec<(String, i64)>);

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Sent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of two numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sent, A::Error> {
                let mut keys = Vec::new();
                while let Some(entry) = map.next_entry::<String, i64>()? {
                    keys.push(entry);
                }
                Ok(Sent(keys))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// The kinds of a key.
fn kind_of(key: &str) -> Option<EntryKind> {
    Some(match key {
        "userId" | "managedUserId" => EntryKind::User,
        "deviceId" | "linkedDeviceId" => EntryKind::Vehicle,
        "geofenceId" => EntryKind::Geofence,
        other => KEPT.iter().find(|kept| kept.key == other)?.kind,
    })
}

fn table_of(key: &str) -> String {
    key.strip_suffix("Id").unwrap_or(key).to_uppercase()
}

/// The class that a refusal names.
fn class_of(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::User => "User",
        EntryKind::Vehicle => "Device",
        EntryKind::Geofence => "Geofence",
        other => KEPT.iter().find(|kept| kept.kind == other).map_or("Object", |kept| kept.shape.class),
    }
}

fn link_of(sent: &Sent) -> Result<Link, Refusal> {
    let [(owner_key, owner), (member_key, member)] = sent.0.as_slice() else {
        return Err(Refusal::missing("a permission has two keys"));
    };
    let unknown =
        || Refusal::missing("Cannot invoke \"java.lang.Class.getSimpleName()\" because \"<parameter2>\" is null");
    let (owner_kind, member_kind) = (kind_of(owner_key).ok_or_else(unknown)?, kind_of(member_key).ok_or_else(unknown)?);
    let can_own = matches!(
        (owner_kind, member_kind),
        (EntryKind::User, _)
            | (EntryKind::Group | EntryKind::Vehicle, EntryKind::Geofence | EntryKind::Driver | EntryKind::Computed)
            | (EntryKind::Group | EntryKind::Vehicle, EntryKind::Command | EntryKind::Maintenance)
            | (EntryKind::Group | EntryKind::Vehicle, EntryKind::Notification | EntryKind::Order | EntryKind::Report)
    );
    if !can_own {
        let table = format!("TC_{}_{}", table_of(owner_key), table_of(member_key));
        return Err(Refusal::no_such_table(&table));
    }
    let end = |kind, id: &i64| EntryRef { kind, id: *id };
    Ok(Link { owner: end(owner_kind, owner), member: end(member_kind, member) })
}

/// Adds one link.
pub(crate) async fn add_permission(
    state: State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Refusal> {
    change_all(state, signed, vec![read(&body)?], true).await
}

/// Removes one link.
pub(crate) async fn remove_permission(
    state: State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Refusal> {
    change_all(state, signed, vec![read(&body)?], false).await
}

/// Adds several links.
pub(crate) async fn add_permissions(
    state: State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Refusal> {
    change_all(state, signed, read(&body)?, true).await
}

/// Removes several links.
pub(crate) async fn remove_permissions(
    state: State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Refusal> {
    change_all(state, signed, read(&body)?, false).await
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::unreadable(crate::shape::unexpected(body, &error)))
}

async fn change_all(
    State(parts): State<TraccarParts>,
    signed: Signed,
    sent: Vec<Sent>,
    is_given: bool,
) -> Result<StatusCode, Refusal> {
    if sent.len() > MAX_BULK {
        return Err(Refusal::too_large());
    }
    let links = sent.iter().map(link_of).collect::<Result<Vec<_>, _>>()?;
    for link in links {
        let visible = Visible::of(&parts, &signed).await?;
        require(&visible, &signed, link)?;
        change(&parts, &signed, &visible.fleet, link, is_given).await?;
        parts.directory.mark_changed(signed.tenant());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A caller links what it may see.
fn require(visible: &Visible, signed: &Signed, link: Link) -> Result<(), Refusal> {
    if signed.is_administrator() {
        return Ok(());
    }
    for end in [link.owner, link.member] {
        let sees = match end.kind {
            EntryKind::User => signed.user().map(UserId::get) == Some(end.id),
            EntryKind::Vehicle => visible.numbered(end.id).is_some(),
            _ => {
                signed.sees_all()
                    || signed
                        .user()
                        .is_some_and(|user| visible.fleet.has(EntryKind::User, user.get(), end.kind, end.id))
            }
        };
        if !sees {
            return Err(Refusal::forbidden(&format!("{} access denied", class_of(end.kind))));
        }
    }
    Ok(())
}

async fn change(
    parts: &TraccarParts,
    signed: &Signed,
    fleet: &FleetView,
    link: Link,
    is_given: bool,
) -> Result<(), Refusal> {
    for end in [link.owner, link.member] {
        let exists = match end.kind {
            EntryKind::Vehicle => fleet.numbered(end.id).is_some(),
            EntryKind::User => fleet.user(end.id).is_some(),
            EntryKind::Group => fleet.groups.contains_key(&end.id),
            _ => true,
        };
        if !exists && is_given {
            let class = |kind| class_of(kind).to_uppercase();
            let table = format!("{}_{}", class(link.owner.kind), class(link.member.kind));
            let (column, of) = (format!("{}ID", class(end.kind)), format!("{}S", class(end.kind)));
            return Err(Refusal::no_such_member(&table, &column, &of, end.id));
        }
        if !exists {
            return Ok(());
        }
    }
    let one = |id| fleet.numbered(id).map(|device| vec![device.vehicle.id.clone()]).unwrap_or_default();
    let of_group = |id| fleet.devices_in(id).map(|device| device.vehicle.id.clone()).collect::<Vec<_>>();
    match (link.owner.kind, link.member.kind) {
        (EntryKind::User, EntryKind::Vehicle) => {
            return set_vehicles_of(parts, signed, fleet, link.owner.id, &one(link.member.id), is_given).await;
        }
        (EntryKind::User, EntryKind::Group) => {
            store(parts, signed, link, is_given).await?;
            let mut vehicles = of_group(link.member.id);
            if !is_given {
                // Those that another group of the user has stay.
                let mut groups = fleet.members(EntryKind::User, link.owner.id, EntryKind::Group);
                groups.remove(&link.member.id);
                vehicles.retain(|id| {
                    fleet
                        .devices
                        .get(id)
                        .is_none_or(|device| !fleet.groups_of(device).iter().any(|g| groups.contains(g)))
                });
            }
            return set_vehicles_of(parts, signed, fleet, link.owner.id, &vehicles, is_given).await;
        }
        (EntryKind::Vehicle, EntryKind::Geofence) => {
            signed.require_edit(Action::ManageGeofences)?;
            return set_vehicles(parts, signed, fleet, link.member.id, one(link.owner.id), is_given).await;
        }
        (EntryKind::Group, EntryKind::Geofence) => {
            signed.require_edit(Action::ManageGeofences)?;
            set_vehicles(parts, signed, fleet, link.member.id, of_group(link.owner.id), is_given).await?;
        }
        _ => {}
    }
    store(parts, signed, link, is_given).await
}

async fn store(parts: &TraccarParts, signed: &Signed, link: Link, is_given: bool) -> Result<(), Refusal> {
    let service = &parts.live.use_cases().catalogue;
    if is_given {
        catalogue::add_link(service, &signed.request, signed.tenant(), link).await?;
    } else {
        catalogue::remove_link(service, &signed.request, signed.tenant(), link).await?;
    }
    Ok(())
}

/// Gives a user vehicles to see, or takes them away. Who sees the whole fleet by its role has nothing to be given.
async fn set_vehicles_of(
    parts: &TraccarParts,
    signed: &Signed,
    fleet: &FleetView,
    user: i64,
    vehicles: &[VehicleId],
    is_given: bool,
) -> Result<(), Refusal> {
    let Some(known) = fleet.user(user) else { return Ok(()) };
    if crate::fleet::scope_of(known, signed.tenant()) == VehicleScope::All {
        return Ok(());
    }
    let mut list: BTreeSet<VehicleId> = known.vehicle_ids.iter().cloned().collect();
    for vehicle in vehicles {
        if is_given {
            list.insert(vehicle.clone());
        } else {
            list.remove(vehicle);
        }
    }
    if list.len() > MAX_VEHICLES {
        return Err(Refusal::forbidden("too many devices of one user"));
    }
    let list: Vec<VehicleId> = list.into_iter().collect();
    if list.len() == known.vehicle_ids.len() && list.iter().all(|id| known.vehicle_ids.contains(id)) {
        return Ok(());
    }
    if !may(signed.caller(), Action::ManageUsers, signed.tenant()) {
        return Err(Refusal::forbidden("Write access denied"));
    }
    let change = UserChange { vehicle_ids: Some(list), ..UserChange::default() };
    let service = &parts.live.use_cases().users;
    users::change_user(service, &signed.request, known.id, &ExpectedVersion::Any, change).await?;
    parts.directory.mark_changed(signed.tenant());
    Ok(())
}

/// A vehicle came into a group: what the group has, it has too.
pub(crate) async fn give_group(
    parts: &TraccarParts,
    signed: &Signed,
    vehicle: &VehicleId,
    group: i64,
) -> Result<(), Refusal> {
    follow_group(parts, signed, vehicle, group, true).await
}

/// A vehicle left a group.
pub(crate) async fn forget_group(
    parts: &TraccarParts,
    signed: &Signed,
    vehicle: &VehicleId,
    group: i64,
) -> Result<(), Refusal> {
    follow_group(parts, signed, vehicle, group, false).await
}

async fn follow_group(
    parts: &TraccarParts,
    signed: &Signed,
    vehicle: &VehicleId,
    group: i64,
    is_given: bool,
) -> Result<(), Refusal> {
    if group == 0 {
        return Ok(());
    }
    let fleet = parts.directory.view(parts.live.use_cases(), signed.tenant(), signed.now()).await?;
    let groups = fleet.groups_from(group);
    let has = |owner, id: i64, member| {
        groups.iter().any(|group| match owner {
            EntryKind::User => fleet.has(EntryKind::User, id, EntryKind::Group, *group),
            _ => fleet.has(EntryKind::Group, *group, member, id),
        })
    };
    let users: Vec<i64> =
        fleet.users().map(|user| user.id.get()).filter(|id| has(EntryKind::User, *id, EntryKind::Group)).collect();
    for user in users {
        set_vehicles_of(parts, signed, &fleet, user, std::slice::from_ref(vehicle), is_given).await?;
    }
    let areas: Vec<i64> =
        fleet.areas.iter().map(|area| area.id).filter(|id| has(EntryKind::Group, *id, EntryKind::Geofence)).collect();
    for area in areas {
        set_vehicles(parts, signed, &fleet, area, vec![vehicle.clone()], is_given).await?;
    }
    Ok(())
}

/// The links between two kinds, for administrators. The first parameter is who has, the second what; 0 stands for all.
pub(crate) async fn list_permissions(
    State(parts): State<TraccarParts>,
    signed: Signed,
    RawQuery(query): RawQuery,
    _: Params,
) -> Result<Json<Vec<Value>>, Refusal> {
    signed.require_administrator()?;
    let query = query.unwrap_or_default();
    let keys: Vec<(&str, i64)> = query
        .split('&')
        .take(2)
        .filter_map(|part| part.split_once('='))
        .map(|(key, id)| Ok((key, id.parse().map_err(|_| Refusal::bad_query())?)))
        .collect::<Result<_, Refusal>>()?;
    let [(owner_key, owner), (member_key, member)] = keys.as_slice() else {
        return Err(Refusal::failed("java.lang.ArrayIndexOutOfBoundsException: Index 1 out of bounds for length 1"));
    };
    let sent = Sent(vec![((*owner_key).to_owned(), *owner), ((*member_key).to_owned(), *member)]);
    let link = link_of(&sent)?;
    let fleet = parts.directory.view(parts.live.use_cases(), signed.tenant(), signed.now()).await?;
    let mut pairs: Vec<(i64, i64)> = match (link.owner.kind, link.member.kind) {
        (EntryKind::User, EntryKind::Vehicle) => {
            let of = |user: &milepost_domain::User| {
                let numbers =
                    user.vehicle_ids.iter().filter_map(|id| fleet.devices.get(id)).map(|device| device.number);
                numbers.map(|number| (user.id.get(), number)).collect::<Vec<_>>()
            };
            fleet.users().flat_map(of).collect()
        }
        (EntryKind::Vehicle, EntryKind::Geofence) => {
            let of = |area: &crate::fleet::Area| {
                let numbers =
                    fleet.devices.values().filter(|device| area.is_for(&device.vehicle.id)).map(|device| device.number);
                numbers.map(|number| (number, area.id)).collect::<Vec<_>>()
            };
            fleet.areas.iter().flat_map(of).collect()
        }
        (owner_kind, member_kind) => fleet.pairs(owner_kind, member_kind),
    };
    pairs.retain(|(of, what)| (*owner == 0 || of == owner) && (*member == 0 || what == member));
    pairs.sort_unstable();
    let write = |(of, what): &(i64, i64)| json!({ owner_key.to_uppercase(): of, member_key.to_uppercase(): what });
    Ok(Json(pairs.iter().map(write).collect()))
}
