//! Payloads of facts about users, devices, and the descriptions of vehicles.

use super::field::{self, nullable};
use milepost_domain::{
    AccessTokenId, DeviceId, EntryKind, Fact, OffDuty, OffDutyRule, ShareId, Timestamp, UserId, VehicleId,
};
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
pub(super) struct DutyPayload {
    #[serde(with = "field")]
    from: Timestamp,
    #[serde(with = "nullable")]
    to: Option<Timestamp>,
    #[serde(with = "field")]
    user_id: UserId,
    with_vehicle: bool,
}

impl DutyPayload {
    pub(super) const fn new(user_id: UserId, OffDuty { from, to, with_vehicle }: OffDuty) -> Self {
        Self { from, to, user_id, with_vehicle }
    }

    pub(super) const fn into_fact(self) -> Fact {
        let Self { from, to, user_id, with_vehicle } = self;
        Fact::DutyChanged { user_id, off_duty: OffDuty { from, to, with_vehicle } }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct OffDutyRulePayload {
    #[serde(with = "field")]
    pub(super) rule: OffDutyRule,
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
