//! Shares: links for guests.

use crate::{Digest, Once, Result};
use async_trait::async_trait;
use milepost_domain::{Label, Share, ShareId, TenantId, Timestamp, UserId, VehicleId};
use std::fmt;

/// A share to add. The store gives it its number.
#[derive(Clone, PartialEq, Eq)]
pub struct NewShare {
    /// The tenant of its vehicles.
    pub tenant: TenantId,
    /// Name for people.
    pub name: Label,
    /// The digest of its secret.
    pub hash: Digest,
    /// Its vehicles.
    pub vehicle_ids: Vec<VehicleId>,
    /// Who makes it, if that has a number here.
    pub created_by: Option<UserId>,
    /// When it ends.
    pub expires_at: Timestamp,
}

// Written by hand, so that a digest never reaches a log line.
impl fmt::Debug for NewShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewShare").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Shares. Part of [`crate::Store`].
#[async_trait]
pub trait ShareStore: Send + Sync {
    /// Adds a share unless its tenant has `most` that have not ended; then `None`. Those that ended a month ago are removed.
    /// `NotFound("tenant")`, `NotFound("vehicle")`.
    async fn add_share(
        &self,
        new: &NewShare,
        most: u32,
        now: Timestamp,
        once: &Once<'_, Option<Share>>,
    ) -> Result<Option<Share>>;
    /// Lists a tenant's shares in the order of their numbers, after `after`. Those that have ended are among them.
    async fn list_shares(&self, tenant: &TenantId, after: Option<ShareId>, limit: u32) -> Result<Vec<Share>>;
    /// Finds the share of any tenant with this secret, ended or not.
    async fn find_share(&self, hash: &Digest) -> Result<Option<Share>>;
    /// Recalls a share, with `ShareChanged`. Returns false if there is no such share, or if it was recalled before.
    async fn recall_share(&self, tenant: &TenantId, id: ShareId, now: Timestamp) -> Result<bool>;
    /// Counts that the page of a share was opened.
    async fn count_opening(&self, tenant: &TenantId, id: ShareId, now: Timestamp) -> Result<()>;
}
