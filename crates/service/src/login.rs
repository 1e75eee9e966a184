//! Logging in: a pair of tokens for programs, a session cookie for browsers.

use crate::passwords::MAX_PASSWORD_BYTES;
use crate::{Claims, Service, ServiceError, hash_secret, random_secret};
use milepost_domain::{User, UserId};
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
        let user = self.check_password(username, password, address).await?;
        Ok(TokenPair { access: self.sign_for(&user, false), refresh: self.sign_for(&user, true) })
    }

    /// A new access token for a refresh token whose user may still enter.
    ///
    /// # Errors
    /// [`ServiceError::NotAuthenticated`].
    pub async fn refresh_token(&self, refresh: &str) -> Result<String, ServiceError> {
        let refused = ServiceError::NotAuthenticated("invalid or expired refresh token");
        let claims = self.tokens().verify(refresh).ok().filter(|claims| claims.is_refresh);
        let Some(id) = claims.and_then(|claims| claims.subject.parse().ok()).and_then(|id| UserId::new(id).ok()) else {
            return Err(refused);
        };
        match self.store().get_user(id).await? {
            Some(user) if user.may_enter() => Ok(self.sign_for(&user, false)),
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
        let user = self.check_password(username, password, address).await?;
        let secret = random_secret("mps_");
        self.store().add_session(&hash_secret(&secret), user.id, self.now().plus_ms(SESSION_MS)).await?;
        Ok(secret)
    }

    /// Ends a session; an unknown one has ended already.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn close_session(&self, secret: &str) -> Result<(), ServiceError> {
        self.store().remove_session(&hash_secret(secret)).await?;
        self.identities.forget();
        Ok(())
    }

    async fn check_password(
        &self,
        username: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<User, ServiceError> {
        let attempt = self.login_limit.begin(username, address, self.now())?;
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(WRONG);
        }
        let found = self.store().find_login(username).await?;
        let (user, hash) = found.map_or((None, None), |login| (Some(login.user), login.password_hash));
        let right = self.passwords.verify(password, hash).await?;
        match user {
            Some(user) if right && user.may_enter() => {
                attempt.succeeded();
                Ok(user)
            }
            _ => Err(WRONG),
        }
    }

    fn sign_for(&self, user: &User, is_refresh: bool) -> String {
        self.tokens().sign(&Claims {
            subject: user.id.to_string(),
            tenant: Some(user.tenant.clone()),
            role: Some(user.role),
            cadet_id: user.cadet_id,
            vehicle_ids: Vec::new(),
            expires_at: self.now().plus_ms(if is_refresh { REFRESH_MS } else { ACCESS_MS }),
            is_refresh,
            is_account: true,
        })
    }
}
