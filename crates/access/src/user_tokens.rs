//! Tokens that people make for their own programs and phones, and sessions for who shows one. Each belongs to a login of its own, so
//! that it can be ended.

use crate::identity_cache::password_fingerprint;
use crate::login::{Recall, WRONG};
use crate::sessions::session_id;
use crate::{Access, AccessError, Attempt, Authentication, CloseReason, Holder, Opened, hash_secret};
use milepost_domain::{Caller, Principal, Timestamp, User, UserId};
use milepost_store::{Login, SessionKind};
use std::net::IpAddr;

impl Access {
    /// Logs a user in by password and, if it has a second factor, a code. Without a code that is due, the challenge is the outcome.
    ///
    /// # Errors
    /// As [`Self::open_session`] and [`Self::answer_challenge`].
    pub async fn open_session_with(&self, attempt: Attempt, code: Option<&str>) -> Result<Opened, AccessError> {
        let address = attempt.address;
        match (self.open_session(attempt).await?, code) {
            (Opened::Challenge { challenge, .. }, Some(code)) => {
                Ok(Opened::Session(self.answer_challenge(&challenge, code, address).await?))
            }
            (opened, _) => Ok(opened),
        }
    }

    /// The caller of a request that carries name and password. Nothing is opened for it, and a password that was right a short time ago
    /// costs no slow hash: programs send theirs with every request.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`], [`AccessError::SecondFactorDue`] for who needs more than a password, [`AccessError::TooMany`].
    pub async fn caller_of_password(&self, attempt: Attempt) -> Result<Caller, AccessError> {
        let login = self.check_or_recall_password(attempt, Recall::Minutes).await?;
        if !login.factors.is_empty() || login.is_factor_demanded {
            return Err(AccessError::SecondFactorDue(
                login.factors,
                "a password alone does not do: log in, or use a token",
            ));
        }
        let User { id, tenant, role, cadet_id, vehicle_ids, .. } = login.user;
        let principal = Principal::User { id: Some(id), subject: id.to_string(), role, cadet_id, vehicle_ids };
        Ok(Caller { tenant, principal, expires_at: None })
    }

    /// Opens a browser's session for a stored user who showed another credential; `None` for anybody else.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn open_session_of(
        &self,
        authentication: &Authentication,
        address: Option<IpAddr>,
    ) -> Result<Option<String>, AccessError> {
        let Some(user) = authentication.stored_user() else { return Ok(None) };
        let login = self.entering(user).await?;
        self.note_login(&login, "session", address).await?;
        let lifetime_ms = i64::from(crate::SESSION_S) * 1000;
        Ok(Some(self.add_session(&login, SessionKind::Browser, address, lifetime_ms, None).await?))
    }

    /// A token with which the programs of a user act for it until `expires_at`.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`] for who is not stored here or may not log in.
    pub async fn issue_user_token(
        &self,
        user: UserId,
        expires_at: Timestamp,
        address: Option<IpAddr>,
    ) -> Result<String, AccessError> {
        let login = self.entering(user).await?;
        self.note_login(&login, "token", address).await?;
        let lifetime_ms = expires_at.ms_since(self.clock.now()).max(0);
        let secret = self.add_session(&login, SessionKind::App, address, lifetime_ms, None).await?;
        let mut claims = claims_of(&login.user, expires_at);
        claims.is_account = true;
        claims.password_fingerprint = Some(password_fingerprint(&login));
        claims.session = Some(hash_secret(&secret));
        Ok(self.tokens.sign(&claims))
    }

    /// Ends a token of this user, and what was opened with it. One that is no such token has ended already.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn end_user_token(&self, user: UserId, token: &str) -> Result<(), AccessError> {
        let claims = self.tokens.verify(token).ok();
        let Some(digest) = claims.filter(|claims| claims.subject == user.to_string()).and_then(|claims| claims.session)
        else {
            return Ok(());
        };
        let now = self.clock.now();
        if self.store.find_session(&digest, now).await?.is_some_and(|session| session.user == user) {
            self.store.remove_session(&digest, now).await?;
            self.end_connections(Holder::Session(user, &digest), CloseReason::Revoked);
            tracing::info!(user.id = %user, session.id = session_id(&digest), "token ended by its user");
        }
        Ok(())
    }

    async fn entering(&self, user: UserId) -> Result<Login, AccessError> {
        self.store.get_login(user).await?.filter(|login| login.user.may_enter()).ok_or(WRONG)
    }
}

fn claims_of(user: &User, expires_at: Timestamp) -> crate::Claims {
    crate::Claims {
        subject: user.id.to_string(),
        tenant: Some(user.tenant.clone()),
        role: Some(user.role),
        cadet_id: user.cadet_id,
        vehicle_ids: Vec::new(),
        expires_at,
        issued_at: None,
        is_refresh: false,
        is_account: false,
        password_fingerprint: None,
        session: None,
    }
}
