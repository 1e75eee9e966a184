//! Implements the trait for logins with the functions of this folder.

mod grants;
pub(super) mod identities;
pub(super) mod passkeys;
pub(super) mod password_links;
pub(super) mod second_factors;
pub(super) mod sessions;

use super::accounts::users;
use super::audit::sign_in as audited;
use super::sql_store::SqlStore;
use crate::{
    ChallengePurpose, Digest, Grant, Login, NewLogin, NewPasskey, Once, Passkey, PasskeyAdded, PasswordLink, Result,
    Session, SignInStore, TotpAttempt, TotpLimit,
};
use async_trait::async_trait;
use milepost_domain::{EmailAddress, Role, TenantId, Timestamp, User, UserId};

#[async_trait]
impl SignInStore for SqlStore {
    async fn replace_password_hash(&self, user: UserId, before: &str, after: &str, now: Timestamp) -> Result<bool> {
        write!(self, None, users::replace_password_hash(user, before, after, now, self.renderer()))
    }
    async fn add_session(&self, session: &Session) -> Result<()> {
        write!(self, None, sessions::add_session(session, self.renderer()))
    }
    async fn find_session(&self, token_hash: &Digest, now: Timestamp) -> Result<Option<Session>> {
        read_front!(self, sessions::find_session(token_hash, now))
    }
    async fn list_sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        read!(self, sessions::list_sessions(user, now))
    }
    async fn note_session_seen(&self, token_hash: &Digest, now: Timestamp) -> Result<()> {
        write_unflushed!(self, None, sessions::note_session_seen(token_hash, now))
    }
    async fn remove_session(&self, token_hash: &Digest, now: Timestamp) -> Result<Option<UserId>> {
        write!(self, None, sessions::remove_session(token_hash, now, self.renderer()))
    }
    async fn remove_user_sessions(&self, user: UserId) -> Result<u64> {
        write!(self, None, sessions::remove_user_sessions(user))
    }
    async fn find_logins_by_email(&self, email: &EmailAddress, limit: u32) -> Result<Vec<Login>> {
        read!(self, users::find_logins_by_email(email, limit))
    }
    async fn add_password_link(&self, link: &PasswordLink, once: &Once<'_, ()>) -> Result<()> {
        write!(self, None, password_links::add_password_link(link), once)
    }
    async fn find_password_link(&self, secret_hash: &Digest, now: Timestamp) -> Result<Option<UserId>> {
        read!(self, password_links::find_password_link(secret_hash, now))
    }
    async fn redeem_email_link(&self, secret_hash: &Digest, now: Timestamp) -> Result<Option<UserId>> {
        write!(self, None, audited::redeem_email_link(secret_hash, now, self.renderer(), self.author()))
    }
    async fn redeem_password_link(
        &self,
        secret_hash: &Digest,
        new_password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        write!(
            self,
            None,
            audited::redeem_password_link(secret_hash, new_password_hash, now, self.renderer(), self.author())
        )
    }
    async fn find_identity(&self, issuer: &str, subject: &str) -> Result<Option<UserId>> {
        read!(self, identities::find_identity(issuer, subject))
    }
    async fn add_identity(&self, issuer: &str, subject: &str, user: UserId) -> Result<()> {
        write!(self, None, audited::add_identity(issuer, subject, user, self.author()))
    }
    async fn add_user_of_identity(&self, issuer: &str, subject: &str, user: &NewLogin, now: Timestamp) -> Result<User> {
        write!(
            self,
            Some(&user.tenant),
            audited::add_user_of_identity(issuer, subject, user, now, self.renderer(), self.author())
        )
    }
    async fn remove_sessions_of_issuer(
        &self,
        issuer: &str,
        sid: Option<&str>,
        subject: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<UserId>> {
        write!(self, None, identities::remove_sessions_of_issuer(issuer, sid, subject, now, self.renderer()))
    }

    async fn set_grant(&self, session: &Digest, sealed: &[u8], check_at: Timestamp) -> Result<()> {
        let check_at = self.native.to_shared(check_at);
        write!(self, None, grants::set_grant(session, sealed, check_at))
    }
    async fn take_grants(&self, now: Timestamp, next: Timestamp, limit: u32) -> Result<Vec<Grant>> {
        let (now, next) = (self.native.to_shared(now), self.native.to_shared(next));
        // Asked often, and written only when one is due.
        if read!(self, grants::has_due(now))? {
            write!(self, None, grants::take_grants(now, next, limit))
        } else {
            Ok(Vec::new())
        }
    }
    async fn set_grant_due(&self, session: &Digest, check_at: Timestamp) -> Result<()> {
        let check_at = self.native.to_shared(check_at);
        write!(self, None, grants::set_grant_due(session, check_at))
    }
    async fn remove_grant(&self, session: &Digest) -> Result<()> {
        write!(self, None, grants::remove_grant(session))
    }

    async fn add_totp(&self, user: UserId, secret: &[u8]) -> Result<bool> {
        write!(self, None, second_factors::add_totp(user, secret))
    }
    async fn begin_totp_attempt(&self, user: UserId, limit: TotpLimit, now: Timestamp) -> Result<TotpAttempt> {
        write_unflushed!(self, None, second_factors::begin_totp_attempt(user, limit, now))
    }
    async fn confirm_totp(&self, user: UserId, step: i64, recovery_codes: &[Digest], now: Timestamp) -> Result<bool> {
        write!(self, None, audited::confirm_totp(user, step, recovery_codes, now, self.author()))
    }
    async fn use_totp_step(&self, user: UserId, step: i64, limit: TotpLimit) -> Result<bool> {
        write!(self, None, second_factors::use_totp_step(user, step, limit))
    }
    async fn use_recovery_code(&self, user: UserId, code_hash: &Digest, limit: TotpLimit) -> Result<bool> {
        write!(self, None, second_factors::use_recovery_code(user, code_hash, limit))
    }
    async fn remove_totp(&self, user: UserId) -> Result<bool> {
        write!(self, None, audited::remove_totp(user, self.author()))
    }
    async fn add_passkey(
        &self,
        passkey: &NewPasskey,
        recovery_codes: &[Digest],
        now: Timestamp,
    ) -> Result<PasskeyAdded> {
        write!(self, None, audited::add_passkey(passkey, recovery_codes, now, self.author()))
    }
    async fn list_passkeys(&self, user: UserId) -> Result<Vec<Passkey>> {
        read_front!(self, passkeys::list_passkeys(user))
    }
    async fn use_passkey(&self, user: UserId, number: i64, counter: u32, now: Timestamp) -> Result<bool> {
        write!(self, None, passkeys::use_passkey(user, number, counter, now))
    }
    async fn remove_passkeys(&self, user: UserId, number: Option<i64>) -> Result<u64> {
        write!(self, None, audited::remove_passkeys(user, number, self.author()))
    }
    async fn confirm_session(&self, token_hash: &Digest, now: Timestamp) -> Result<()> {
        write!(self, None, sessions::confirm_session(token_hash, now))
    }
    async fn add_challenge(
        &self,
        secret_hash: &Digest,
        user: UserId,
        purpose: ChallengePurpose,
        expires_at: Timestamp,
    ) -> Result<()> {
        write!(self, None, second_factors::add_challenge(secret_hash, user, purpose, expires_at))
    }
    async fn find_challenge(&self, secret_hash: &Digest, now: Timestamp) -> Result<Option<UserId>> {
        read_front!(self, second_factors::find_challenge(secret_hash, now))
    }
    async fn remove_challenge(&self, secret_hash: &Digest) -> Result<bool> {
        write!(self, None, second_factors::remove_challenge(secret_hash))
    }
    async fn take_challenge(
        &self,
        secret_hash: &Digest,
        purpose: ChallengePurpose,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        write!(self, None, second_factors::take_challenge(secret_hash, purpose, now))
    }
    async fn second_factor_roles(&self, tenant: &TenantId) -> Result<Vec<Role>> {
        read!(self, second_factors::second_factor_roles(tenant))
    }
    async fn set_second_factor_roles(&self, tenant: &TenantId, roles: &[Role]) -> Result<()> {
        write!(self, Some(tenant), audited::set_second_factor_roles(tenant, roles, self.author()))
    }
}
