//! Implements the trait for access tokens with the functions of this folder.

pub(super) mod rows;

use super::audit::accounts as audited;
use super::sql_store::SqlStore;
use crate::{AccessTokenStore, Digest, NewAccessToken, Once, Result};
use async_trait::async_trait;
use milepost_domain::{AccessToken, AccessTokenId, TenantId, Timestamp, UserId};

#[async_trait]
impl AccessTokenStore for SqlStore {
    async fn add_access_token(
        &self,
        new: &NewAccessToken,
        most: u32,
        now: Timestamp,
        once: &Once<'_, Option<AccessToken>>,
    ) -> Result<Option<AccessToken>> {
        write!(self, Some(&new.tenant), audited::add_access_token(new, most, now, self.author()), once)
    }
    async fn list_access_tokens(
        &self,
        tenant: &TenantId,
        after: Option<AccessTokenId>,
        limit: u32,
    ) -> Result<Vec<AccessToken>> {
        read!(self, rows::list_access_tokens(tenant, after, limit))
    }
    async fn access_tokens_made_by(&self, tenant: &TenantId, user: UserId, limit: u32) -> Result<Vec<AccessToken>> {
        read!(self, rows::made_by(tenant, user, limit))
    }
    async fn find_access_token(&self, hash: &Digest) -> Result<Option<AccessToken>> {
        read_front!(self, rows::find_access_token(hash))
    }
    async fn note_access_token_use(&self, tenant: &TenantId, id: AccessTokenId, at: Timestamp) -> Result<()> {
        write_unflushed!(self, Some(tenant), rows::note_use(tenant, id, at))
    }
    async fn remove_access_token(&self, tenant: &TenantId, id: AccessTokenId, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), audited::remove_access_token(tenant, id, now, self.renderer(), self.author()))
    }
}
