//! Shares: links by which guests see some vehicles until a time.

use crate::ids::number_id;
use crate::{Label, TenantId, Timestamp, UserId, VehicleId};

number_id!(
    /// A share's number, unique in its tenant.
    ShareId,
    "share_id"
);

/// A share. Its secret is kept as a digest only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Unique in its tenant.
    pub id: ShareId,
    /// The tenant of its vehicles.
    pub tenant: TenantId,
    /// Name for people.
    pub name: Label,
    /// The vehicles that are there still. One that is made anew under an old id is none of them.
    pub vehicle_ids: Vec<VehicleId>,
    /// Who made it, if that has a number here. It outlives that user.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}
