//! A user's logins: opened with a login, listed for the user, and ended one by one.

use crate::identity_cache::{ReadFrom, password_fingerprint};
use crate::login::WRONG;
use crate::{Access, AccessError, Authentication, CloseReason, Holder, hash_secret, random_secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use milepost_domain::{Timestamp, UserId};
use milepost_store::{Digest, Login, Provenance, Session, SessionKind};
use std::net::IpAddr;
use std::sync::Arc;

/// A use of a session is noted if the last one that was noted is older.
const SEEN_MS: i64 = 5 * 60 * 1000;
/// Notes of uses that are written at the same time. Further uses are noted by the next request of their session.
pub(crate) const PARALLEL_NOTES: usize = 4;

/// A session as its user sees it.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Names the session. It is the digest of its secret, so that nobody gets in with it.
    pub id: String,
    /// What is stored of it.
    pub session: Session,
    /// Whether the caller's own credential belongs to it.
    pub is_current: bool,
}

/// The name of a session, which is a claim of its tokens too.
pub(crate) fn session_id(token_hash: &Digest) -> String {
    URL_SAFE_NO_PAD.encode(token_hash)
}

/// The session with this name.
pub(crate) fn read_session_id(id: &str) -> Option<Digest> {
    URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()
}

impl Access {
    /// Opens a session after a login, and returns its secret.
    pub(crate) async fn add_session(
        &self,
        login: &Login,
        kind: SessionKind,
        address: Option<IpAddr>,
        lifetime_ms: i64,
        provenance: Option<Provenance>,
    ) -> Result<String, AccessError> {
        let (secret, now) = (random_secret("mps_"), self.clock.now());
        let session = Session {
            token_hash: hash_secret(&secret),
            user: login.user.id,
            kind,
            address,
            created_at: now,
            last_seen_at: now,
            confirmed_at: None,
            expires_at: now.plus_ms(lifetime_ms),
            provenance,
        };
        self.store.add_session(&session).await?;
        // A new password or a lock-out in the meantime has ended all sessions except the one just added.
        match self.store.get_login(session.user).await? {
            Some(now) if now.user.may_enter() && password_fingerprint(&now) == password_fingerprint(login) => {
                Ok(secret)
            }
            _ => {
                self.store.remove_session(&session.token_hash, self.clock.now()).await?;
                Err(WRONG)
            }
        }
    }

    /// A session that has not ended.
    pub(crate) async fn session(&self, digest: Digest, from: ReadFrom) -> Result<Option<Session>, AccessError> {
        let now = self.clock.now();
        let load = async {
            let session = self.store.find_session(&digest, now).await?;
            if let Some(session) = &session {
                self.note_seen(session, now);
            }
            Ok::<_, AccessError>(session)
        };
        let session = self.identities.sessions.read(digest, from, self.present(), load).await?;
        Ok(session.filter(|session| session.expires_at > now))
    }

    /// Writes down that a session was used, beside the request that used it.
    fn note_seen(&self, session: &Session, now: Timestamp) {
        if now.ms_since(session.last_seen_at) < SEEN_MS {
            return;
        }
        let Ok(permit) = Arc::clone(&self.session_notes).try_acquire_owned() else { return };
        let (store, digest) = (Arc::clone(&self.store), session.token_hash);
        tokio::spawn(async move {
            if let Err(error) = store.note_session_seen(&digest, now).await {
                tracing::debug!(%error, "the use of a session could not be noted");
            }
            drop(permit);
        });
    }

    /// The sessions of the caller, newest first. `None` if it is no user who is stored here.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn list_sessions(
        &self,
        authentication: &Authentication,
    ) -> Result<Option<Vec<OpenSession>>, AccessError> {
        let Some(user) = authentication.stored_user() else { return Ok(None) };
        let sessions = self.store.list_sessions(user, self.clock.now()).await?;
        let current = authentication.session();
        let open = |session: Session| OpenSession {
            id: session_id(&session.token_hash),
            is_current: current == Some(&session.token_hash),
            session,
        };
        Ok(Some(sessions.into_iter().map(open).collect()))
    }

    /// Ends a session of the caller with its tokens and connections. Returns false if the caller has no such session.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn end_session(&self, authentication: &Authentication, id: &str) -> Result<bool, AccessError> {
        let (Some(user), Some(digest)) = (authentication.stored_user(), read_session_id(id)) else { return Ok(false) };
        let now = self.clock.now();
        if self.store.find_session(&digest, now).await?.is_none_or(|session| session.user != user) {
            return Ok(false);
        }
        self.store.remove_session(&digest, now).await?;
        self.end_connections(Holder::Session(user, &digest), CloseReason::Revoked);
        Ok(true)
    }

    /// Ends a session and its connections. An unknown session has ended already.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn close_session(&self, secret: &str) -> Result<(), AccessError> {
        let hash = hash_secret(secret);
        let user = self.store.remove_session(&hash, self.clock.now()).await?;
        match user {
            Some(user) => self.end_connections(Holder::Session(user, &hash), CloseReason::Revoked),
            None => self.identities.forget_session(&hash),
        }
        Ok(())
    }

    /// Ends all sessions, tokens and connections of a stored user. Returns false if there is no such user.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn end_logins(&self, user: UserId) -> Result<bool, AccessError> {
        let is_stored = self.store.end_logins(user, self.clock.now()).await?;
        self.end_connections(Holder::User(user), CloseReason::Revoked);
        Ok(is_stored)
    }
}
