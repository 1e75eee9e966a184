//! Payloads of facts about users, devices, and the descriptions of vehicles.

use super::field;
use milepost_domain::{AccessTokenId, DeviceId, EntryKind, ShareId, UserId, VehicleId};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct VehiclePayload {
    #[serde(with = "field")]
    pub(super) vehicle_id: VehicleId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct UserPayload {
    #[serde(with = "field")]
    pub(super) user_id: UserId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DevicePayload {
    #[serde(with = "field")]
    pub(super) device_id: DeviceId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AccessTokenPayload {
    #[serde(with = "field")]
    pub(super) access_token_id: AccessTokenId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SharePayload {
    #[serde(with = "field")]
    pub(super) share_id: ShareId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CataloguePayload {
    #[serde(with = "field")]
    pub(super) kind: EntryKind,
}
