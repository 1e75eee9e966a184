//! Logging in: a pair of tokens for programs, a session cookie for browsers.

use crate::identity_cache::password_mark;
use crate::passwords::MAX_PASSWORD_BYTES;
use crate::{Claims, CloseReason, Service, ServiceError, hash_secret, random_secret};
use milepost_domain::{UserId, Username};
use milepost_store::Login;
use std::net::IpAddr;

/// How long an access token is good for.
const ACCESS_MS: i64 = 60 * 60 * 1000;
/// How long a refresh token is good for.
const REFRESH_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How long a session is good for.
pub(crate) const SESSION_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// One answer for a wrong name and a wrong password: which of them it was is nobody's business.
const WRONG: ServiceError = ServiceError::NotAuthenticated("no active account with these credentials");

/// A short-lived token to call with, and a longer one to get the next.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// Good for an hour.
    pub access: String,
    /// Good for a week, for [`Service::refresh_token`] only.
    pub refresh: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Access,
    Refresh,
}

impl Service {
    /// Tokens for a user with the right password.
    ///
    /// # Errors
    /// [`ServiceError::NotAuthenticated`], or [`ServiceError::TooMany`] after too many failures.
    pub async fn issue_tokens(
        &self,
        username: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<TokenPair, ServiceError> {
        let login = self.check_password(username, password, address).await?;
        Ok(TokenPair { access: self.sign_for(&login, Kind::Access), refresh: self.sign_for(&login, Kind::Refresh) })
    }

    /// A new access token for a refresh token whose user may still enter with the same password as then.
    ///
    /// # Errors
    /// [`ServiceError::NotAuthenticated`].
    pub async fn refresh_token(&self, refresh: &str) -> Result<String, ServiceError> {
        let refused = ServiceError::NotAuthenticated("invalid or expired refresh token");
        let claims = self.tokens().verify(refresh).ok().filter(|claims| claims.is_refresh);
        let Some(claims) = claims else { return Err(refused) };
        let Some(id) = claims.subject.parse().ok().and_then(|id| UserId::new(id).ok()) else { return Err(refused) };
        match self.store().get_login(id).await? {
            Some(login) if login.user.may_enter() && claims.password_mark == Some(password_mark(&login)) => {
                Ok(self.sign_for(&login, Kind::Access))
            }
            _ => Err(refused),
        }
    }

    /// A session for a user with the right password: the secret for its cookie.
    ///
    /// # Errors
    /// As [`Self::issue_tokens`].
    pub async fn open_session(
        &self,
        username: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<String, ServiceError> {
        let login = self.check_password(username, password, address).await?;
        let (id, secret) = (login.user.id, random_secret("mps_"));
        let hash = hash_secret(&secret);
        self.store().add_session(&hash, id, self.now().plus_ms(SESSION_MS)).await?;
        // A password that was changed while this one was being checked has ended all sessions but the one just added.
        match self.store().get_login(id).await? {
            Some(now) if now.user.may_enter() && now.password_hash == login.password_hash => Ok(secret),
            _ => {
                self.store().remove_session(&hash, self.now()).await?;
                Err(WRONG)
            }
        }
    }

    /// Ends a session and the sockets that it opened; an unknown one has ended already.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn close_session(&self, secret: &str) -> Result<(), ServiceError> {
        let hash = hash_secret(secret);
        let user = self.store().remove_session(&hash, self.now()).await?;
        self.identities.forget();
        if let Some(user) = user {
            self.connections.end(self.connections.of_session(user, &hash), CloseReason::Revoked);
        }
        Ok(())
    }

    async fn check_password(
        &self,
        username: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<Login, ServiceError> {
        let attempt = self.login_limit.begin(username, address, self.now())?;
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(WRONG);
        }
        // A name that nobody can have is not asked for, but takes as long.
        let found = match Username::new(username) {
            Ok(username) => self.store().find_login(username.as_str()).await?,
            Err(_) => None,
        };
        let hash = found.as_ref().and_then(|login| login.password_hash.clone());
        let right = self.passwords.verify(password, hash).await?;
        match found {
            Some(login) if right && login.user.may_enter() => {
                attempt.succeeded();
                Ok(login)
            }
            _ => Err(WRONG),
        }
    }

    /// Both carry the mark of the password that they were got by, and end with it.
    fn sign_for(&self, login: &Login, kind: Kind) -> String {
        let user = &login.user;
        let good_ms = match kind {
            Kind::Access => ACCESS_MS,
            Kind::Refresh => REFRESH_MS,
        };
        self.tokens().sign(&Claims {
            subject: user.id.to_string(),
            tenant: Some(user.tenant.clone()),
            role: Some(user.role),
            cadet_id: user.cadet_id,
            vehicle_ids: Vec::new(),
            expires_at: self.now().plus_ms(good_ms),
            is_refresh: kind == Kind::Refresh,
            is_account: true,
            password_mark: Some(password_mark(login)),
        })
    }
}
