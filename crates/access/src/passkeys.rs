//! Passkeys: second factors that no copied page can ask for. A challenge is good for one answer, right or wrong.

mod cbor;
mod ceremony;
mod relying_party;

pub use ceremony::{ALGORITHMS, Assertion, Registration};
pub use relying_party::RelyingParty;

use crate::second_factor::{CHALLENGE_MS, new_recovery_codes};
use crate::{Access, AccessError, Authentication, hash_secret, random_secret};
use ceremony::{check_assertion, check_registration};
use milepost_domain::{Author, Invalid, Label, SecondFactors, User, UserId};
use milepost_store::{ChallengePurpose, Login, MAX_PASSKEYS, NewPasskey, Passkey, PasskeyAdded, StoreError};
use std::net::IpAddr;

const ENDED: AccessError = AccessError::NotAuthenticated("the login took too long, or was ended: log in again");
/// What the name is derived for by which authenticators know a user.
const HANDLE: &str = "user of a passkey ";

/// What a browser makes a passkey with.
pub struct PasskeySetup {
    /// Answered once, as UTF-8.
    pub challenge: String,
    /// This server.
    pub party: RelyingParty,
    /// The user, by a name that says nothing.
    pub handle: [u8; 32],
    /// The user as people know it.
    pub user: User,
    /// The keys that the user has: an authenticator makes no second one.
    pub known: Vec<Vec<u8>>,
}

/// What a browser asks an authenticator with.
pub struct PasskeyQuestion {
    /// Answered once, as UTF-8.
    pub challenge: String,
    /// This server.
    pub party: RelyingParty,
    /// The keys that may answer.
    pub known: Vec<Vec<u8>>,
}

/// A passkey that was added.
pub struct AddedPasskey {
    /// Its number.
    pub number: i64,
    /// For the user's first second factor. Nobody sees them again.
    pub recovery_codes: Option<Vec<String>>,
}

impl Access {
    /// What browsers know this server by.
    ///
    /// # Errors
    /// [`AccessError::Conflict`] that says why there are no passkeys.
    pub fn relying_party(&self) -> Result<&RelyingParty, AccessError> {
        self.relying_party.as_ref().map_err(|reason| AccessError::Conflict(reason))
    }

    /// The second factors that a user can set up here.
    pub fn possible_factors(&self) -> SecondFactors {
        SecondFactors { totp: true, passkey: self.relying_party.is_ok() }
    }

    /// Begins to add a passkey for the caller. Who has a second factor shows first that it is still there.
    ///
    /// # Errors
    /// [`AccessError::Conflict`] where there can be none, [`AccessError::StepUpNeeded`] as [`Self::step_up`] says.
    pub async fn begin_passkey(
        &self,
        authentication: &Authentication,
        password: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<PasskeySetup, AccessError> {
        let login = self.own_login(authentication).await?;
        let party = self.relying_party()?.clone();
        if !login.factors.is_empty() {
            self.step_up(authentication, password, address).await?;
        }
        let user = login.user;
        let known = self.credential_ids(user.id).await?;
        if known.len() >= MAX_PASSKEYS as usize {
            return Err(TOO_MANY);
        }
        let challenge = self.ask(user.id, ChallengePurpose::NewPasskey).await?;
        let handle = self.tokens.derive(&format!("{HANDLE}{}", user.id));
        Ok(PasskeySetup { challenge, party, handle, user, known })
    }

    /// Adds the passkey that a browser made. From now on logins need a second factor.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] for one that is not good, [`AccessError::Conflict`] for a challenge that has ended, for one that exists, and
    /// above [`MAX_PASSKEYS`].
    pub async fn add_passkey(
        &self,
        authentication: &Authentication,
        challenge: &str,
        name: Label,
        made: &Registration,
        address: Option<IpAddr>,
    ) -> Result<AddedPasskey, AccessError> {
        let user = self.own_login(authentication).await?.user.id;
        let party = self.relying_party()?;
        let now = self.clock.now();
        let asked = self.store.take_challenge(&hash_secret(challenge), ChallengePurpose::NewPasskey, now).await?;
        if asked != Some(user) {
            return Err(AccessError::Conflict("no passkey is being added, or that took too long: begin again"));
        }
        let made = check_registration(party, challenge, made)
            .map_err(|reason| AccessError::Invalid(Invalid::new("credential", reason)))?;
        let (codes, hashes) = new_recovery_codes();
        let (credential_id, public_key, counter) = (made.credential_id, made.public_key, made.counter);
        let new = NewPasskey { user, credential_id, public_key, counter, name };
        let added = match self.store.by(self.author(user, address)).add_passkey(&new, &hashes, now).await {
            Err(StoreError::Conflict(_)) => return Err(AccessError::Conflict("this passkey exists already")),
            added => added?,
        };
        let PasskeyAdded::Added { number, is_first } = added else { return Err(TOO_MANY) };
        self.forget_identities();
        tracing::info!(user.id = %user, "passkey added");
        Ok(AddedPasskey { number, recovery_codes: is_first.then_some(codes) })
    }

    /// The caller's passkeys, the oldest first.
    ///
    /// # Errors
    /// [`AccessError::Refused`] for who is not stored here.
    pub async fn list_own_passkeys(&self, authentication: &Authentication) -> Result<Vec<Passkey>, AccessError> {
        let user = self.own_login(authentication).await?.user.id;
        Ok(self.store.list_passkeys(user).await?)
    }

    /// Removes a passkey of the caller. Returns false if there is none with this number.
    ///
    /// # Errors
    /// [`AccessError::StepUpNeeded`] as [`Self::step_up`] says, [`AccessError::Conflict`] for the last second factor if the role needs one.
    pub async fn remove_own_passkey(
        &self,
        authentication: &Authentication,
        number: i64,
        password: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<bool, AccessError> {
        let login = self.own_login(authentication).await?;
        self.step_up(authentication, password, address).await?;
        let user = login.user.id;
        let is_last = !login.factors.totp && self.store.list_passkeys(user).await?.len() == 1;
        if login.is_factor_demanded && is_last {
            return Err(AccessError::Conflict("your role needs a second factor: set another one up first"));
        }
        let removed = self.store.by(self.author(user, address)).remove_passkeys(user, Some(number)).await?;
        self.forget_identities();
        Ok(removed > 0)
    }

    /// Removes all passkeys of a user, who has lost them. Returns false if there is none.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn remove_passkeys(&self, user: UserId, author: Author) -> Result<bool, AccessError> {
        let removed = self.store.by(author).remove_passkeys(user, None).await?;
        self.forget_identities();
        Ok(removed > 0)
    }

    /// What a browser asks with in a login that waits for its second factor.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`] for a challenge that has ended, [`AccessError::Conflict`] where there are no passkeys.
    pub async fn passkey_question(&self, challenge: &str) -> Result<PasskeyQuestion, AccessError> {
        let party = self.relying_party()?.clone();
        let user = self.store.find_challenge(&hash_secret(challenge), self.clock.now()).await?.ok_or(ENDED)?;
        let known = self.credential_ids(user).await?;
        Ok(PasskeyQuestion { challenge: challenge.to_owned(), party, known })
    }

    /// Opens the session of a challenge, and returns the secret for its cookie. A wrong answer ends the challenge too.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`] for a challenge that has ended, [`AccessError::SecondFactorDue`] for a wrong answer,
    /// [`AccessError::TooMany`].
    pub async fn answer_with_passkey(
        &self,
        challenge: &str,
        assertion: &Assertion,
        address: Option<IpAddr>,
    ) -> Result<String, AccessError> {
        let taken =
            self.store.take_challenge(&hash_secret(challenge), ChallengePurpose::Login, self.clock.now()).await?;
        let login = self.store.get_login(taken.ok_or(ENDED)?).await?.filter(|login| login.user.may_enter());
        let login = login.ok_or(ENDED)?;
        self.check_passkey(&login, challenge, assertion, false, address).await?;
        self.open_browser_session(&login, address).await
    }

    /// Begins to show by a passkey that the caller is still there.
    ///
    /// # Errors
    /// [`AccessError::Conflict`] where there are no passkeys.
    pub async fn begin_step_up(&self, authentication: &Authentication) -> Result<PasskeyQuestion, AccessError> {
        let user = self.own_login(authentication).await?.user.id;
        let party = self.relying_party()?.clone();
        let known = self.credential_ids(user).await?;
        if known.is_empty() {
            return Err(AccessError::Conflict("you have no passkey: log in again, or send your password"));
        }
        let challenge = self.ask(user, ChallengePurpose::StepUp).await?;
        Ok(PasskeyQuestion { challenge, party, known })
    }

    /// Notes that the caller's session is its user's still: for five minutes it is as good as a new login. The authenticator must have asked
    /// for a PIN or a finger, as it stands for the password here.
    ///
    /// # Errors
    /// [`AccessError::StepUpNeeded`] for a wrong answer, or a challenge that has ended or is another's.
    pub async fn step_up_with_passkey(
        &self,
        authentication: &Authentication,
        challenge: &str,
        assertion: &Assertion,
        address: Option<IpAddr>,
    ) -> Result<(), AccessError> {
        const REFUSED: AccessError =
            AccessError::StepUpNeeded("the passkey's answer is not good, or came too late: begin again");
        let login = self.own_login(authentication).await?;
        let session = authentication.session().ok_or(AccessError::StepUpNeeded("this is no login that goes on"))?;
        let now = self.clock.now();
        let asked = self.store.take_challenge(&hash_secret(challenge), ChallengePurpose::StepUp, now).await?;
        if asked != Some(login.user.id) {
            return Err(REFUSED);
        }
        match self.check_passkey(&login, challenge, assertion, true, address).await {
            Err(AccessError::SecondFactorDue(..)) => return Err(REFUSED),
            checked => checked?,
        }
        Ok(self.store.confirm_session(session, now).await?)
    }

    /// Checks an answer to a challenge, which is taken already. Wrong ones count as failed logins.
    async fn check_passkey(
        &self,
        login: &Login,
        challenge: &str,
        assertion: &Assertion,
        must_be_verified: bool,
        address: Option<IpAddr>,
    ) -> Result<(), AccessError> {
        let user = &login.user;
        let counted = format!("{}\n{}", user.tenant, user.username);
        let charge = self.login_limit.begin(&counted, address, self.clock.now())?;
        match self.verified_passkey(user.id, challenge, assertion, must_be_verified).await? {
            Ok(()) => {
                charge.refund();
                Ok(())
            }
            Err(reason) => {
                tracing::info!(user.id = %user.id, reason, "passkey refused");
                self.note_failed_login(user, "passkey", address);
                self.failed_logins.note(&counted, address);
                Err(AccessError::SecondFactorDue(login.factors, "the passkey's answer is not good: log in again"))
            }
        }
    }

    async fn verified_passkey(
        &self,
        user: UserId,
        challenge: &str,
        assertion: &Assertion,
        must_be_verified: bool,
    ) -> Result<Result<(), &'static str>, AccessError> {
        let party = self.relying_party()?;
        let passkeys = self.store.list_passkeys(user).await?;
        let Some(passkey) = passkeys.iter().find(|passkey| passkey.new.credential_id == assertion.credential_id) else {
            return Ok(Err("the user has no such passkey"));
        };
        let counter = match check_assertion(party, challenge, &passkey.new.public_key, assertion, must_be_verified) {
            Ok(counter) => counter,
            Err(reason) => return Ok(Err(reason)),
        };
        if self.store.use_passkey(user, passkey.number, counter, self.clock.now()).await? {
            Ok(Ok(()))
        } else {
            Ok(Err("its counter did not go on: there is a copy of it"))
        }
    }

    async fn ask(&self, user: UserId, purpose: ChallengePurpose) -> Result<String, AccessError> {
        let challenge = random_secret("mpc_");
        let expires_at = self.clock.now().plus_ms(CHALLENGE_MS);
        self.store.add_challenge(&hash_secret(&challenge), user, purpose, expires_at).await?;
        Ok(challenge)
    }

    async fn credential_ids(&self, user: UserId) -> Result<Vec<Vec<u8>>, AccessError> {
        let passkeys = self.store.list_passkeys(user).await?;
        Ok(passkeys.into_iter().map(|passkey| passkey.new.credential_id).collect())
    }
}

const TOO_MANY: AccessError = AccessError::Conflict("you have twenty passkeys: remove one first");
