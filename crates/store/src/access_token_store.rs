//! Access tokens of programs.

use crate::{Digest, Once, Result};
use async_trait::async_trait;
use milepost_domain::{AccessToken, AccessTokenId, Label, Scopes, TenantId, Timestamp, UserId, VehicleId};
use std::fmt;

/// An access token to add. The store gives it its number.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAccessToken {
    /// The tenant in which it acts.
    pub tenant: TenantId,
    /// Name for people.
    pub name: Label,
    /// The digest of its secret.
    pub hash: Digest,
    /// What it may do.
    pub scopes: Scopes,
    /// The vehicles that it is for; `None` for everything of the tenant.
    pub vehicle_ids: Option<Vec<VehicleId>>,
    /// Who makes it, if that has a number here.
    pub created_by: Option<UserId>,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
}

// Written by hand, so that a digest never reaches a log line.
impl fmt::Debug for NewAccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAccessToken")
            .field("tenant", &self.tenant)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Access tokens. Part of [`crate::Store`].
#[async_trait]
pub trait AccessTokenStore: Send + Sync {
    /// Adds a token unless its tenant has `most` already; then `None`. `NotFound("tenant")`.
    async fn add_access_token(
        &self,
        new: &NewAccessToken,
        most: u32,
        now: Timestamp,
        once: &Once<'_, Option<AccessToken>>,
    ) -> Result<Option<AccessToken>>;
    /// Lists a tenant's tokens in the order of their numbers, after `after`. Expired ones are among them.
    async fn list_access_tokens(
        &self,
        tenant: &TenantId,
        after: Option<AccessTokenId>,
        limit: u32,
    ) -> Result<Vec<AccessToken>>;
    /// Lists the tokens of a tenant that a user made, in the order of their numbers.
    async fn access_tokens_made_by(&self, tenant: &TenantId, user: UserId, limit: u32) -> Result<Vec<AccessToken>>;
    /// Finds the token of any tenant with this secret, expired or not.
    async fn find_access_token(&self, hash: &Digest) -> Result<Option<AccessToken>>;
    /// Notes that a token was used. An earlier time than the noted one changes nothing. It may be lost with the power.
    async fn note_access_token_use(&self, tenant: &TenantId, id: AccessTokenId, at: Timestamp) -> Result<()>;
    /// Removes a token, with `AccessTokenChanged`. Returns false if there is no such token.
    async fn remove_access_token(&self, tenant: &TenantId, id: AccessTokenId, now: Timestamp) -> Result<bool>;
}
