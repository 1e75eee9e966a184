//! Logins, and what they are made and restored with.

use crate::{Digest, Login, NewLogin, Once, Result};
use async_trait::async_trait;
use milepost_domain::{EmailAddress, Label, Role, TenantId, Timestamp, User, UserId};
use std::fmt;
use std::net::IpAddr;

/// Sessions of one user. A further one ends the one that was not seen for the longest time.
pub const MAX_SESSIONS: u32 = 200;
/// Password links of one user. A further one replaces the one that ends first.
pub const MAX_PASSWORD_LINKS: u32 = 10;

/// Logins of one user that wait for a second factor. A further one replaces the one that ends first.
pub const MAX_CHALLENGES: u32 = 10;

/// Passkeys of one user. There is no further one.
pub const MAX_PASSKEYS: u32 = 20;

/// What a challenge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengePurpose {
    /// The second factor of a login.
    Login,
    /// A new passkey.
    NewPasskey,
    /// That the user of a session is still there.
    StepUp,
}

impl ChallengePurpose {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::NewPasskey => "new_passkey",
            Self::StepUp => "step_up",
        }
    }
}

/// A passkey to be added.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// Whose it is.
    pub user: UserId,
    /// The authenticator's name for it.
    pub credential_id: Vec<u8>,
    /// The COSE key.
    pub public_key: Vec<u8>,
    /// The count of its signatures; 0 if it counts none.
    pub counter: u32,
    /// What its user calls it.
    pub name: Label,
}

/// A stored passkey.
#[derive(Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its number.
    pub number: i64,
    /// What it was added with.
    pub new: NewPasskey,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What adding a passkey did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyAdded {
    /// It has this number. The recovery codes were stored, if it is the user's first second factor.
    Added {
        /// Its number.
        number: i64,
        /// Whether the recovery codes were stored.
        is_first: bool,
    },
    /// The user has [`MAX_PASSKEYS`].
    TooMany,
}

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
    /// When its user last showed by a passkey that it is still there.
    pub confirmed_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The provider at which the user logged in, if not here.
    pub provenance: Option<Provenance>,
}

/// A link with which a user sets its password, or confirms an address.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordLink {
    /// The digest of its secret.
    pub secret_hash: Digest,
    /// Whose password it sets.
    pub user: UserId,
    /// The address that it confirms, if that is what it is for. It sets no password then.
    pub email: Option<EmailAddress>,
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
    /// Gives a link's user the address that it confirms, and ends the link. Returns the user, or `None` and writes nothing if the link
    /// was used or has expired.
    async fn redeem_email_link(&self, secret_hash: &Digest, now: Timestamp) -> Result<Option<UserId>>;
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
    /// Removes a user's app, and its recovery codes if it has no passkey. Returns false if there is no app.
    async fn remove_totp(&self, user: UserId) -> Result<bool>;
    /// Adds a passkey, and recovery codes if it is the user's first second factor. `Conflict("passkey")` if it is somebody's already,
    /// `NotFound("user")`.
    async fn add_passkey(
        &self,
        passkey: &NewPasskey,
        recovery_codes: &[Digest],
        now: Timestamp,
    ) -> Result<PasskeyAdded>;
    /// The passkeys of a user, the oldest first.
    async fn list_passkeys(&self, user: UserId) -> Result<Vec<Passkey>>;
    /// Notes a signature of a user's passkey. Returns false and writes nothing if its counter did not go on: there is a copy of it.
    async fn use_passkey(&self, user: UserId, number: i64, counter: u32, now: Timestamp) -> Result<bool>;
    /// Removes a passkey of a user, or all, and its recovery codes if no second factor is left. Returns how many were removed.
    async fn remove_passkeys(&self, user: UserId, number: Option<i64>) -> Result<u64>;
    /// Notes that the user of a session has shown to be still there.
    async fn confirm_session(&self, token_hash: &Digest, now: Timestamp) -> Result<()>;
    /// Adds a challenge. Above [`MAX_CHALLENGES`] another one of the user ends. `NotFound("user")`.
    async fn add_challenge(
        &self,
        secret_hash: &Digest,
        user: UserId,
        purpose: ChallengePurpose,
        expires_at: Timestamp,
    ) -> Result<()>;
    /// The user of a login that waits for its second factor.
    async fn find_challenge(&self, secret_hash: &Digest, now: Timestamp) -> Result<Option<UserId>>;
    /// Ends a challenge. Returns false if it has ended.
    async fn remove_challenge(&self, secret_hash: &Digest) -> Result<bool>;
    /// Ends a challenge of this purpose, and returns its user unless it had ended.
    async fn take_challenge(
        &self,
        secret_hash: &Digest,
        purpose: ChallengePurpose,
        now: Timestamp,
    ) -> Result<Option<UserId>>;
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
