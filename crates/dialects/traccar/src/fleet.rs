//! A tenant's fleet as this API's clients know it: devices with numbers, groups, links, notifications and areas.

use crate::shape::{Object, flag, text, whole};
use crate::time::zone_named;
use jiff::tz::TimeZone;
use milepost_domain::{
    Action, Caller, Device, DeviceId, Entry, EntryKind, EntryRef, Geofence, GeofenceDescription, Link, Principal,
    TenantId, User, Vehicle, VehicleId, VehicleScope,
};
use milepost_geo::{Fence, FenceIndex, Point};
use milepost_service::fleet::build_fence;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Groups within groups, beyond which nothing is looked up.
const MAX_DEPTH: usize = 10;

/// A device together with its vehicle.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeviceView {
    /// Its number, which stays.
    pub(crate) number: i64,
    /// What it is here.
    pub(crate) vehicle: Arc<Vehicle>,
    /// The first device of the vehicle.
    pub(crate) device: Option<DeviceId>,
    /// How the device names itself; without a name of its own, what it is called here.
    pub(crate) unique_id: String,
    /// The protocol that it may use.
    pub(crate) protocol: &'static str,
    /// What the catalogue adds.
    pub(crate) extras: Object,
}

/// An area on the map.
pub(crate) struct Area {
    pub(crate) id: i64,
    pub(crate) description: GeofenceDescription,
    fence: Fence,
}

/// What a tenant's fleet is made of, read at one time.
pub(crate) struct FleetView {
    pub(crate) devices: HashMap<VehicleId, Arc<DeviceView>>,
    by_number: HashMap<i64, VehicleId>,
    pub(crate) groups: HashMap<i64, Object>,
    pub(crate) notifications: HashMap<i64, Object>,
    links: HashSet<Link>,
    users: HashMap<i64, User>,
    pub(crate) areas: Vec<Area>,
    index: FenceIndex,
    pub(crate) settings: Object,
}

/// What is read from the store.
pub(crate) struct FleetParts {
    pub(crate) vehicles: Vec<Arc<Vehicle>>,
    pub(crate) devices: Vec<Device>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) groups: Vec<Entry>,
    pub(crate) notifications: Vec<Entry>,
    pub(crate) settings: Option<Entry>,
    pub(crate) links: Vec<Link>,
    pub(crate) users: Vec<User>,
    pub(crate) geofences: Vec<Geofence>,
}

impl Area {
    /// Whether it is for a vehicle.
    pub(crate) fn is_for(&self, vehicle: &VehicleId) -> bool {
        self.description.vehicles.as_ref().is_none_or(|list| list.holds(vehicle))
    }
}

pub(crate) fn object_of(entry: &Entry) -> Object {
    serde_json::from_str(entry.body.as_str()).unwrap_or_default()
}

fn objects_of(entries: &[Entry]) -> HashMap<i64, Object> {
    entries.iter().map(|entry| (entry.id, object_of(entry))).collect()
}

impl FleetView {
    /// Building fences takes its time: not on a thread that serves sockets.
    pub(crate) fn build(parts: FleetParts) -> Self {
        let mut of_vehicle: HashMap<VehicleId, Device> = HashMap::new();
        for device in parts.devices {
            of_vehicle.entry(device.vehicle_id.clone()).or_insert(device);
        }
        let mut entries: HashMap<String, Entry> =
            parts.entries.into_iter().filter_map(|entry| Some((entry.name.clone()?, entry))).collect();
        let groups: HashMap<i64, Object> = objects_of(&parts.groups);
        let mut devices = HashMap::with_capacity(parts.vehicles.len());
        let mut by_number = HashMap::with_capacity(parts.vehicles.len());
        for vehicle in parts.vehicles {
            let Some(entry) = entries.remove(vehicle.id.as_str()) else { continue };
            let device = of_vehicle.remove(&vehicle.id);
            let named = device.as_ref().and_then(|device| device.unique_id.as_ref());
            let unique_id = named.map_or_else(|| vehicle.id.to_string(), ToString::to_string);
            let protocol = device.as_ref().and_then(|device| device.protocol).map_or("milepost", |name| name.as_str());
            by_number.insert(entry.id, vehicle.id.clone());
            let mut extras = object_of(&entry);
            if extras.get("groupId").and_then(Value::as_i64).is_some_and(|group| !groups.contains_key(&group)) {
                extras.insert("groupId".to_owned(), 0.into());
            }
            let view = DeviceView {
                number: entry.id,
                device: device.map(|device| device.id),
                unique_id,
                protocol,
                extras,
                vehicle: Arc::clone(&vehicle),
            };
            devices.insert(vehicle.id.clone(), Arc::new(view));
        }
        let area = |geofence: Geofence| {
            let fence = build_fence(&geofence.description.geometry, geofence.description.shape).ok()?;
            Some(Area { id: geofence.id.get(), description: geofence.description, fence })
        };
        let areas: Vec<Area> = parts.geofences.into_iter().filter_map(area).collect();
        let index = FenceIndex::new(areas.iter().map(|area| &area.fence));
        Self {
            devices,
            by_number,
            groups,
            notifications: objects_of(&parts.notifications),
            links: parts.links.into_iter().collect(),
            users: parts.users.into_iter().map(|user| (user.id.get(), user)).collect(),
            areas,
            index,
            settings: parts.settings.as_ref().map(object_of).unwrap_or_default(),
        }
    }

    /// The device with this number.
    pub(crate) fn numbered(&self, number: i64) -> Option<&Arc<DeviceView>> {
        self.devices.get(self.by_number.get(&number)?)
    }

    /// The user with this number.
    pub(crate) fn user(&self, id: i64) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users.
    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Whether one object has another.
    pub(crate) fn has(&self, owner: EntryKind, owner_id: i64, member: EntryKind, id: i64) -> bool {
        let end = |kind, id| EntryRef { kind, id };
        self.links.contains(&Link { owner: end(owner, owner_id), member: end(member, id) })
    }

    /// The numbers of those of a kind that an object has.
    pub(crate) fn members(&self, owner: EntryKind, owner_id: i64, member: EntryKind) -> HashSet<i64> {
        let is_wanted =
            |link: &&Link| link.owner.kind == owner && link.owner.id == owner_id && link.member.kind == member;
        self.links.iter().filter(is_wanted).map(|link| link.member.id).collect()
    }

    /// All links between two kinds, by number.
    pub(crate) fn pairs(&self, owner: EntryKind, member: EntryKind) -> Vec<(i64, i64)> {
        let is_wanted = |link: &&Link| link.owner.kind == owner && link.member.kind == member;
        self.links.iter().filter(is_wanted).map(|link| (link.owner.id, link.member.id)).collect()
    }

    /// The group of a device and those that this is in.
    pub(crate) fn groups_of(&self, device: &DeviceView) -> Vec<i64> {
        self.groups_from(whole(&device.extras, "groupId"))
    }

    /// A group and those that it is in, the inner ones first.
    pub(crate) fn groups_from(&self, first: i64) -> Vec<i64> {
        let (mut found, mut next) = (Vec::new(), first);
        while next != 0 && found.len() < MAX_DEPTH && !found.contains(&next) {
            let Some(group) = self.groups.get(&next) else { break };
            found.push(next);
            next = whole(group, "groupId");
        }
        found
    }

    /// The devices of a group and of the groups in it.
    pub(crate) fn devices_in(&self, group: i64) -> impl Iterator<Item = &Arc<DeviceView>> {
        self.devices.values().filter(move |device| self.groups_of(device).contains(&group))
    }

    /// Whether a device has an object, by itself or by its groups.
    pub(crate) fn device_has(&self, device: &DeviceView, member: EntryKind, id: i64) -> bool {
        self.has(EntryKind::Vehicle, device.number, member, id)
            || self.groups_of(device).iter().any(|group| self.has(EntryKind::Group, *group, member, id))
    }

    /// The areas that hold a place and are for this vehicle.
    pub(crate) fn areas_at(&self, vehicle: &VehicleId, place: Point) -> Vec<i64> {
        let mut ids = Vec::new();
        self.index.near(place, 0.0, |at| {
            if let Some(area) = self.areas.get(at)
                && area.is_for(vehicle)
                && area.fence.contains(place)
            {
                ids.push(area.id);
            }
        });
        ids.sort_unstable();
        ids
    }

    /// The area with this number.
    pub(crate) fn area(&self, id: i64) -> Option<&Area> {
        self.areas.iter().find(|area| area.id == id)
    }

    /// The users that are told on their open pages of an event of this type about a device that they may see.
    pub(crate) fn told(&self, tenant: &TenantId, device: &DeviceView, kind: &str, alarm: Option<&str>) -> Vec<i64> {
        let wanted = self.notifications.iter().filter(|(id, object)| {
            text(object, "type") == Some(kind)
                && text(object, "notificators").unwrap_or_default().split(',').any(|one| one.trim() == "web")
                && (flag(object, "always") || self.device_has(device, EntryKind::Notification, **id))
                && alarm.is_none_or(|alarm| names_alarm(object, alarm))
        });
        let ids: HashSet<i64> = wanted.map(|(id, _)| *id).collect();
        let has_one =
            |user: &&User| ids.iter().any(|id| self.has(EntryKind::User, user.id.get(), EntryKind::Notification, *id));
        let sees = |user: &&User| scope_of(user, tenant).holds(&device.vehicle.id, device.vehicle.driver_id);
        if ids.is_empty() {
            return Vec::new();
        }
        self.users.values().filter(has_one).filter(sees).map(|user| user.id.get()).collect()
    }

    /// The time zone of texts and files for who chose none.
    pub(crate) fn zone(&self) -> TimeZone {
        zone_named(self.settings.get("attributes").and_then(|own| own.get("timezone")).and_then(Value::as_str))
    }

    /// The unit of speed in texts.
    pub(crate) fn speed_unit(&self) -> &str {
        self.settings.get("attributes").and_then(|own| own.get("speedUnit")).and_then(Value::as_str).unwrap_or("kn")
    }
}

/// A notification of alarms names those that it is for.
fn names_alarm(notification: &Object, alarm: &str) -> bool {
    let alarms = notification.get("attributes").and_then(|own| own.get("alarms")).and_then(Value::as_str);
    alarms.is_some_and(|alarms| alarms.split(',').any(|one| one.trim() == alarm))
}

/// The vehicles that a user may see.
pub(crate) fn scope_of(user: &User, tenant: &TenantId) -> VehicleScope {
    let principal = Principal::User {
        id: Some(user.id),
        subject: String::new(),
        role: user.role,
        cadet_id: user.cadet_id,
        vehicle_ids: user.vehicle_ids.clone(),
    };
    let caller = Caller { tenant: user.tenant.clone(), principal, expires_at: None };
    VehicleScope::of(&caller, Action::SeeVehicle, tenant)
}
