//! Implements the trait for shares with the functions of this folder.

pub(super) mod rows;

use super::audit::shares as audited;
use super::sql_store::SqlStore;
use crate::{Digest, NewShare, Once, Result, ShareStore};
use async_trait::async_trait;
use milepost_domain::{Share, ShareId, TenantId, Timestamp};

#[async_trait]
impl ShareStore for SqlStore {
    async fn add_share(
        &self,
        new: &NewShare,
        most: u32,
        now: Timestamp,
        once: &Once<'_, Option<Share>>,
    ) -> Result<Option<Share>> {
        write!(self, Some(&new.tenant), audited::add_share(new, most, now, self.author()), once)
    }
    async fn list_shares(&self, tenant: &TenantId, after: Option<ShareId>, limit: u32) -> Result<Vec<Share>> {
        read!(self, rows::list_shares(tenant, after, limit))
    }
    async fn find_share(&self, hash: &Digest) -> Result<Option<Share>> {
        read_front!(self, rows::find_share(hash))
    }
    async fn recall_share(&self, tenant: &TenantId, id: ShareId, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), audited::recall_share(tenant, id, now, self.renderer(), self.author()))
    }
    async fn count_opening(&self, tenant: &TenantId, id: ShareId, now: Timestamp) -> Result<()> {
        write!(self, Some(tenant), rows::count_opening(tenant, id, now))
    }
}
