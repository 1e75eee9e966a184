//! From a credential to the caller that it proves.

use crate::identity_cache::{Account, Recalled};
use crate::proof::{Evidence, Source};
use crate::{Claims, Proven, Service, ServiceError, hash_secret};
use milepost_domain::{Caller, Device, Principal, TenantId, Timestamp, User, UserId, VehicleId};
use milepost_store::Digest;

/// What a request or a socket showed. Borrowed: it is used and never kept.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// `Authorization: Bearer …` or `?token=…`.
    Token(&'a str),
    /// `Authorization: Device …` or `X-Device-Key`.
    DeviceKey(&'a str),
    /// The session cookie.
    Session(&'a str),
}

impl Service {
    /// The caller that a credential proves.
    ///
    /// # Errors
    /// [`ServiceError::NotAuthenticated`], or [`ServiceError::Unavailable`] when the store can't be asked.
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Caller, ServiceError> {
        self.prove(credential).await.map(|proven| proven.caller)
    }

    /// The same for a connection that stays open: with what proved it, to be asked again.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub async fn prove(&self, credential: Credential<'_>) -> Result<Proven, ServiceError> {
        let evidence = match credential {
            Credential::Token(token) => {
                let claims = self.tokens.verify(token).map_err(|error| match error {
                    crate::TokenError::Invalid => ServiceError::NotAuthenticated("invalid token"),
                    crate::TokenError::Expired => ServiceError::NotAuthenticated("token expired"),
                })?;
                if claims.is_refresh {
                    return Err(ServiceError::NotAuthenticated("a refresh token is good for a new token only"));
                }
                Evidence::Claims(Box::new(claims))
            }
            Credential::DeviceKey(key) => Evidence::Device(hash_secret(key)),
            Credential::Session(session) => Evidence::Session(hash_secret(session)),
        };
        self.prove_again(evidence, Source::Believed).await
    }

    pub(crate) async fn prove_again(&self, evidence: Evidence, source: Source) -> Result<Proven, ServiceError> {
        let (caller, password_mark) = match &evidence {
            Evidence::Claims(claims) => self.caller_of_claims(claims, source).await?,
            Evidence::Device(key_hash) => (self.caller_of_device(*key_hash, source).await?, None),
            Evidence::Session(token_hash) => self.caller_of_session(*token_hash, source).await?,
        };
        Ok(Proven { caller, evidence, password_mark })
    }

    async fn caller_of_claims(
        &self,
        claims: &Claims,
        source: Source,
    ) -> Result<(Caller, Option<String>), ServiceError> {
        let id = claims.subject.parse().ok().and_then(|number| UserId::new(number).ok());
        let known = match id {
            Some(id) => self.account(id, source).await?,
            None => None,
        };
        let expires_at = Some(claims.expires_at);
        if let Some(account) = known {
            if claims.is_account && claims.password_mark.as_ref() != Some(&account.password_mark) {
                return Err(ServiceError::NotAuthenticated("the password was changed, log in again"));
            }
            return caller_of_account(account, expires_at);
        }
        if claims.is_account {
            return Err(ServiceError::NotAuthenticated("the user was removed"));
        }
        let role = claims.role.ok_or(ServiceError::NotAuthenticated("the token names neither a user nor a role"))?;
        let vehicle_ids = claims.vehicle_ids.iter().filter_map(|id| VehicleId::new(id).ok()).collect();
        let subject = claims.subject.clone();
        let caller = Caller {
            tenant: claims.tenant.clone().unwrap_or_else(TenantId::default_tenant),
            principal: Principal::User { id, subject, role, cadet_id: claims.cadet_id, vehicle_ids },
            expires_at,
        };
        Ok((caller, None))
    }

    async fn caller_of_device(&self, key_hash: Digest, source: Source) -> Result<Caller, ServiceError> {
        let device = self.device(key_hash, source).await?;
        let device = device.ok_or(ServiceError::NotAuthenticated("unknown device key"))?;
        Ok(Caller {
            tenant: device.tenant,
            principal: Principal::Device { id: device.id, vehicle_id: device.vehicle_id },
            expires_at: None,
        })
    }

    async fn caller_of_session(
        &self,
        token_hash: Digest,
        source: Source,
    ) -> Result<(Caller, Option<String>), ServiceError> {
        const ENDED: ServiceError = ServiceError::NotAuthenticated("the session has ended");
        let session = self.session(token_hash, source).await?;
        let (id, expires_at) = session.filter(|(_, expires_at)| *expires_at > self.now()).ok_or(ENDED)?;
        caller_of_account(self.account(id, source).await?.ok_or(ENDED)?, Some(expires_at))
    }

    async fn device(&self, key_hash: Digest, source: Source) -> Result<Option<Device>, ServiceError> {
        if source == Source::Stored {
            return Ok(self.store.find_device_by_key(&key_hash).await?);
        }
        let now = self.now();
        match self.identities.devices.get(&key_hash, now) {
            Recalled::Known(device) => Ok(device),
            Recalled::Unknown(generation) => {
                let device = self.store.find_device_by_key(&key_hash).await?;
                self.identities.devices.put(key_hash, device.clone(), now, generation);
                Ok(device)
            }
        }
    }

    async fn session(&self, token_hash: Digest, source: Source) -> Result<Option<(UserId, Timestamp)>, ServiceError> {
        let now = self.now();
        if source == Source::Stored {
            return Ok(self.store.find_session(&token_hash, now).await?);
        }
        match self.identities.sessions.get(&token_hash, now) {
            Recalled::Known(session) => Ok(session),
            Recalled::Unknown(generation) => {
                let session = self.store.find_session(&token_hash, now).await?;
                self.identities.sessions.put(token_hash, session, now, generation);
                Ok(session)
            }
        }
    }

    async fn account(&self, id: UserId, source: Source) -> Result<Option<Account>, ServiceError> {
        if source == Source::Stored {
            return Ok(self.store.get_login(id).await?.map(Account::from));
        }
        let now = self.now();
        match self.identities.accounts.get(&id, now) {
            Recalled::Known(account) => Ok(account),
            Recalled::Unknown(generation) => {
                let account = self.store.get_login(id).await?.map(Account::from);
                self.identities.accounts.put(id, account.clone(), now, generation);
                Ok(account)
            }
        }
    }

    pub(crate) async fn known_user(&self, id: UserId) -> Result<Option<User>, ServiceError> {
        Ok(self.account(id, Source::Believed).await?.map(|account| account.user))
    }
}

/// What is stored wins over what a token claims.
fn caller_of_account(
    account: Account,
    expires_at: Option<Timestamp>,
) -> Result<(Caller, Option<String>), ServiceError> {
    let Account { user, password_mark } = account;
    if !user.may_enter() {
        return Err(ServiceError::NotAuthenticated("the user is not approved or not active"));
    }
    let caller = Caller {
        tenant: user.tenant,
        principal: Principal::User {
            id: Some(user.id),
            subject: user.id.to_string(),
            role: user.role,
            cadet_id: user.cadet_id,
            vehicle_ids: user.vehicle_ids,
        },
        expires_at,
    };
    Ok((caller, Some(password_mark)))
}
