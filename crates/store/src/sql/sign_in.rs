//! Implements the trait for logins with the functions of this folder.

pub(super) mod password_links;
pub(super) mod sessions;

use super::accounts::users;
use super::sql_store::SqlStore;
use crate::{Digest, Login, Once, PasswordLink, Result, Session, SignInStore};
use async_trait::async_trait;
use milepost_domain::{EmailAddress, Timestamp, UserId};

#[async_trait]
impl SignInStore for SqlStore {
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
    async fn redeem_password_link(
        &self,
        secret_hash: &Digest,
        new_password_hash: &str,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        write!(self, None, password_links::redeem_password_link(secret_hash, new_password_hash, now, self.renderer()))
    }
}
