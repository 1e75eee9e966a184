//! Authenticates a request's credential: who is the caller?

use crate::identity_cache::{Account, KnownUser, Present, ReadFrom};
use crate::{ACCESS_TOKEN_PREFIX, Access, AccessError, Claims, SHARE_PREFIX, TokenError, hash_secret};
use milepost_domain::{Caller, Device, Principal, Scope, TenantId, Timestamp, UniqueId, User, UserId, VehicleId};
use milepost_store::{Digest, SessionKind};

/// The credential of a request or a socket's handshake. It is borrowed, so that no secret is kept.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// `Authorization: Bearer …` or `?token=…`: a signed token or an access token.
    Token(&'a str),
    /// `Authorization: Device …` or `X-Device-Key`.
    DeviceKey(&'a str),
    /// The session cookie.
    Session(&'a str),
}

/// A caller and how it was authenticated, so that an open connection can be checked again.
#[derive(Clone)]
pub struct Authentication {
    pub(crate) caller: Caller,
    pub(crate) verified: Verified,
    /// The password fingerprint of a stored user; it changes with the password.
    pub(crate) password_fingerprint: Option<String>,
    /// The login was by password alone, and the user's role needs a second factor.
    pub(crate) lacks_factor: bool,
}

/// The part of a credential that is kept: enough to check it again, without the secret.
#[derive(Clone)]
pub(crate) enum Verified {
    /// The claims of a token whose signature was valid.
    Claims(Box<Claims>),
    /// The digest of the device's key.
    DeviceKey(Digest),
    /// The digest of the session's secret.
    Session(Digest),
    /// The digest of an access token's secret, and the scope that let it in.
    AccessToken(Digest, Scope),
    /// The digest of a share's token.
    Share(Digest),
}

impl Authentication {
    /// The authenticated caller.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether the caller may do nothing but set up a second factor.
    pub const fn lacks_factor(&self) -> bool {
        self.lacks_factor
    }

    /// The session that the credential belongs to.
    pub(crate) const fn session(&self) -> Option<&Digest> {
        match &self.verified {
            Verified::Session(digest) => Some(digest),
            Verified::Claims(claims) => claims.session.as_ref(),
            Verified::DeviceKey(_) | Verified::AccessToken(..) | Verified::Share(_) => None,
        }
    }

    /// The caller's number, if it is a user who is stored here.
    pub fn stored_user(&self) -> Option<UserId> {
        self.caller.user_id().filter(|_| self.password_fingerprint.is_some())
    }

    /// The caller, for a request that is not checked again.
    pub fn into_caller(self) -> Caller {
        self.caller
    }
}

impl Access {
    /// Authenticates the credential of somebody who wants to read or to follow. See [`Self::authenticate_for`].
    ///
    /// # Errors
    /// As there.
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Authentication, AccessError> {
        self.authenticate_for(credential, Scope::Read).await
    }

    /// Authenticates a credential. An access token must have `scope`, and the request is judged by that scope alone. Cached users,
    /// devices, sessions and tokens may be one second old.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`], [`AccessError::OutsideScope`], or [`AccessError::Store`] when the store can't be read.
    pub async fn authenticate_for(
        &self,
        credential: Credential<'_>,
        scope: Scope,
    ) -> Result<Authentication, AccessError> {
        let verified = match credential {
            Credential::Token(token) if token.starts_with(ACCESS_TOKEN_PREFIX) => {
                Verified::AccessToken(hash_secret(token), scope)
            }
            Credential::Token(token) if token.starts_with(SHARE_PREFIX) => {
                return Err(AccessError::NotAuthenticated("a shared link is good for following its vehicles only"));
            }
            Credential::Token(token) => {
                let claims = self.tokens.verify(token).map_err(|error| match error {
                    TokenError::Invalid => AccessError::NotAuthenticated("invalid token"),
                    TokenError::Expired => AccessError::NotAuthenticated("token expired"),
                })?;
                if claims.is_refresh {
                    return Err(AccessError::NotAuthenticated("a refresh token is good for a new token only"));
                }
                Verified::Claims(Box::new(claims))
            }
            Credential::DeviceKey(key) => Verified::DeviceKey(hash_secret(key)),
            Credential::Session(session) => Verified::Session(hash_secret(session)),
        };
        self.find_caller(verified, ReadFrom::Cache).await
    }

    /// The same for what guests may use too: the token of a share is taken. What is let in so must show no history.
    ///
    /// # Errors
    /// As [`Self::authenticate_for`].
    pub async fn authenticate_guest_or(
        &self,
        credential: Credential<'_>,
        scope: Scope,
    ) -> Result<Authentication, AccessError> {
        match credential {
            Credential::Token(token) if token.starts_with(SHARE_PREFIX) => {
                self.find_caller(Verified::Share(hash_secret(token)), ReadFrom::Cache).await
            }
            other => self.authenticate_for(other, scope).await,
        }
    }

    /// Finds the current caller of a verified credential.
    pub(crate) async fn find_caller(&self, verified: Verified, from: ReadFrom) -> Result<Authentication, AccessError> {
        let (caller, of_account) = match &verified {
            Verified::Claims(claims) => self.caller_of_claims(claims, from).await?,
            Verified::DeviceKey(digest) => (self.caller_of_device(*digest, from).await?, None),
            Verified::Session(digest) => self.caller_of_session(*digest, from).await?,
            Verified::Share(digest) => (self.caller_of_share(*digest, from).await?, None),
            Verified::AccessToken(digest, scope) => (self.caller_of_access_token(*digest, *scope, from).await?, None),
        };
        // A token that was not issued at a login has no password behind it that a second factor would strengthen.
        let is_login = !matches!(&verified, Verified::Claims(claims) if !claims.is_account);
        let lacks_factor = is_login && of_account.as_ref().is_some_and(|account| account.lacks_factor);
        let password_fingerprint = of_account.map(|account| account.password_fingerprint);
        Ok(Authentication { caller, verified, password_fingerprint, lacks_factor })
    }

    async fn caller_of_claims(
        &self,
        claims: &Claims,
        from: ReadFrom,
    ) -> Result<(Caller, Option<OfAccount>), AccessError> {
        let id = claims.subject.parse().ok().and_then(|number| UserId::new(number).ok());
        let known = match id {
            Some(id) => self.known_user(id, from).await?,
            None => KnownUser::Unknown,
        };
        let expires_at = Some(claims.expires_at);
        match known {
            KnownUser::Stored(account) => {
                // First, because somebody who is locked out now need not log in again.
                require_entry(&account.user)?;
                if has_ended(claims, &account) || !self.session_goes_on(claims, account.user.id, from).await? {
                    return Err(AccessError::NotAuthenticated("the login of this token has ended, log in again"));
                }
                return caller_of_account(*account, expires_at);
            }
            KnownUser::Erased => return Err(AccessError::NotAuthenticated("the user was removed")),
            KnownUser::Unknown if claims.is_account => {
                return Err(AccessError::NotAuthenticated("the user does not exist"));
            }
            KnownUser::Unknown => {}
        }
        let role = claims.role.ok_or(AccessError::NotAuthenticated("the token names neither a user nor a role"))?;
        let vehicle_ids = claims.vehicle_ids.iter().filter_map(|id| VehicleId::new(id).ok()).collect();
        let subject = claims.subject.clone();
        let caller = Caller {
            tenant: claims.tenant.clone().unwrap_or_else(TenantId::default_tenant),
            principal: Principal::User { id, subject, role, cadet_id: claims.cadet_id, vehicle_ids },
            expires_at,
        };
        Ok((caller, None))
    }

    async fn caller_of_device(&self, digest: Digest, from: ReadFrom) -> Result<Caller, AccessError> {
        let device = self.device(digest, from).await?;
        Ok(Caller::of_device(device.ok_or(AccessError::NotAuthenticated("unknown device key"))?))
    }

    async fn caller_of_session(
        &self,
        digest: Digest,
        from: ReadFrom,
    ) -> Result<(Caller, Option<OfAccount>), AccessError> {
        const ENDED: AccessError = AccessError::NotAuthenticated("the session has ended");
        let session = self.session(digest, from).await?;
        let session = session.filter(|session| session.kind == SessionKind::Browser).ok_or(ENDED)?;
        match self.known_user(session.user, from).await? {
            KnownUser::Stored(account) => {
                let mut account = *account;
                // The provider asks for what it thinks fit.
                account.lacks_factor &= session.provenance.is_none();
                caller_of_account(account, Some(session.expires_at))
            }
            KnownUser::Erased | KnownUser::Unknown => Err(ENDED),
        }
    }

    async fn known_user(&self, id: UserId, from: ReadFrom) -> Result<KnownUser, AccessError> {
        let load = async {
            Ok(match self.store.get_login(id).await? {
                Some(login) => KnownUser::Stored(Box::new(login.into())),
                None if self.store.is_erased_user(id).await? => KnownUser::Erased,
                None => KnownUser::Unknown,
            })
        };
        self.identities.accounts.read(id, from, self.present(), load).await
    }

    /// The device with this key. It may be one second old.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn device_of_key(&self, key: &str) -> Result<Option<Device>, AccessError> {
        self.device(hash_secret(key), ReadFrom::Cache).await
    }

    /// The device that names itself so, in whichever tenant. It may be one second old.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn device_named(&self, unique_id: &UniqueId) -> Result<Option<Device>, AccessError> {
        let load = async { Ok(self.store.find_device_by_unique_id(unique_id).await?) };
        self.identities.named_devices.read(unique_id.clone(), ReadFrom::Cache, self.present(), load).await
    }

    async fn device(&self, digest: Digest, from: ReadFrom) -> Result<Option<Device>, AccessError> {
        let load = async { Ok(self.store.find_device_by_key(&digest).await?) };
        self.identities.devices.read(digest, from, self.present(), load).await
    }

    pub(crate) fn present(&self) -> Present {
        let changes_are_known = self.known_changes.are_fresh(self.clock.instant());
        Present { now: self.clock.now(), changes_are_known }
    }

    /// Whether the session of a token goes on, if it names one.
    pub(crate) async fn session_goes_on(
        &self,
        claims: &Claims,
        user: UserId,
        from: ReadFrom,
    ) -> Result<bool, AccessError> {
        let Some(digest) = claims.session else { return Ok(true) };
        Ok(self.session(digest, from).await?.is_some_and(|session| session.user == user))
    }

    /// The caller's account, if it is a stored user.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn user_of(&self, caller: &Caller) -> Result<Option<User>, AccessError> {
        let Some(id) = caller.user_id() else { return Ok(None) };
        Ok(match self.known_user(id, ReadFrom::Cache).await? {
            KnownUser::Stored(account) => Some(account.user.clone()),
            KnownUser::Erased | KnownUser::Unknown => None,
        })
    }
}

/// What is known of a stored user beside its rights.
struct OfAccount {
    password_fingerprint: String,
    lacks_factor: bool,
}

/// Whether a stored user's token is of a login that has ended. A token of a login has the fingerprint of that time. Others do not
/// depend on the password, and of their issue only the second is known, if that.
fn has_ended(claims: &Claims, account: &Account) -> bool {
    if claims.is_account {
        return claims.password_fingerprint.as_ref() != Some(&account.password_fingerprint);
    }
    claims.issued_at.is_some_and(|issued_at| issued_at.plus_ms(1_000) <= account.tokens_valid_from)
}

fn require_entry(user: &User) -> Result<(), AccessError> {
    if user.may_enter() { Ok(()) } else { Err(AccessError::NotAuthenticated("the user is not approved or not active")) }
}

/// A stored user's rights replace those in its token.
fn caller_of_account(
    account: Account,
    expires_at: Option<Timestamp>,
) -> Result<(Caller, Option<OfAccount>), AccessError> {
    let Account { user, password_fingerprint, lacks_factor, .. } = account;
    require_entry(&user)?;
    let User { id, tenant, role, cadet_id, vehicle_ids, .. } = user;
    let principal = Principal::User { id: Some(id), subject: id.to_string(), role, cadet_id, vehicle_ids };
    Ok((Caller { tenant, principal, expires_at }, Some(OfAccount { password_fingerprint, lacks_factor })))
}
