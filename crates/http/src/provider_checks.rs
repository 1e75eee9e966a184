//! Asks the identity provider again about the users of the sessions that it opened, so that a role that is taken away there is gone here within a
//! quarter of an hour, open sockets included.

use crate::HttpContext;
use crate::auth_routes::oidc::fitting_keys;
use futures_util::StreamExt as _;
use milepost_access::{AccessError, DueCheck, ProviderToken};
use milepost_domain::Role;
use milepost_oidc::{Claims, Provider, ProviderError};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// How often sessions are looked for whose provider is to be asked.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Sessions that are taken at once.
const BATCH: u32 = 32;
/// Questions to the provider at the same time. It is asked about each session every ten minutes: if that is too much for it, later.
const PARALLEL_CHECKS: usize = 4;

/// What the provider says now.
enum Now {
    /// The user has this role; or roles are given here.
    Role(Option<Role>),
    /// None of the user's groups is mapped to a role, or the user is of another tenant.
    NotHere,
    /// It has ended the login.
    Ended,
    /// It says nothing about roles, and will not.
    Unknown,
}

/// Asks until the task is dropped. Without a provider it waits for ever.
pub async fn keep_checking_provider(context: &HttpContext) {
    let Some(provider) = &context.provider else { return std::future::pending().await };
    loop {
        match context.access.take_due_checks(BATCH).await {
            Ok(due) => {
                let is_full = due.len() == BATCH as usize;
                let ask = |check: DueCheck| async move { check_session(context, provider, &check).await };
                futures_util::stream::iter(due).for_each_concurrent(PARALLEL_CHECKS, ask).await;
                if is_full {
                    continue;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the sessions of the identity provider can't be checked, trying again")
            }
        }
        context.clock.sleep(LOOK_EVERY).await;
    }
}

async fn check_session(context: &HttpContext, provider: &Arc<Provider>, check: &DueCheck) {
    let access = &context.access;
    let followed = match ask(context, provider, check).await {
        Ok(Now::Role(Some(role))) => access.follow_provider(check, Some(role)).await,
        Ok(Now::Role(None)) => Ok(()),
        Ok(Now::NotHere) => access.follow_provider(check, None).await,
        Ok(Now::Ended) => access.end_checked_session(check).await,
        Ok(Now::Unknown) => access.end_checks(check).await,
        Err(error) => {
            tracing::debug!(user.id = %check.user, %error, "a session could not be checked, trying again in a minute");
            access.postpone_check(check).await
        }
    };
    if let Err(error) = followed {
        tracing::warn!(user.id = %check.user, %error, "what the identity provider says could not be stored");
    }
}

async fn ask(context: &HttpContext, provider: &Arc<Provider>, check: &DueCheck) -> Result<Now, Failure> {
    let (settings, grant) = (provider.settings(), &check.grant);
    if grant.issuer != settings.issuer.as_str() {
        // A token of the provider of before, which this one must not see.
        return Ok(Now::Unknown);
    }
    let (id_token, userinfo, is_whole) = match &grant.token {
        ProviderToken::Refresh(token) => {
            let refreshed = match provider.refresh(token).await {
                Err(ProviderError::Refused(_)) => return Ok(Now::Ended),
                refreshed => refreshed?,
            };
            // Before anything else: the one that was used may be good no more.
            if let Some(token) = refreshed.refresh_token {
                context.access.renew_grant(check, ProviderToken::Refresh(token)).await?;
            }
            let id_token = match &refreshed.id_token {
                Some(token) => verified(context, provider, check, token).await?,
                None => Map::new(),
            };
            let userinfo = if Claims::lack(&id_token, settings) {
                provider.userinfo(refreshed.access_token.as_deref(), &grant.subject).await?
            } else {
                Map::new()
            };
            let says_something = !id_token.is_empty() || !userinfo.is_empty();
            (id_token, userinfo, says_something)
        }
        ProviderToken::Access { token, tells_roles } => match provider.userinfo(Some(token), &grant.subject).await {
            Ok(userinfo) => (Map::new(), userinfo, *tells_roles),
            // It is good for an hour or so. Afterwards nobody can be asked.
            Err(ProviderError::Refused(_)) => return Ok(Now::Unknown),
            Err(error) => return Err(error.into()),
        },
    };
    let is_told = id_token.contains_key(&settings.roles_claim) || userinfo.contains_key(&settings.roles_claim);
    let claims = Claims::new(id_token, userinfo);
    if claims.tenant(settings).is_ok_and(|tenant| tenant.as_str() != grant.tenant) {
        return Ok(Now::NotHere);
    }
    match claims.role(settings) {
        Ok(role) => Ok(Now::Role(role)),
        Err(_) if is_told || is_whole => Ok(Now::NotHere),
        Err(_) => Ok(Now::Unknown),
    }
}

/// The claims of a new ID token, which must be of the same user.
async fn verified(
    context: &HttpContext,
    provider: &Arc<Provider>,
    check: &DueCheck,
    token: &str,
) -> Result<Map<String, Value>, Failure> {
    let settings = provider.settings();
    let keys = fitting_keys(provider, token).await?;
    let claims = context.access.verify_id_token(token, &keys, settings.issuer.as_str(), &settings.client_id, None);
    let claims = claims.map_err(|reason| ProviderError::Wrong(reason.to_owned()))?;
    if claims.get("sub").and_then(Value::as_str) == Some(&check.grant.subject) {
        Ok(claims)
    } else {
        Err(ProviderError::Wrong("its new ID token is of another user".to_owned()).into())
    }
}

/// Why nothing is known now.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Access(#[from] AccessError),
}
