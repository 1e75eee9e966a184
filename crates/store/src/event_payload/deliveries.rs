//! Payloads of facts about deliveries and parcels.

use super::field::{self, nullable};
use milepost_domain::{
    DeliveryStatus, OrderId, ParcelId, ParcelStatus, ProofFileKind, ProofFileReference, ProofId, ProofReference,
    RiderId, TrackingId, UserId, Zone,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct DeliveryStarted {
    #[serde(with = "field")]
    pub(super) tracking_id: TrackingId,
    #[serde(with = "field")]
    pub(super) order_id: OrderId,
    #[serde(with = "field")]
    pub(super) rider_id: RiderId,
    /// A delivery starts as `ASSIGNED`.
    #[serde(with = "field")]
    pub(super) status: DeliveryStatus,
}

#[derive(Serialize, Deserialize)]
pub(super) struct DeliveryAdvanced {
    #[serde(with = "field")]
    pub(super) tracking_id: TrackingId,
    #[serde(with = "field")]
    pub(super) order_id: OrderId,
    #[serde(with = "field")]
    pub(super) status: DeliveryStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) proofs: Vec<ProofPayload>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ProofPayload {
    #[serde(with = "field")]
    id: ProofId,
    files: Vec<ProofFilePayload>,
}

#[derive(Serialize, Deserialize)]
struct ProofFilePayload {
    id: i64,
    #[serde(with = "field")]
    kind: ProofFileKind,
    bytes: u64,
    sha256: [u8; 32],
}

impl ProofPayload {
    pub(super) fn of(proof: &ProofReference) -> Self {
        let file = |file: &ProofFileReference| {
            let ProofFileReference { id, kind, bytes, sha256 } = *file;
            ProofFilePayload { id, kind, bytes, sha256 }
        };
        Self { id: proof.id.clone(), files: proof.files.iter().map(file).collect() }
    }

    pub(super) fn into_reference(self) -> ProofReference {
        let file = |ProofFilePayload { id, kind, bytes, sha256 }| ProofFileReference { id, kind, bytes, sha256 };
        ProofReference { id: self.id, files: self.files.into_iter().map(file).collect() }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ParcelAdded {
    #[serde(with = "field")]
    pub(super) parcel_id: ParcelId,
    #[serde(with = "field")]
    pub(super) client_id: UserId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ParcelChanged {
    #[serde(with = "field")]
    pub(super) parcel_id: ParcelId,
    #[serde(with = "field")]
    pub(super) status: ParcelStatus,
    #[serde(with = "nullable")]
    pub(super) driver_id: Option<UserId>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ParcelZoneCrossed {
    #[serde(with = "field")]
    pub(super) parcel_id: ParcelId,
    #[serde(with = "field")]
    pub(super) zone: Zone,
    pub(super) event: ZoneEvent,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at_ms: Option<i64>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ZoneEvent {
    Enter,
    Exit,
}
