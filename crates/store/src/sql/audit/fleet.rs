//! Changes of vehicles, geofences, roaming fences, thresholds and parcels with their rows of the audit.

use super::super::fleet::{geofences, rules, vehicles};
use super::super::roaming::fences as roaming_fences;
use super::super::{Connection, parcels::table as parcels};
use super::accounts::changed;
use super::rows::note;
use crate::audit_form as form;
use crate::{NewParcel, Renderer, Result, TrackedVehicle};
use milepost_domain::{
    Author, Fact, FleetRules, Geofence, GeofenceDescription, GeofenceId, JsonObject, OutgoingCall, Parcel,
    RoamingFence, RoamingFenceDescription, RoamingFenceId, TenantId, Timestamp, Vehicle, VehicleId,
};

async fn vehicle_before(
    connection: &mut Connection,
    author: Option<&Author>,
    tenant: &TenantId,
    id: &VehicleId,
) -> Result<Option<Vehicle>> {
    if author.is_none() {
        return Ok(None);
    }
    let loaded = vehicles::load_vehicles(connection, tenant, std::slice::from_ref(id)).await?;
    Ok(loaded.into_iter().next().map(|tracked| tracked.vehicle))
}

pub(crate) async fn add_vehicle(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &Vehicle,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<TrackedVehicle> {
    let added = vehicles::add_vehicle(connection, tenant, vehicle, now, renderer).await?;
    let after = || changed("vehicle.create", "vehicle", &vehicle.id, None, Some(form::vehicle(&added.vehicle)));
    note(connection, author, tenant, after).await?;
    Ok(added)
}

pub(crate) async fn update_vehicle(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &Vehicle,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<TrackedVehicle>> {
    let before = vehicle_before(connection, author, tenant, &vehicle.id).await?;
    let stored = vehicles::update_vehicle(connection, tenant, vehicle, now, renderer).await?;
    if let Some(stored) = &stored {
        let (before, after) = (before.as_ref().map(form::vehicle), form::vehicle(&stored.vehicle));
        let change = || changed("vehicle.update", "vehicle", &vehicle.id, before, Some(after));
        note(connection, author, tenant, change).await?;
    }
    Ok(stored)
}

pub(crate) async fn remove_vehicle(
    connection: &mut Connection,
    tenant: &TenantId,
    id: &VehicleId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = vehicle_before(connection, author, tenant, id).await?;
    let is_removed = vehicles::remove_vehicle(connection, tenant, id, version, now, renderer).await?;
    if is_removed {
        let removal = || changed("vehicle.delete", "vehicle", id, before.as_ref().map(form::vehicle), None);
        note(connection, author, tenant, removal).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn add_geofence(
    connection: &mut Connection,
    tenant: &TenantId,
    description: &GeofenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<Geofence>> {
    let geofence = geofences::add_geofence(connection, tenant, description, now, renderer).await?;
    if let Some(geofence) = &geofence {
        let added = || changed("geofence.create", "geofence", geofence.id, None, Some(form::geofence(geofence)));
        note(connection, author, tenant, added).await?;
    }
    Ok(geofence)
}

#[allow(clippy::too_many_arguments, reason = "those of the change, and its author")]
pub(crate) async fn update_geofence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: GeofenceId,
    version: i64,
    description: &GeofenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<Geofence>> {
    let before = match author {
        Some(_) => geofences::get_geofence(connection, tenant, id).await?,
        None => None,
    };
    let geofence = geofences::update_geofence(connection, tenant, id, version, description, now, renderer).await?;
    if let Some(geofence) = &geofence {
        let (before, after) = (before.as_ref().map(form::geofence), form::geofence(geofence));
        note(connection, author, tenant, || changed("geofence.update", "geofence", id, before, Some(after))).await?;
    }
    Ok(geofence)
}

pub(crate) async fn remove_geofence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: GeofenceId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => geofences::get_geofence(connection, tenant, id).await?,
        None => None,
    };
    let is_removed = geofences::remove_geofence(connection, tenant, id, version, now, renderer).await?;
    if is_removed {
        let removal = || changed("geofence.delete", "geofence", id, before.as_ref().map(form::geofence), None);
        note(connection, author, tenant, removal).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn add_roaming_fence(
    connection: &mut Connection,
    tenant: &TenantId,
    description: &RoamingFenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<RoamingFence>> {
    let fence = roaming_fences::add_roaming_fence(connection, tenant, description, now, renderer).await?;
    if let Some(fence) = &fence {
        let added =
            || changed("roaming_fence.create", "roaming_fence", fence.id, None, Some(form::roaming_fence(fence)));
        note(connection, author, tenant, added).await?;
    }
    Ok(fence)
}

#[allow(clippy::too_many_arguments, reason = "those of the change, and its author")]
pub(crate) async fn update_roaming_fence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: RoamingFenceId,
    version: i64,
    description: &RoamingFenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<RoamingFence>> {
    let before = match author {
        Some(_) => roaming_fences::get_roaming_fence(connection, tenant, id).await?,
        None => None,
    };
    let fence =
        roaming_fences::update_roaming_fence(connection, tenant, id, version, description, now, renderer).await?;
    if let Some(fence) = &fence {
        let (before, after) = (before.as_ref().map(form::roaming_fence), form::roaming_fence(fence));
        note(connection, author, tenant, || changed("roaming_fence.update", "roaming_fence", id, before, Some(after)))
            .await?;
    }
    Ok(fence)
}

pub(crate) async fn remove_roaming_fence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: RoamingFenceId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => roaming_fences::get_roaming_fence(connection, tenant, id).await?,
        None => None,
    };
    let is_removed = roaming_fences::remove_roaming_fence(connection, tenant, id, version, now, renderer).await?;
    if is_removed {
        let removal =
            || changed("roaming_fence.delete", "roaming_fence", id, before.as_ref().map(form::roaming_fence), None);
        note(connection, author, tenant, removal).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn set_rules(
    connection: &mut Connection,
    tenant: &TenantId,
    values: &JsonObject,
    known: i64,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<FleetRules>> {
    let before = match author {
        Some(_) => rules::get_rules(connection, tenant).await?,
        None => None,
    };
    let set = rules::set_rules(connection, tenant, values, known, now, renderer).await?;
    if let Some(set) = &set {
        let shown = |rules: &FleetRules| form::parsed(rules.values.as_str());
        let (before, after) = (before.as_ref().map(shown), shown(set));
        note(connection, author, tenant, || changed("rules.update", "rules", tenant, before, Some(after))).await?;
    }
    Ok(set)
}

pub(crate) async fn add_parcel(
    connection: &mut Connection,
    new: &NewParcel,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Parcel> {
    let parcel = parcels::add_parcel(connection, new, now, renderer).await?;
    let added = || changed("parcel.create", "parcel", parcel.id, None, Some(form::parcel(&parcel)));
    note(connection, author, &parcel.tenant, added).await?;
    Ok(parcel)
}

pub(crate) async fn change_parcel(
    connection: &mut Connection,
    parcel: &Parcel,
    facts: &[Fact],
    calls: &[OutgoingCall],
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => parcels::get_parcel(connection, &parcel.tenant, parcel.id).await?,
        None => None,
    };
    let is_changed = parcels::change_parcel(connection, parcel, facts, calls, now, renderer).await?;
    if is_changed {
        let (before, after) = (before.as_ref().map(form::parcel), form::parcel(parcel));
        let change = || changed("parcel.update", "parcel", parcel.id, before, Some(after));
        note(connection, author, &parcel.tenant, change).await?;
    }
    Ok(is_changed)
}
