//! What the audit shows of things before and after a change: the names of their fields in the API, without secrets.

use crate::NewLogin;
use milepost_domain::{
    AccessToken, Device, Geofence, Label, OdometerKm, Parcel, Place, ReportGroup, ReportSchedule, RoamingFence, Scope,
    Share, SpeedKmh, Tenant, Timestamp, User, UserId, Vehicle, VehicleId, VehicleKind, VehicleSelection, Webhook,
};
use serde_json::{Value, json};

/// A longer text is left out, and its length is shown: geometries have up to a megabyte.
const MAX_TEXT_BYTES: usize = 4 * 1024;

pub(crate) fn tenant(tenant: &Tenant) -> Value {
    json!({ "id": tenant.id.as_str(), "name": tenant.name.as_str() })
}

pub(crate) fn user(user: &User) -> Value {
    json!({
        "username": user.username.as_str(),
        "role": user.role.as_str(),
        "tenant": user.tenant.as_str(),
        "approved": user.approved,
        "active": user.active,
        "cadet_id": user.cadet_id,
        "vehicle_ids": ids(&user.vehicle_ids),
        "email": user.contact.email.as_ref().map(milepost_domain::EmailAddress::as_str),
        "language": user.contact.language.map(|language| language.as_str()),
        "timezone": user.contact.timezone.as_ref().map(milepost_domain::ZoneName::as_str),
    })
}

pub(crate) fn has_password(new: &NewLogin) -> bool {
    new.password_hash.is_some()
}

pub(crate) fn vehicle(vehicle: &Vehicle) -> Value {
    let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned());
    json!({
        "kind": vehicle.kind.as_str(),
        "label": vehicle.label.as_str(),
        "license_plate": text(&vehicle.license_plate),
        "route": text(&vehicle.route),
        "status": vehicle.status.as_str(),
        "driver_id": vehicle.driver_id.map(UserId::get),
        "speed_limit_kmh": vehicle.speed_limit.map(SpeedKmh::get),
        "fuel_l_per_100km": vehicle.fuel_l_per_100km,
        "fuel_price_per_l": vehicle.fuel_price_per_l,
        "odometer_km": vehicle.odometer.map(OdometerKm::get),
        "service_due_km": vehicle.service_due_km.map(OdometerKm::get),
        "service_due_at": vehicle.service_due_at.map(|at| at.to_string()),
    })
}

pub(crate) fn device(device: &Device) -> Value {
    json!({ "vehicle_id": device.vehicle_id.as_str(), "name": device.name.as_ref().map(Label::as_str) })
}

pub(crate) fn webhook(webhook: &Webhook) -> Value {
    json!({ "url": webhook.url, "events": webhook.kinds, "active": webhook.disabled_at.is_none() })
}

pub(crate) fn geofence(geofence: &Geofence) -> Value {
    let description = &geofence.description;
    let on = [("enter", description.on.enter), ("exit", description.on.exit)];
    json!({
        "name": description.name.as_str(),
        "geometry": parsed(description.geometry.as_str()),
        "shape": description.shape.as_str(),
        "on": on.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect::<Vec<_>>(),
        "dwell_s": description.dwell.map(milepost_domain::DwellTime::seconds),
        "speed_limit_kmh": description.speed_limit.map(SpeedKmh::get),
        "vehicle_ids": description.vehicles.as_ref().map(|list| ids(list.as_slice())),
        "schedule": description.schedule.as_ref().map(|schedule| parsed(&crate::schedule::encode(schedule))),
    })
}

pub(crate) fn roaming_fence(fence: &RoamingFence) -> Value {
    let description = &fence.description;
    let on = [("meet", description.on.meet), ("part", description.on.part)];
    json!({
        "name": description.name.as_str(),
        "radius_m": description.radius.get(),
        "dwell_s": description.dwell.map(milepost_domain::DwellTime::seconds),
        "on": on.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect::<Vec<_>>(),
        "vehicles": selection(&description.vehicles),
        "others": description.others.as_ref().map(selection),
    })
}

/// Vehicles by their ids, kinds and routes, as they are stored too.
pub(crate) fn selection(selection: &VehicleSelection) -> Value {
    json!({
        "vehicle_ids": selection.vehicles.as_ref().map(|list| ids(list.as_slice())),
        "kinds": selection.kinds().iter().map(VehicleKind::as_str).collect::<Vec<_>>(),
        "routes": selection.routes().iter().map(Label::as_str).collect::<Vec<_>>(),
    })
}

pub(crate) fn parcel(parcel: &Parcel) -> Value {
    let place = |place: &Place| json!({ "lat": place.latitude.get(), "lng": place.longitude.get(), "address": place.address.as_str() });
    json!({
        "client_id": parcel.client_id.get(),
        "driver_id": parcel.driver_id.map(UserId::get),
        "status": parcel.status.as_str(),
        "pickup": place(&parcel.pickup),
        "destination": place(&parcel.destination),
    })
}

pub(crate) fn access_token(token: &AccessToken) -> Value {
    json!({
        "name": token.name.as_str(),
        "scopes": token.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "vehicle_ids": token.vehicle_ids.as_deref().map(ids),
        "created_by": token.created_by.map(UserId::get),
        "expires_at": token.expires_at.map(|at: Timestamp| at.to_string()),
    })
}

pub(crate) fn share(share: &Share) -> Value {
    json!({
        "name": share.name.as_str(),
        "vehicle_ids": ids(&share.vehicle_ids),
        "created_by": share.created_by.map(UserId::get),
        "expires_at": share.expires_at.to_string(),
    })
}

pub(crate) fn report_schedule(schedule: &ReportSchedule) -> Value {
    let order = &schedule.order;
    let receivers = schedule.receivers.iter().filter(|receiver| receiver.ended_at.is_none());
    json!({
        "name": order.name.as_str(),
        "owner_id": schedule.owner.get(),
        "kind": order.kind.as_str(),
        "group_by": order.group.map(ReportGroup::as_str),
        "vehicle_ids": order.vehicles.as_deref().map(ids),
        "period": order.period.as_str(),
        "time": order.time.to_string(),
        "timezone": order.timezone.as_str(),
        "language": order.language.as_str(),
        "format": order.format.as_str(),
        "active": order.active,
        "receiver_ids": receivers.map(|receiver| receiver.user.get()).collect::<Vec<_>>(),
    })
}

/// JSON that is stored as a text.
pub(crate) fn parsed(text: &str) -> Value {
    if text.len() > MAX_TEXT_BYTES {
        return json!({ "bytes": text.len() });
    }
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn ids(ids: &[VehicleId]) -> Vec<&str> {
    ids.iter().map(VehicleId::as_str).collect()
}
