//! From a credential to the caller that it proves.

use crate::{Claims, Service, ServiceError, hash_secret};
use milepost_domain::{Caller, Device, Principal, TenantId, Timestamp, User, UserId, VehicleId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

/// How long a user, device or session read from the store is believed. Changes made on this node are seen at once;
/// those of another node or of the command line after this time at the latest.
const BELIEVED_MS: i64 = 1_000;
/// Entries kept of each kind; when full, all are forgotten and read again: a burst of reads, nothing lost.
const MAX_CACHED: usize = 50_000;

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

/// A few seconds' memory of what the store said.
struct Cache<K, V>(Mutex<HashMap<K, (Timestamp, V)>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let cache = self.0.lock().expect("nothing panics while holding it");
        cache.get(key).filter(|(at, _)| (0..BELIEVED_MS).contains(&now.ms_since(*at))).map(|(_, value)| value.clone())
    }

    fn put(&self, key: K, value: V, now: Timestamp) {
        let mut cache = self.0.lock().expect("nothing panics while holding it");
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(key, (now, value));
    }

    fn clear(&self) {
        self.0.lock().expect("nothing panics while holding it").clear();
    }
}

/// Users, devices and sessions lately read.
#[derive(Default)]
pub(crate) struct IdentityCache {
    users: Cache<UserId, Option<User>>,
    devices: Cache<[u8; 32], Option<Device>>,
    sessions: Cache<[u8; 32], Option<UserId>>,
}

impl IdentityCache {
    /// Something about identities changed on this node.
    pub(crate) fn forget(&self) {
        self.users.clear();
        self.devices.clear();
        self.sessions.clear();
    }
}

impl Service {
    /// The caller that a credential proves.
    ///
    /// # Errors
    /// [`ServiceError::NotAuthenticated`], or [`ServiceError::Unavailable`] when the store can't be asked.
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Caller, ServiceError> {
        match credential {
            Credential::Token(token) => {
                let claims = self.tokens.verify(token).map_err(|error| match error {
                    crate::TokenError::Invalid => ServiceError::NotAuthenticated("invalid token"),
                    crate::TokenError::Expired => ServiceError::NotAuthenticated("token expired"),
                })?;
                if claims.is_refresh {
                    return Err(ServiceError::NotAuthenticated("a refresh token is good for a new token only"));
                }
                self.caller_of_claims(claims).await
            }
            Credential::DeviceKey(key) => self.caller_of_device(key).await,
            Credential::Session(session) => self.caller_of_session(session).await,
        }
    }

    /// Is the caller still what it was? Asked once more after a connection was registered, so that a change
    /// in between is not missed.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub async fn confirm_caller(&self, caller: &Caller) -> Result<(), ServiceError> {
        let Some(id) = caller.user_id() else { return Ok(()) };
        match self.store.get_user(id).await? {
            Some(user) if !user.may_enter() => {
                Err(ServiceError::NotAuthenticated("the user is not approved or not active"))
            }
            _ => Ok(()),
        }
    }

    async fn caller_of_claims(&self, claims: Claims) -> Result<Caller, ServiceError> {
        let id = claims.subject.parse().ok().and_then(|number| UserId::new(number).ok());
        let known = match id {
            Some(id) => self.known_user(id).await?,
            None => None,
        };
        let expires_at = Some(claims.expires_at);
        if let Some(user) = known {
            return caller_of_user(user, expires_at);
        }
        if claims.is_account {
            return Err(ServiceError::NotAuthenticated("the user was removed"));
        }
        let role = claims.role.ok_or(ServiceError::NotAuthenticated("the token names neither a user nor a role"))?;
        let vehicle_ids = claims.vehicle_ids.iter().filter_map(|id| VehicleId::new(id).ok()).collect();
        Ok(Caller {
            tenant: claims.tenant.unwrap_or_else(TenantId::default_tenant),
            principal: Principal::User { id, subject: claims.subject, role, cadet_id: claims.cadet_id, vehicle_ids },
            expires_at,
        })
    }

    async fn caller_of_device(&self, key: &str) -> Result<Caller, ServiceError> {
        let now = self.now();
        let hash = hash_secret(key);
        let device = match self.identities.devices.get(&hash, now) {
            Some(device) => device,
            None => {
                let device = self.store.find_device_by_key(&hash).await?;
                self.identities.devices.put(hash, device.clone(), now);
                device
            }
        };
        let device = device.ok_or(ServiceError::NotAuthenticated("unknown device key"))?;
        Ok(Caller {
            tenant: device.tenant,
            principal: Principal::Device { id: device.id, vehicle_id: device.vehicle_id },
            expires_at: None,
        })
    }

    async fn caller_of_session(&self, session: &str) -> Result<Caller, ServiceError> {
        let now = self.now();
        let hash = hash_secret(session);
        let user_id = match self.identities.sessions.get(&hash, now) {
            Some(user_id) => user_id,
            None => {
                let user_id = self.store.find_session(&hash, now).await?.map(|(user, _)| user);
                self.identities.sessions.put(hash, user_id, now);
                user_id
            }
        };
        let user_id = user_id.ok_or(ServiceError::NotAuthenticated("the session has ended"))?;
        let user = self.known_user(user_id).await?;
        caller_of_user(user.ok_or(ServiceError::NotAuthenticated("the session has ended"))?, None)
    }

    pub(crate) async fn known_user(&self, id: UserId) -> Result<Option<User>, ServiceError> {
        let now = self.now();
        if let Some(user) = self.identities.users.get(&id, now) {
            return Ok(user);
        }
        let user = self.store.get_user(id).await?;
        self.identities.users.put(id, user.clone(), now);
        Ok(user)
    }
}

/// What is stored wins over what a token claims.
fn caller_of_user(user: User, expires_at: Option<Timestamp>) -> Result<Caller, ServiceError> {
    if !user.may_enter() {
        return Err(ServiceError::NotAuthenticated("the user is not approved or not active"));
    }
    Ok(Caller {
        tenant: user.tenant,
        principal: Principal::User {
            id: Some(user.id),
            subject: user.id.to_string(),
            role: user.role,
            cadet_id: user.cadet_id,
            vehicle_ids: user.vehicle_ids,
        },
        expires_at,
    })
}
