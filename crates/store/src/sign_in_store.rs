//! Logins, and what they are made and restored with.

use crate::{Digest, Login, NewLogin, Once, Result};
use async_trait::async_trait;
use milepost_domain::{EmailAddress, Role, TenantId, Timestamp, User, UserId};
use std::fmt;
use std::net::IpAddr;

/// Sessions of one user. A further one ends the one that was not seen for the longest time.
pub const MAX_SESSIONS: u32 = 200;
/// Password links of one user. A further one replaces the one that ends first.
pub const MAX_PASSWORD_LINKS: u32 = 10;

/// Logins of one user that wait for a second factor. A further one replaces the one that ends first.
pub const MAX_CHALLENGES: u32 = 10;

/// How many wrong codes of a user are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotpLimit {
    /// At once.
    pub attempts: i64,
    /// The time in which one of them is forgiven, milliseconds.
    pub recovery_ms: i64,
}

/// An attempt to give a right code.
#[derive(Clone, PartialEq, Eq)]
pub enum TotpAttempt {
    /// It is counted, and may be compared.
    Allowed {
        /// The secret of the user's app.
        secret: Vec<u8>,
        /// The step of the newest code that was used.
        last_step: i64,
        /// False while the app is being set up.
        is_confirmed: bool,
    },
    /// There were too many.
    TooMany {
        /// How long to wait, milliseconds.
        wait_ms: i64,
    },
    /// The user has none.
    NoFactor,
}

/// What a session was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// A browser has a cookie with the session's secret.
    Browser,
    /// An app has tokens that name the session.
    App,
}

impl SessionKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::App => "app",
        }
    }

    pub(crate) fn parse(name: &str) -> Self {
        if name == "app" { Self::App } else { Self::Browser }
    }
}

/// The identity provider's session that a session was opened by.
#[derive(Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The provider.
    pub issuer: String,
    /// Its own name for its session, if it has one.
    pub sid: Option<String>,
}

/// A login of a user, until it ends.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The digest of its secret, which nobody has for an app's session.
    pub token_hash: Digest,
    /// Whose it is.
    pub user: UserId,
    /// What it was opened for.
    pub kind: SessionKind,
    /// Where it was opened from, if that is known.
    pub address: Option<IpAddr>,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When it was last used, to some minutes.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The provider at which the user logged in, if not here.
    pub provenance: Option<Provenance>,
}

/// A link with which a user sets its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordLink {
    /// The digest of its secret.
    pub secret_hash: Digest,
    /// Whose password it sets.
    pub user: UserId,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What lets this server ask an identity provider again about the user of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// The session.
    pub session: Digest,
    /// Its user.
    pub user: UserId,
    /// Who the user is at the provider, and the provider's token, encrypted.
    pub sealed: Vec<u8>,
}

/// Logins, and what they are made and restored with. Part of [`crate::Store`].
#[async_trait]
pub trait SignInStore: Send + Sync {
    /// Replaces the hash of a user's password by another one of the same password, with `UserChanged`. Returns false if it is not this
    /// one any more.
    async fn replace_password_hash(&self, user: UserId, before: &str, after: &str, now: Timestamp) -> Result<bool>;
    /// Adds a login session. `NotFound("user")`, `Conflict("session")`. Above [`MAX_SESSIONS`] another one of the user ends.
    async fn add_session(&self, session: &Session) -> Result<()>;
    /// Reads a session, unless it has expired.
    async fn find_session(&self, token_hash: &Digest, now: Timestamp) -> Result<Option<Session>>;
    /// Reads the sessions of a user that have not expired, newest first.
    async fn list_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;
    /// Notes that a session was used.
    async fn note_session_seen(&self, token_hash: &Digest, now: Timestamp) -> Result<()>;
    /// Ends a session and returns its user, if it existed.
    async fn remove_session(&self, token_hash: &Digest, now: Timestamp) -> Result<Option<UserId>>;
    /// Ends all sessions of a user and returns their number.
    async fn remove_user_sessions(&self, user: UserId) -> Result<u64>;
    /// Reads the users with this address, whatever the case of its letters.
    async fn find_logins_by_email(&self, email: &EmailAddress, limit: u32) -> Result<Vec<Login>>;
    /// Adds a password link. `NotFound("user")`. Above [`MAX_PASSWORD_LINKS`] another one of the user ends.
    async fn add_password_link(&self, link: &PasswordLink, once: &Once<'_, ()>) -> Result<()>;
    /// The user of a password link, unless it was used or has expired.
    async fn find_password_link(&self, secret_hash: &Digest, now: Timestamp) -> Result<Option<UserId>>;
    /// Sets the password of a link's user and ends the link, and with it everything that a new password ends. Returns the user, or
    /// `None` and writes nothing if the link was used or has expired.
    async fn redeem_password_link(
        &self,
        secret_hash: &Digest,
        new_password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>>;

    /// The user of a provider's subject.
    async fn find_identity(&self, issuer: &str, subject: &str) -> Result<Option<UserId>>;
    /// Links a provider's subject to a user. `Conflict("identity")` if the subject has a user, or the user a subject of this issuer.
    async fn add_identity(&self, issuer: &str, subject: &str, user: UserId) -> Result<()>;
    /// Adds a user for a provider's subject. `Conflict("username")`, `Conflict("identity")`, `NotFound("tenant")`.
    async fn add_user_of_identity(&self, issuer: &str, subject: &str, user: &NewLogin, now: Timestamp) -> Result<User>;
    /// Ends the sessions that a provider opened: of one of its sessions, of a subject, or of both. Returns their users.
    async fn remove_sessions_of_issuer(
        &self,
        issuer: &str,
        sid: Option<&str>,
        subject: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<UserId>>;

    /// Stores what lets this server ask the provider of a session again. A session that has ended keeps nothing.
    async fn set_grant(&self, session: &Digest, sealed: &[u8], check_at: Timestamp) -> Result<()>;
    /// Takes grants that are due, and makes them due at `next` again: of several nodes one gets each.
    async fn take_grants(&self, now: Timestamp, next: Timestamp, limit: u32) -> Result<Vec<Grant>>;
    /// Makes the grant of a session due at another time.
    async fn set_grant_due(&self, session: &Digest, check_at: Timestamp) -> Result<()>;
    /// Removes the grant of a session that can't be used any more. The session stays.
    async fn remove_grant(&self, session: &Digest) -> Result<()>;

    /// Begins to set up an authenticator app. Returns false and writes nothing if the user has one. `NotFound("user")`.
    async fn add_totp(&self, user: UserId, secret: &[u8]) -> Result<bool>;
    /// Counts an attempt of a user and reads what its code is compared with, unless there were too many.
    async fn begin_totp_attempt(&self, user: UserId, limit: TotpLimit, now: Timestamp) -> Result<TotpAttempt>;
    /// Ends the set-up of an app. Returns false if there is none to end.
    async fn confirm_totp(&self, user: UserId, step: i64, recovery_codes: &[Digest], now: Timestamp) -> Result<bool>;
    /// Uses the code of a step up, and forgives the attempt. Returns false if it or a newer one was used before.
    async fn use_totp_step(&self, user: UserId, step: i64, limit: TotpLimit) -> Result<bool>;
    /// Uses a recovery code up, and forgives the attempt. Returns false if the user has no such code.
    async fn use_recovery_code(&self, user: UserId, code_hash: &Digest, limit: TotpLimit) -> Result<bool>;
    /// Removes a user's app and its recovery codes. Returns false if there is no app.
    async fn remove_totp(&self, user: UserId) -> Result<bool>;
    /// Adds a login that waits for its second factor. Above [`MAX_CHALLENGES`] another one of the user ends. `NotFound("user")`.
    async fn add_challenge(&self, secret_hash: &Digest, user: UserId, expires_at: Timestamp) -> Result<()>;
    /// The user of a waiting login.
    async fn find_challenge(&self, secret_hash: &Digest, now: Timestamp) -> Result<Option<UserId>>;
    /// Ends a waiting login. Returns false if it has ended.
    async fn remove_challenge(&self, secret_hash: &Digest) -> Result<bool>;
    /// The roles of a tenant that need a second factor.
    async fn second_factor_roles(&self, tenant: &TenantId) -> Result<Vec<Role>>;
    /// Replaces them. `NotFound("tenant")`.
    async fn set_second_factor_roles(&self, tenant: &TenantId, roles: &[Role]) -> Result<()>;
}

// Written by hand, so that no address of a person and no digest reaches a log line.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("user", &self.user).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordLink").field("user", &self.user).finish_non_exhaustive()
    }
}
