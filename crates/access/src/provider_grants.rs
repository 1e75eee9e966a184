//! What lets this server ask an identity provider again about the user of a session, so that a role that is taken away there is gone here soon.

use crate::{Access, AccessError, CloseReason, Holder, ProviderLogout};
use milepost_domain::{Role, UserId};
use milepost_store::{Digest, Grant};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

/// How often a provider is asked about a session, milliseconds.
const CHECK_MS: i64 = 10 * 60 * 1000;
/// When it is asked again if it could not be reached, milliseconds.
const AGAIN_MS: i64 = 60 * 1000;
/// What the key of grants is derived for.
const PURPOSE: &str = "grants of a provider";

/// A token with which the provider answers about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProviderToken {
    /// Gets new tokens, each time.
    Refresh(String),
    /// Opens the endpoint with the user's claims for as long as it is good.
    Access {
        /// The token.
        token: String,
        /// The role's claim came from that endpoint: without it there, it is gone.
        tells_roles: bool,
    },
}

/// Who a user is at a provider, and what the provider is asked with.
#[derive(Clone, Serialize, Deserialize)]
pub struct ProviderGrant {
    /// The provider. Its tokens are for nobody else.
    pub issuer: String,
    /// The user's name there.
    pub subject: String,
    /// The tenant of which the provider said that the user is.
    pub tenant: String,
    /// With which the provider answers.
    pub token: ProviderToken,
}

/// A session whose provider is to be asked.
pub struct DueCheck {
    session: Digest,
    /// The user.
    pub user: UserId,
    /// How it is asked.
    pub grant: ProviderGrant,
}

impl Access {
    /// Keeps what a provider is asked with, with the session that it opened.
    pub(crate) async fn keep_grant(&self, session: &Digest, grant: &ProviderGrant) -> Result<(), AccessError> {
        let sealed = self.seal_grant(session, grant);
        Ok(self.store.set_grant(session, &sealed, self.clock.now().plus_ms(CHECK_MS)).await?)
    }

    /// Keeps the token that replaced the one of a session.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn renew_grant(&self, check: &DueCheck, token: ProviderToken) -> Result<(), AccessError> {
        self.keep_grant(&check.session, &ProviderGrant { token, ..check.grant.clone() }).await
    }

    /// The sessions whose provider is to be asked now. Each is due again in ten minutes.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn take_due_checks(&self, limit: u32) -> Result<Vec<DueCheck>, AccessError> {
        let now = self.clock.now();
        let mut due = Vec::new();
        for stored in self.store.take_grants(now, now.plus_ms(CHECK_MS), limit).await? {
            match self.open_grant(&stored) {
                Some(grant) => due.push(DueCheck { session: stored.session, user: stored.user, grant }),
                // Another secret sealed it. Nobody can ask about this session any more.
                None => self.store.remove_grant(&stored.session).await?,
            }
        }
        Ok(due)
    }

    /// Asks again in a minute: the provider could not be reached. The token stays as it is stored: it may have been renewed.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn postpone_check(&self, check: &DueCheck) -> Result<(), AccessError> {
        Ok(self.store.set_grant_due(&check.session, self.clock.now().plus_ms(AGAIN_MS)).await?)
    }

    /// The token is not good any more, and tells nothing about the user: nobody is asked again, and the session stays.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn end_checks(&self, check: &DueCheck) -> Result<(), AccessError> {
        Ok(self.store.remove_grant(&check.session).await?)
    }

    /// The provider has ended the session: it ends here too, with its connections.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn end_checked_session(&self, check: &DueCheck) -> Result<(), AccessError> {
        self.store.remove_session(&check.session, self.clock.now()).await?;
        self.end_connections(Holder::Session(check.user, &check.session), CloseReason::Revoked);
        tracing::info!(user.id = %check.user, "session ended: its identity provider has ended it");
        Ok(())
    }

    /// Follows what the provider says of the user now: another role, or none, which ends all sessions that it opened.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn follow_provider(&self, check: &DueCheck, role: Option<Role>) -> Result<(), AccessError> {
        let Some(role) = role else {
            let logout = ProviderLogout { sid: None, subject: Some(check.grant.subject.clone()) };
            tracing::info!(user.id = %check.user, "sessions ended: the user has no role at the identity provider any more");
            return self.end_provider_sessions(&check.grant.issuer, &logout).await;
        };
        if let Some(user) = self.store.get_user(check.user).await? {
            self.follow_role(user, role, None).await?;
        }
        Ok(())
    }

    fn grant_key(&self) -> LessSafeKey {
        let key = self.tokens.derive(PURPOSE);
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("the key has the length of this cipher"))
    }

    /// The session is part of what is sealed: a grant can't be moved to another one.
    fn seal_grant(&self, session: &Digest, grant: &ProviderGrant) -> Vec<u8> {
        let mut nonce = [0_u8; NONCE_LEN];
        getrandom::fill(&mut nonce).expect("the operating system gives random bytes");
        let mut bytes = serde_json::to_vec(grant).expect("texts serialise");
        let sealed = self.grant_key().seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(session),
            &mut bytes,
        );
        sealed.expect("a token is shorter than the cipher's limit");
        [&nonce[..], &bytes].concat()
    }

    fn open_grant(&self, stored: &Grant) -> Option<ProviderGrant> {
        let (nonce, sealed) = stored.sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = sealed.to_vec();
        let opened = self.grant_key().open_in_place(nonce, Aad::from(&stored.session), &mut bytes).ok()?;
        serde_json::from_slice(opened).ok()
    }
}
