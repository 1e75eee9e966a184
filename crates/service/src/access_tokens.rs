//! Makes, lists and removes access tokens, by which programs call.

use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_access::{ACCESS_TOKEN_PREFIX, Access, CloseReason, Holder, hash_secret, random_secret};
use milepost_domain::{
    AccessToken, AccessTokenId, Action, Caller, Invalid, Label, Scopes, TenantId, Timestamp, VehicleId, may,
};
use milepost_store::{Once, Store};
use std::sync::Arc;

/// The tokens of one tenant. More are a mistake, and are refused with 409.
pub const MAX_ACCESS_TOKENS: u32 = 500;

/// What the use cases of access tokens need.
pub struct AccessTokens {
    store: Arc<dyn Store>,
    access: Arc<Access>,
}

impl AccessTokens {
    pub(crate) fn new(store: Arc<dyn Store>, access: Arc<Access>) -> Self {
        Self { store, access }
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct AccessTokenRequest {
    /// Name for people.
    pub name: Label,
    /// What it may do.
    pub scopes: Scopes,
    /// The vehicles that it is for; `None` for everything of the tenant.
    pub vehicle_ids: Option<Vec<VehicleId>>,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
}

/// A token with its secret, which is not shown again.
#[derive(Clone)]
pub struct NewToken {
    /// The token.
    pub token: AccessToken,
    /// What the program sends.
    pub secret: String,
}

/// Makes a token.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Invalid`] for an end in the past, [`ServiceError::Conflict`] when the tenant has
/// [`MAX_ACCESS_TOKENS`].
pub async fn add_access_token(
    tokens: &AccessTokens,
    request: &Request,
    tenant: &TenantId,
    new: AccessTokenRequest,
    once: &Once<'_, AccessToken>,
) -> Result<NewToken, ServiceError> {
    require(&request.caller, tenant)?;
    if new.expires_at.is_some_and(|expires_at| expires_at <= request.now) {
        return Err(Invalid::new("expires_at", "must be in the future").into());
    }
    ensure_tenant(&*tokens.store, tenant).await?;
    let secret = random_secret(ACCESS_TOKEN_PREFIX);
    let stored = milepost_store::NewAccessToken {
        tenant: tenant.clone(),
        name: new.name,
        hash: hash_secret(&secret),
        scopes: new.scopes,
        vehicle_ids: new.vehicle_ids,
        created_by: request.caller.user_id(),
        expires_at: new.expires_at,
    };
    let added = tokens
        .store
        .by(request.author())
        .add_access_token(&stored, MAX_ACCESS_TOKENS, request.now, &once.map(Option::clone))
        .await?;
    let Some(token) = added else {
        return Err(ServiceError::Conflict(format!(
            "a tenant may have {MAX_ACCESS_TOKENS} access tokens, remove one first"
        )));
    };
    // Somebody may have tried the secret a moment ago.
    tokens.access.forget_key(&stored.hash);
    tracing::info!(access_token.id = %token.id, tenant.id = %tenant, by = request.caller.log_name(), "access token made");
    Ok(NewToken { token, secret })
}

/// Tokens in the order of their numbers.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_access_tokens(
    tokens: &AccessTokens,
    request: &Request,
    tenant: &TenantId,
    after: Option<AccessTokenId>,
    limit: u32,
) -> Result<Vec<AccessToken>, ServiceError> {
    require(&request.caller, tenant)?;
    Ok(tokens.store.list_access_tokens(tenant, after, limit).await?)
}

/// Removes a token. It is refused from now on, and its connections end.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn remove_access_token(
    tokens: &AccessTokens,
    request: &Request,
    tenant: &TenantId,
    id: AccessTokenId,
) -> Result<(), ServiceError> {
    require(&request.caller, tenant)?;
    if !tokens.store.by(request.author()).remove_access_token(tenant, id, request.now).await? {
        return Err(ServiceError::NotFound("access token"));
    }
    tokens.access.end_connections(Holder::AccessToken(tenant, id), CloseReason::Revoked);
    tracing::info!(access_token.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "access token removed");
    Ok(())
}

fn require(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageAccessTokens, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin of the tenant may see, make and remove its access tokens"))
    }
}
