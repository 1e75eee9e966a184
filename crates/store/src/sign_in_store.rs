//! Logins, and what they are made and restored with.

use crate::{Digest, Login, Once, Result};
use async_trait::async_trait;
use milepost_domain::{EmailAddress, Timestamp, UserId};
use std::fmt;
use std::net::IpAddr;

/// Sessions of one user. A further one ends the one that was not seen for the longest time.
pub const MAX_SESSIONS: u32 = 200;
/// Password links of one user. A further one replaces the one that ends first.
pub const MAX_PASSWORD_LINKS: u32 = 10;

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

/// Logins, and what they are made and restored with. Part of [`crate::Store`].
#[async_trait]
pub trait SignInStore: Send + Sync {
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
