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
    /// When it was recalled.
    pub recalled_at: Option<Timestamp>,
    /// How often its page was opened.
    pub opened_count: i64,
    /// When its page was opened the last time.
    pub opened_at: Option<Timestamp>,
}

/// What became of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareState {
    /// Its guests are let in.
    Open,
    /// Its time is over.
    Ended,
    /// Somebody recalled it.
    Recalled,
    /// All its vehicles were removed.
    Empty,
}

impl Share {
    /// What became of it by `now`.
    pub fn state(&self, now: Timestamp) -> ShareState {
        if self.recalled_at.is_some() {
            ShareState::Recalled
        } else if self.expires_at <= now {
            ShareState::Ended
        } else if self.vehicle_ids.is_empty() {
            ShareState::Empty
        } else {
            ShareState::Open
        }
    }
}
