//! `/api/devices`: a device together with its vehicle.

use crate::TraccarParts;
use crate::convert::{KMH_OF_KNOT, device_object};
use crate::extract::{Id, JsonBody, Params, Signed};
use crate::fleet::{DeviceView, FleetView, scope_of};
use crate::handlers::permissions::{forget_group, give_group};
use crate::refusal::{Refusal, Unique};
use crate::shape::{Object, text, whole, written};
use crate::wire::{DEVICE, DEVICE_EXTRAS};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{
    Action, Device, DeviceId, Entry, EntryBody, EntryKind, ExpectedVersion, Label, PastAssignments, Position, SpeedKmh,
    UniqueId, Vehicle, VehicleId, VehicleKind,
};
use milepost_service::{LiveVehicle, Once, ServiceError, catalogue, devices, vehicles};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The kind of a vehicle without a category.
const USUAL_KIND: &str = "car";

/// The fleet of the caller's tenant, and the vehicles that it may see.
pub(crate) struct Visible {
    pub(crate) fleet: Arc<FleetView>,
    pub(crate) live: HashMap<VehicleId, LiveVehicle>,
}

impl Visible {
    pub(crate) async fn of(parts: &TraccarParts, signed: &Signed) -> Result<Self, Refusal> {
        let use_cases = parts.live.use_cases();
        let mut fleet = parts.directory.view(use_cases, signed.tenant(), signed.now()).await?;
        let seen = vehicles::watched_vehicles(&use_cases.vehicles, signed.tenant(), &signed.scope()).await?;
        if seen.iter().any(|live| !fleet.devices.contains_key(&live.vehicle.id)) {
            // It was added elsewhere a moment ago, and its event is still on its way.
            parts.directory.mark_changed(signed.tenant());
            fleet = parts.directory.view(use_cases, signed.tenant(), signed.now()).await?;
        }
        let live = seen.into_iter().map(|live| (live.vehicle.id.clone(), live)).collect();
        Ok(Self { fleet, live })
    }

    /// The devices that the caller may see, by name.
    pub(crate) fn devices(&self) -> Vec<&Arc<DeviceView>> {
        let mut list: Vec<_> = self.live.keys().filter_map(|id| self.fleet.devices.get(id)).collect();
        list.sort_by(|a, b| (a.vehicle.label.as_str(), a.number).cmp(&(b.vehicle.label.as_str(), b.number)));
        list
    }

    /// The device with this number, if the caller may see it.
    pub(crate) fn numbered(&self, number: i64) -> Option<&Arc<DeviceView>> {
        self.fleet.numbered(number).filter(|device| self.live.contains_key(&device.vehicle.id))
    }

    /// The device of a path: one that there is not is 404 to who sees all, one that others have is refused.
    pub(crate) fn require(&self, signed: &Signed, number: i64) -> Result<&Arc<DeviceView>, Refusal> {
        match self.numbered(number) {
            Some(device) => Ok(device),
            None if signed.sees_all() => Err(Refusal::no_such_object()),
            None => Err(Refusal::forbidden("Device access denied")),
        }
    }

    /// The latest position of a device.
    pub(crate) fn last(&self, device: &DeviceView) -> Option<&Position> {
        self.live.get(&device.vehicle.id).and_then(|live| live.last.as_ref())
    }
}

/// The devices that the caller may see.
pub(crate) async fn list_devices(
    State(parts): State<TraccarParts>,
    signed: Signed,
    params: Params,
) -> Result<Json<Vec<Object>>, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let (ids, uniques) = (params.numbers("id")?, params.texts("uniqueId").collect::<Vec<_>>());
    let mut list: Vec<&Arc<DeviceView>> = if ids.is_empty() && uniques.is_empty() {
        visible.devices()
    } else {
        let all = visible.devices();
        let by_unique = |unique: &&str| all.iter().copied().filter(|one| one.unique_id == **unique).collect::<Vec<_>>();
        uniques.iter().flat_map(by_unique).chain(ids.iter().filter_map(|id| visible.numbered(*id))).collect()
    };
    let user = params.number("userId")?;
    if user > 0 {
        if !signed.is_administrator() && signed.user().map(milepost_domain::UserId::get) != Some(user) {
            return Err(Refusal::forbidden("User access denied"));
        }
        let scope = visible.fleet.user(user).map(|user| scope_of(user, signed.tenant()));
        list.retain(|one| scope.as_ref().is_some_and(|scope| scope.holds(&one.vehicle.id, one.vehicle.driver_id)));
    }
    if let Some(keyword) = params.text("keyword").filter(|keyword| !keyword.is_empty()) {
        let keyword = keyword.to_lowercase();
        list.retain(|one| {
            let extra = |name: &str| text(&one.extras, name).unwrap_or_default().to_owned();
            let texts = [
                one.vehicle.label.as_str().to_owned(),
                one.unique_id.clone(),
                extra("phone"),
                extra("model"),
                extra("contact"),
            ];
            texts.iter().any(|text| text.to_lowercase().contains(&keyword))
        });
    }
    let bare = params.flag("excludeAttributes");
    let write = |one: &Arc<DeviceView>| {
        let mut object = device_object(one, visible.last(one), signed.now());
        if bare {
            object.insert("attributes".to_owned(), Value::Object(Object::new()));
        }
        object
    };
    Ok(Json(params.page(list)?.into_iter().map(write).collect()))
}

/// One device.
pub(crate) async fn get_device(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<Json<Object>, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let device = visible.require(&signed, id)?;
    Ok(Json(device_object(device, visible.last(device), signed.now())))
}

pub(crate) fn extras_of(object: &Object) -> Object {
    let mut extras = object.clone();
    extras.retain(|name, _| DEVICE_EXTRAS.contains(&name.as_str()));
    extras
}

pub(crate) fn kind_of(object: &Object) -> Result<VehicleKind, Refusal> {
    Ok(VehicleKind::new(text(object, "category").filter(|category| !category.is_empty()).unwrap_or(USUAL_KIND))?)
}

/// The speed limit that a device's attributes give, in knots there.
pub(crate) fn limit_of(object: &Object) -> Option<SpeedKmh> {
    let knots = object.get("attributes")?.get("speedLimit")?.as_f64().filter(|knots| *knots > 0.0)?;
    // Without the digits that a conversion leaves.
    SpeedKmh::new((knots * KMH_OF_KNOT * 1e6).round() / 1e6).ok()
}

pub(crate) fn label_of(object: &Object) -> Result<Label, Refusal> {
    let name = text(object, "name").filter(|name| !name.trim().is_empty()).ok_or_else(|| Refusal::null("NAME"))?;
    Ok(Label::new(name.trim())?)
}

pub(crate) fn unique_id_of(object: &Object) -> Result<UniqueId, Refusal> {
    let text = text(object, "uniqueId").filter(|id| !id.trim().is_empty()).ok_or_else(|| Refusal::null("UNIQUEID"))?;
    Ok(UniqueId::new(text.trim())?)
}

/// Another tenant's device is not named.
fn taken(fleet: &FleetView, unique_id: &UniqueId) -> Refusal {
    let holder = fleet.devices.values().find(|device| device.unique_id == unique_id.as_str());
    Refusal::taken(Unique::DEVICE, holder.map_or(0, |device| device.number), unique_id.as_str())
}

/// Adds a device and the vehicle that it is in.
pub(crate) async fn add_device(
    State(parts): State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    let object = DEVICE.read(&body)?;
    signed.require_edit(Action::ManageVehicles)?;
    signed.require_edit(Action::ManageDevices)?;
    let (label, unique_id, kind) = (label_of(&object)?, unique_id_of(&object)?, kind_of(&object)?);
    let use_cases = parts.live.use_cases();
    let (tenant, request) = (signed.tenant(), &signed.request);
    let fleet = parts.directory.view(use_cases, tenant, signed.now()).await?;
    if fleet.devices.values().any(|known| known.device.is_some() && known.unique_id == unique_id.as_str()) {
        return Err(taken(&fleet, &unique_id));
    }
    let vehicle = |id| Vehicle { speed_limit: limit_of(&object), ..Vehicle::new(id, kind.clone(), label.clone()) };
    // Both have the name that the device gives itself, if that can be an id and no other has it.
    let named = VehicleId::new(unique_id.as_str()).ok().filter(|id| !fleet.devices.contains_key(id));
    let vehicle_id = named.map_or_else(|| fresh_id(&unique_id, signed.now()), Ok)?;
    vehicles::add_vehicle(&use_cases.vehicles, request, tenant, vehicle(vehicle_id.clone()), &Once::unclaimed())
        .await?;
    let device = Device {
        id: DeviceId::new(vehicle_id.as_str())?,
        tenant: tenant.clone(),
        vehicle_id: vehicle_id.clone(),
        past_vehicles: PastAssignments::default(),
        name: Some(label.clone()),
        unique_id: Some(unique_id.clone()),
        protocol: None,
        utc_offset: None,
        sack: false,
        version: 0,
    };
    if let Err(error) = devices::add_device(&use_cases.devices, request, device, &Once::unclaimed()).await {
        let any = ExpectedVersion::Any;
        vehicles::remove_vehicle(&use_cases.vehicles, request, tenant, &vehicle_id, &any).await?;
        return Err(match error {
            ServiceError::Conflict(_) => taken(&fleet, &unique_id),
            other => other.into(),
        });
    }
    catalogue::number_vehicles(&use_cases.catalogue, tenant, std::slice::from_ref(&vehicle_id), signed.now()).await?;
    parts.directory.mark_changed(tenant);
    let fleet = parts.directory.view(use_cases, tenant, signed.now()).await?;
    let added = fleet.devices.get(&vehicle_id).ok_or_else(Refusal::no_such_object)?;
    put_extras(&parts, &signed, added, extras_of(&object)).await?;
    give_group(&parts, &signed, &vehicle_id, whole(&object, "groupId")).await?;
    show(&parts, &signed, &vehicle_id).await
}

/// An id for a device whose own name can't be one.
fn fresh_id(unique_id: &UniqueId, now: milepost_domain::Timestamp) -> Result<VehicleId, Refusal> {
    let plain: String = unique_id.as_str().chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    Ok(VehicleId::new(&format!("{plain}-{:x}", now.unix_ms()))?)
}

async fn put_extras(parts: &TraccarParts, signed: &Signed, device: &DeviceView, extras: Object) -> Result<(), Refusal> {
    let entry = Entry {
        kind: EntryKind::Vehicle,
        id: device.number,
        name: Some(device.vehicle.id.to_string()),
        body: EntryBody::of_parsed(written(&extras))?,
    };
    catalogue::change_entry(&parts.live.use_cases().catalogue, &signed.request, signed.tenant(), &entry).await?;
    parts.directory.mark_changed(signed.tenant());
    Ok(())
}

async fn show(parts: &TraccarParts, signed: &Signed, vehicle: &VehicleId) -> Result<Json<Object>, Refusal> {
    let visible = Visible::of(parts, signed).await?;
    let device = visible.fleet.devices.get(vehicle).ok_or_else(Refusal::no_such_object)?;
    Ok(Json(device_object(device, visible.last(device), signed.now())))
}

/// Changes a device, its vehicle, and what the catalogue adds.
pub(crate) async fn change_device(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    let object = DEVICE.read(&body)?;
    let visible = Visible::of(&parts, &signed).await?;
    let known = Arc::clone(visible.require(&signed, id)?);
    signed.require_edit(Action::ManageVehicles)?;
    signed.require_edit(Action::ManageDevices)?;
    let (label, unique_id, kind) = (label_of(&object)?, unique_id_of(&object)?, kind_of(&object)?);
    let (use_cases, tenant, request) = (parts.live.use_cases(), signed.tenant(), &signed.request);
    let others = visible.fleet.devices.values().filter(|one| one.device.is_some() && one.number != known.number);
    if others.into_iter().any(|other| other.unique_id == unique_id.as_str()) {
        return Err(taken(&visible.fleet, &unique_id));
    }
    let (limit, any) = (limit_of(&object), ExpectedVersion::Any);
    let keeps_kind = text(&object, "category").is_none();
    let change = |vehicle: Vehicle| Vehicle {
        kind: if keeps_kind { vehicle.kind.clone() } else { kind.clone() },
        label: label.clone(),
        speed_limit: limit.or(vehicle.speed_limit.filter(|_| limit_of(&known.extras).is_none())),
        ..vehicle
    };
    vehicles::change_vehicle(&use_cases.vehicles, request, tenant, &known.vehicle.id, &any, change).await?;
    if let Some(device) = &known.device {
        let change = |device: Device| Device {
            name: Some(label.clone()),
            unique_id: if device.unique_id.is_none() && unique_id.as_str() == known.unique_id {
                None
            } else {
                Some(unique_id.clone())
            },
            ..device
        };
        devices::change_device(&use_cases.devices, request, tenant, device, &any, change).await.map_err(|error| {
            match error {
                ServiceError::Conflict(_) => taken(&visible.fleet, &unique_id),
                other => other.into(),
            }
        })?;
    }
    put_extras(&parts, &signed, &known, extras_of(&object)).await?;
    let (before, after) = (whole(&known.extras, "groupId"), whole(&object, "groupId"));
    if before != after {
        forget_group(&parts, &signed, &known.vehicle.id, before).await?;
        give_group(&parts, &signed, &known.vehicle.id, after).await?;
    }
    show(&parts, &signed, &known.vehicle.id).await
}

/// Removes a device with its vehicle and what that drove. One that is not there is gone already.
pub(crate) async fn remove_device(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    let visible = Visible::of(&parts, &signed).await?;
    let vehicle = match visible.require(&signed, id) {
        Ok(device) => device.vehicle.id.clone(),
        Err(_) if signed.sees_all() => return Ok(StatusCode::NO_CONTENT),
        Err(refusal) => return Err(refusal),
    };
    signed.require_edit(Action::ManageVehicles)?;
    let (use_cases, tenant) = (parts.live.use_cases(), signed.tenant());
    match vehicles::remove_vehicle(&use_cases.vehicles, &signed.request, tenant, &vehicle, &ExpectedVersion::Any).await
    {
        Ok(()) | Err(ServiceError::NotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    parts.directory.mark_changed(tenant);
    Ok(StatusCode::NO_CONTENT)
}

/// The counters of a device: the odometer that its distances count on from.
pub(crate) async fn set_accumulators(
    State(parts): State<TraccarParts>,
    Id(id): Id,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<StatusCode, Refusal> {
    let object = crate::shape::parse_object(&body)?;
    let visible = Visible::of(&parts, &signed).await?;
    let vehicle = visible.require(&signed, id)?.vehicle.id.clone();
    signed.require_edit(Action::ManageVehicles)?;
    if let Some(metres) = object.get("totalDistance").and_then(Value::as_f64) {
        let odometer = milepost_domain::OdometerKm::new(metres / 1000.0)?;
        let change = |vehicle: Vehicle| Vehicle { odometer: Some(odometer), ..vehicle };
        let service = &parts.live.use_cases().vehicles;
        let any = ExpectedVersion::Any;
        vehicles::change_vehicle(service, &signed.request, signed.tenant(), &vehicle, &any, change).await?;
    }
    parts.directory.mark_changed(signed.tenant());
    Ok(StatusCode::NO_CONTENT)
}
