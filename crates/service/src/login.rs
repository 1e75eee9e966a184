//! Logging in: a pair of tokens for programs, a session cookie for browsers.

use crate::passwords::MAX_PASSWORD_BYTES;
use crate::{Claims, Service, ServiceError, hash_secret, random_secret};
use milepost_domain::{User, UserId};
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
        let mark = Some(password_mark(&login));
        Ok(TokenPair { access: self.sign_for(&login.user, None), refresh: self.sign_for(&login.user, mark) })
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
        let Some(user) = self.store().get_user(id).await? else { return Err(refused) };
        match self.store().find_login(user.username.as_str()).await? {
            Some(login)
                if login.user.id == id
                    && login.user.may_enter()
                    && claims.password_mark.as_deref() == Some(password_mark(&login).as_str()) =>
            {
                Ok(self.sign_for(&login.user, None))
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
        let user = self.check_password(username, password, address).await?.user;
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
    ) -> Result<Login, ServiceError> {
        let attempt = self.login_limit.begin(username, address, self.now())?;
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(WRONG);
        }
        let found = self.store().find_login(username).await?;
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

    /// A refresh token carries the mark of its password, an access token none.
    fn sign_for(&self, user: &User, password_mark: Option<String>) -> String {
        let is_refresh = password_mark.is_some();
        self.tokens().sign(&Claims {
            subject: user.id.to_string(),
            tenant: Some(user.tenant.clone()),
            role: Some(user.role),
            cadet_id: user.cadet_id,
            vehicle_ids: Vec::new(),
            expires_at: self.now().plus_ms(if is_refresh { REFRESH_MS } else { ACCESS_MS }),
            is_refresh,
            is_account: true,
            password_mark,
        })
    }
}

/// Changes with the password and tells nothing about it: 64 bits of the hash of a salted hash.
fn password_mark(login: &Login) -> String {
    let digest = hash_secret(login.password_hash.as_deref().unwrap_or_default());
    digest[..8].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
