//! Asks for a fresh proof of who somebody is, before something that can't be undone.

use crate::{Access, AccessError, Authentication};
use std::net::IpAddr;

/// A login of this age is fresh.
const FRESH_LOGIN_MS: i64 = 5 * 60 * 1000;
const NEEDED: AccessError =
    AccessError::StepUpNeeded("this can't be undone: log in again, or send your password, within five minutes");

impl Access {
    /// Makes sure that the caller logged in less than five minutes ago, or gives its password now. Wrong passwords count as failed
    /// logins of that user.
    ///
    /// # Errors
    /// [`AccessError::StepUpNeeded`], or [`AccessError::TooMany`] after too many wrong passwords.
    pub async fn step_up(
        &self,
        authentication: &Authentication,
        password: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<(), AccessError> {
        let now = self.clock.now();
        if let Some(digest) = authentication.session()
            && let Some(session) = self.store.find_session(digest, now).await?
            && (0..FRESH_LOGIN_MS).contains(&now.ms_since(session.created_at))
        {
            return Ok(());
        }
        let (Some(user), Some(password)) = (authentication.stored_user(), password) else { return Err(NEEDED) };
        let Some(login) = self.store.get_login(user).await? else { return Err(NEEDED) };
        let counted = format!("{}\n{}", login.user.tenant, login.user.username);
        if self.is_right_password(&counted, password, login.password_hash, address).await? {
            Ok(())
        } else {
            self.note_failed_login(&login.user, "password", address);
            Err(AccessError::StepUpNeeded("the password is wrong"))
        }
    }
}
