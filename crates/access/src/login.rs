//! Logs users in: programs get a pair of tokens, browsers a session.

use crate::identity_cache::{ReadFrom, password_fingerprint};
use crate::login_name::{LoginName, find_login, readings};
use crate::passwords::MAX_PASSWORD_BYTES;
use crate::{Access, AccessError, Claims, Opened, Pbkdf2Hash, hash_secret};
use milepost_domain::{TenantId, UserId, prepare_password};
use milepost_store::{Digest, Login, SessionKind};
use std::net::IpAddr;

/// Lifetime of an access token.
const ACCESS_MS: i64 = 60 * 60 * 1000;
/// Lifetime of a refresh token.
const REFRESH_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// The number of the user that the first start makes.
const FIRST_USER: i64 = 1;
/// Lifetime of a session and its cookie.
pub const SESSION_S: u32 = 14 * 24 * 60 * 60;
/// The same answer for a wrong name, for a name that several tenants have, and for a wrong password, so that nobody learns which
/// names exist.
pub(crate) const WRONG: AccessError = AccessError::NotAuthenticated("no active account with these credentials");

/// What somebody who logs in has typed, and from where.
pub struct Attempt {
    /// A username, or `tenant/username`.
    pub username: String,
    /// The password.
    pub password: String,
    /// The tenant that was named beside the username.
    pub tenant: Option<String>,
    /// The tenant of the host, for a name without one.
    pub host_tenant: Option<TenantId>,
    /// The client's address.
    pub address: Option<IpAddr>,
}

/// A short-lived access token and a longer-lived refresh token.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// Valid for an hour.
    pub access: String,
    /// Valid for a week, only with [`Access::refresh_token`].
    pub refresh: String,
}

/// Whether a password that was right a short time ago is taken without a slow hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recall {
    Never,
    Minutes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Access,
    Refresh,
}

impl Access {
    /// Issues tokens to a user with the right password and, if it has a second factor, a right code.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`], [`AccessError::SecondFactorDue`], or [`AccessError::TooMany`] after too many failures.
    pub async fn issue_tokens(&self, attempt: Attempt, code: Option<&str>) -> Result<TokenPair, AccessError> {
        let address = attempt.address;
        let login = self.check_password(attempt).await?;
        self.require_factor(&login, code, address).await?;
        self.note_login(&login, "token", address).await?;
        // Nobody gets the secret: the tokens name the session.
        let secret = self.add_session(&login, SessionKind::App, address, REFRESH_MS, None).await?;
        let session = Some(hash_secret(&secret));
        Ok(TokenPair {
            access: self.sign_for(&login, Kind::Access, session),
            refresh: self.sign_for(&login, Kind::Refresh, session),
        })
    }

    /// Exchanges a refresh token for a new access token. The user must be active, still have the password of the login, and neither have
    /// been locked out since nor have ended its session.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`] for a refresh token that is not valid.
    pub async fn refresh_token(&self, refresh: &str) -> Result<String, AccessError> {
        let refused = AccessError::NotAuthenticated("invalid or expired refresh token");
        let claims = self.tokens.verify(refresh).ok().filter(|claims| claims.is_refresh);
        let Some(claims) = claims else { return Err(refused) };
        let Some(id) = claims.subject.parse().ok().and_then(|id| UserId::new(id).ok()) else { return Err(refused) };
        if !self.session_goes_on(&claims, id, ReadFrom::Store).await? {
            return Err(refused);
        }
        match self.store.get_login(id).await? {
            Some(login)
                if login.user.may_enter() && claims.password_fingerprint == Some(password_fingerprint(&login)) =>
            {
                Ok(self.sign_for(&login, Kind::Access, claims.session))
            }
            _ => Err(refused),
        }
    }

    /// Opens a session for a user with the right password, or begins one that waits for a second factor.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`], or [`AccessError::TooMany`] after too many failures.
    pub async fn open_session(&self, attempt: Attempt) -> Result<Opened, AccessError> {
        let address = attempt.address;
        let login = self.check_password(attempt).await?;
        self.open_or_challenge(&login, address).await
    }

    pub(crate) async fn check_password(&self, attempt: Attempt) -> Result<Login, AccessError> {
        self.check_or_recall_password(attempt, Recall::Never).await
    }

    /// The same; with [`Recall::Minutes`] a password that was right a short time ago costs no slow hash.
    pub(crate) async fn check_or_recall_password(
        &self,
        attempt: Attempt,
        recall: Recall,
    ) -> Result<Login, AccessError> {
        let Attempt { username, password, tenant, host_tenant, address } = attempt;
        let readings = readings(&username, tenant.as_deref(), host_tenant.as_ref());
        let counted = readings.last().map_or_else(|| username.clone(), LoginName::counted);
        let charge = self.login_limit.begin(&counted, address, self.clock.now())?;
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(WRONG);
        }
        // Whether the name is nobody's, several tenants' or one's: the answer takes as long.
        let found = find_login(&readings, &*self.store).await?;
        if self.providers_only && found.as_ref().is_none_or(|login| login.user.id.get() != FIRST_USER) {
            charge.refund();
            return Err(AccessError::Refused(
                "passwords are not taken here: log in at your organisation's identity provider",
            ));
        }
        let hash = found.as_ref().and_then(|login| login.password_hash.clone());
        let (recalls, now) = (recall == Recall::Minutes, self.clock.now());
        let is_known = |login: &Login| recalls && self.recalled_passwords.knows(login, &password, now);
        let was_known = found.as_ref().is_some_and(is_known);
        let right = was_known || self.passwords.verify(password.clone(), hash).await?;
        match found {
            Some(login) if right && login.user.may_enter() => {
                charge.refund();
                let login = self.with_own_hash(login, password.clone()).await?;
                if recalls && !was_known {
                    self.recalled_passwords.remember(&login, &password, now);
                }
                Ok(login)
            }
            found => {
                if let Some(login) = &found {
                    self.note_failed_login(&login.user, "password", address);
                }
                self.failed_logins.note(&counted, address);
                Err(WRONG)
            }
        }
    }

    /// A login whose password was right. The hash of another server is replaced by one of ours, before a token names it.
    async fn with_own_hash(&self, login: Login, password: String) -> Result<Login, AccessError> {
        let foreign = login.password_hash.clone().filter(|hash| Pbkdf2Hash::parse(hash).is_some());
        let Some(foreign) = foreign else { return Ok(login) };
        let id = login.user.id;
        let own = self.passwords.hash(prepare_password(&password).unwrap_or_else(|| password.clone())).await?;
        if self.store.replace_password_hash(id, &foreign, &own, self.clock.now()).await? {
            return Ok(Login { password_hash: Some(own), ..login });
        }
        // Another login did it first, or somebody changed the password meanwhile.
        let login = self.store.get_login(id).await?.filter(|login| login.user.may_enter()).ok_or(WRONG)?;
        let right = self.passwords.verify(password, login.password_hash.clone()).await?;
        if right { Ok(login) } else { Err(WRONG) }
    }

    /// Whether a password is right. A wrong one counts as a failed login under `counted`.
    pub(crate) async fn is_right_password(
        &self,
        counted: &str,
        password: String,
        hash: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<bool, AccessError> {
        let charge = self.login_limit.begin(counted, address, self.clock.now())?;
        if password.len() <= MAX_PASSWORD_BYTES && self.passwords.verify(password, hash).await? {
            charge.refund();
            return Ok(true);
        }
        self.failed_logins.note(counted, address);
        Ok(false)
    }

    /// Both tokens carry the user's fingerprint, so that they end with a new password or a lock-out.
    fn sign_for(&self, login: &Login, kind: Kind, session: Option<Digest>) -> String {
        let user = &login.user;
        let lifetime_ms = match kind {
            Kind::Access => ACCESS_MS,
            Kind::Refresh => REFRESH_MS,
        };
        self.tokens.sign(&Claims {
            subject: user.id.to_string(),
            tenant: Some(user.tenant.clone()),
            role: Some(user.role),
            cadet_id: user.cadet_id,
            vehicle_ids: Vec::new(),
            expires_at: self.clock.now().plus_ms(lifetime_ms),
            issued_at: None,
            is_refresh: kind == Kind::Refresh,
            is_account: true,
            password_fingerprint: Some(password_fingerprint(login)),
            session,
        })
    }
}
