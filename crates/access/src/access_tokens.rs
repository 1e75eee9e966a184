//! Finds the caller of an access token, and notes when it was used.

use crate::identity_cache::ReadFrom;
use crate::{Access, AccessError};
use milepost_domain::{AccessToken, Caller, Principal, Scope, Timestamp};
use milepost_store::Digest;
use std::sync::Arc;

/// What an access token begins with, which shows a leaked one.
pub const ACCESS_TOKEN_PREFIX: &str = "mp_";
/// A further use is noted after this time: a program that calls a thousand times a second costs one write in a minute.
const NOTE_USE_EVERY_MS: i64 = 60_000;

impl Access {
    pub(crate) async fn caller_of_access_token(
        &self,
        digest: Digest,
        scope: Scope,
        from: ReadFrom,
    ) -> Result<Caller, AccessError> {
        let now = self.clock.now();
        let load = async {
            let found = self.store.find_access_token(&digest).await?;
            if let Some(token) = &found {
                self.note_use(token, now);
            }
            Ok::<_, AccessError>(found)
        };
        let token = self.identities.access_tokens.read(digest, from, self.present(), load).await?;
        let token = token.ok_or(AccessError::NotAuthenticated("unknown access token"))?;
        if token.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(AccessError::NotAuthenticated("the access token has expired"));
        }
        if !token.scopes.hold(scope) {
            return Err(AccessError::OutsideScope(scope.as_str()));
        }
        Ok(Caller {
            tenant: token.tenant,
            principal: Principal::Program { id: token.id, scope, vehicle_ids: token.vehicle_ids },
            expires_at: token.expires_at,
        })
    }

    /// Notes the use in a task of its own, so that no request waits for it. A token is read at most once a second, and noted at
    /// most once a minute on each node. A note that fails is made by the next use.
    fn note_use(&self, token: &AccessToken, now: Timestamp) {
        let is_due = token.last_used_at.is_none_or(|last| now.ms_since(last) >= NOTE_USE_EVERY_MS);
        let is_valid = token.expires_at.is_none_or(|expires_at| expires_at > now);
        if is_due && is_valid {
            let (store, tenant, id) = (Arc::clone(&self.store), token.tenant.clone(), token.id);
            tokio::spawn(async move {
                if let Err(error) = store.note_access_token_use(&tenant, id, now).await {
                    tracing::debug!(%error, access_token.id = %id, tenant.id = %tenant, "the use of a token was not noted");
                }
            });
        }
    }
}
