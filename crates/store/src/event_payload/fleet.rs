//! Payloads of facts about a fleet: geofence crossings, driving events, services and rules.

use super::field::{self, nullable};
use milepost_domain::{
    DrivingEvent, DrivingKind, FenceCrossing, FenceEvent, GeofenceId, Label, Latitude, Longitude, NotificationText,
    Revision, RoamingFenceId, ServiceBasis, ServiceDue, Severity, Timestamp, UserId, VehicleId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct GeofencePayload {
    #[serde(with = "field")]
    pub(super) geofence_id: GeofenceId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RoamingFencePayload {
    #[serde(with = "field")]
    pub(super) roaming_fence_id: RoamingFenceId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RulesPayload {
    pub(super) version: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FenceCrossing")]
pub(super) struct CrossingPayload {
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "nullable")]
    driver_id: Option<UserId>,
    #[serde(with = "field")]
    geofence_id: GeofenceId,
    #[serde(with = "field")]
    geofence_name: Label,
    #[serde(with = "field")]
    event: FenceEvent,
    #[serde(with = "field")]
    latitude: Latitude,
    #[serde(with = "field")]
    longitude: Longitude,
    #[serde(rename = "timestamp", with = "field")]
    at: Timestamp,
    #[serde(rename = "telling", with = "field")]
    revision: Revision,
    #[serde(default, with = "nullable", skip_serializing_if = "Option::is_none")]
    visit: Option<Timestamp>,
    #[serde(default, with = "nullable", skip_serializing_if = "Option::is_none")]
    corrects: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DrivingEvent")]
pub(super) struct DrivingPayload {
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "nullable")]
    driver_id: Option<UserId>,
    #[serde(rename = "event_type", with = "field")]
    kind: DrivingKind,
    #[serde(with = "field")]
    severity: Severity,
    #[serde(with = "field")]
    description: NotificationText,
    #[serde(rename = "timestamp", with = "field")]
    at: Timestamp,
    #[serde(rename = "telling", with = "field")]
    revision: Revision,
    #[serde(default, with = "nullable", skip_serializing_if = "Option::is_none")]
    corrects: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ServiceDue")]
pub(super) struct ServiceDuePayload {
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "field")]
    basis: ServiceBasis,
    #[serde(with = "field")]
    severity: Severity,
    #[serde(with = "field")]
    description: NotificationText,
    #[serde(rename = "timestamp", with = "field")]
    at: Timestamp,
    #[serde(rename = "telling", with = "field")]
    revision: Revision,
    #[serde(default, with = "nullable", skip_serializing_if = "Option::is_none")]
    corrects: Option<Timestamp>,
}
