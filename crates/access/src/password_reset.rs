//! Links with which people set their passwords: after they forgot one, and when they are invited.

use crate::common_passwords::is_common;
use crate::login_name::{LoginName, find_login, readings};
use crate::{Access, AccessError, CloseReason, Holder, hash_secret, random_secret};
use milepost_domain::{Author, EmailAddress, Invalid, TenantId, Timestamp, UserId};
use milepost_store::{Login, Once, PasswordLink};
use std::net::IpAddr;

/// Lifetime of a link.
const LINK_MS: i64 = 60 * 60 * 1000;
/// Users with one address that get a message each. An address with more is none of a person's.
const USERS_OF_ADDRESS: u32 = 5;
const USED: AccessError = AccessError::Gone("link was used before, or");

/// Whose password is to be reset.
#[derive(Debug, Clone)]
pub enum Forgetful {
    /// The user with this name.
    Named {
        /// A username, or `tenant/username`.
        username: String,
        /// The tenant that was named beside the username.
        tenant: Option<String>,
        /// The tenant of the host, for a name without one.
        host_tenant: Option<TenantId>,
    },
    /// The users with this address.
    At(EmailAddress),
}

/// A link's secret, which only its receiver gets to know, and the time of its end.
pub struct NewPasswordLink {
    /// The secret.
    pub secret: String,
    /// What is stored.
    pub link: PasswordLink,
}

impl NewPasswordLink {
    /// A new link for a user, valid for an hour from `now`.
    pub fn new(user: UserId, now: Timestamp) -> Self {
        let secret = random_secret("mpl_");
        let secret_hash = hash_secret(&secret);
        let link = PasswordLink { secret_hash, user, email: None, expires_at: now.plus_ms(LINK_MS) };
        Self { secret, link }
    }
}

impl Access {
    /// Counts a request for a reset, and says whether it is within the limits of its name and address.
    pub fn allows_reset(&self, forgetful: &Forgetful, address: Option<IpAddr>) -> bool {
        let name = match forgetful {
            Forgetful::At(email) => email.as_str().to_ascii_lowercase(),
            Forgetful::Named { username, tenant, host_tenant } => {
                let readings = readings(username, tenant.as_deref(), host_tenant.as_ref());
                readings.last().map_or_else(|| username.clone(), LoginName::counted)
            }
        };
        self.reset_limit.allows(&name, address, self.clock.now())
    }

    /// The users whose password is to be reset: those that may enter and have an address.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn find_forgetful(&self, forgetful: &Forgetful) -> Result<Vec<Login>, AccessError> {
        let mut found = match forgetful {
            Forgetful::At(email) => self.store.find_logins_by_email(email, USERS_OF_ADDRESS).await?,
            Forgetful::Named { username, tenant, host_tenant } => {
                let readings = readings(username, tenant.as_deref(), host_tenant.as_ref());
                find_login(&readings, &*self.store).await?.into_iter().collect()
            }
        };
        found.retain(|login| login.user.may_enter() && login.user.contact.email.is_some());
        Ok(found)
    }

    /// Stores a link.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the user does not exist, or the store can't be written.
    pub async fn add_password_link(&self, new: &NewPasswordLink, once: &Once<'_, ()>) -> Result<(), AccessError> {
        Ok(self.store.add_password_link(&new.link, once).await?)
    }

    /// Counts a mail to an address that is to be confirmed, and says whether it is within the limits of the address and of who asks.
    pub fn allows_confirmation(&self, email: &EmailAddress, address: Option<IpAddr>) -> bool {
        self.allows_reset(&Forgetful::At(email.clone()), address)
    }

    /// Gives a link's user the address that the link was sent to, and ends the link.
    ///
    /// # Errors
    /// [`AccessError::Gone`] for a link that was used or has expired.
    pub async fn confirm_email(&self, secret: &str, address: Option<IpAddr>) -> Result<UserId, AccessError> {
        let author = Author { at: self.clock.now(), user: None, access_token: None, address };
        let store = self.store.by(author);
        let user = store.redeem_email_link(&hash_secret(secret), self.clock.now()).await?.ok_or(USED)?;
        self.forget(Holder::User(user));
        tracing::info!(user.id = %user, "address confirmed with a link");
        Ok(user)
    }

    /// Sets the password of a link's user, and ends the link and all logins of before.
    ///
    /// # Errors
    /// [`AccessError::Gone`] for a link that was used or has expired, [`AccessError::Invalid`] for a password that many people have
    /// or that is no password; the link is then still good.
    pub async fn reset_password(
        &self,
        secret: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<(), AccessError> {
        let hash = hash_secret(secret);
        let user = self.store.find_password_link(&hash, self.clock.now()).await?.ok_or(USED)?;
        let login = self.store.get_login(user).await?.ok_or(USED)?;
        if is_common(&password, login.user.username.as_str()) {
            return Err(AccessError::Invalid(Invalid::new("password", "is one that many people have, choose another")));
        }
        let password_hash = self.hash_password(password).await?;
        let store = self.store.by(self.author(user, address));
        let user = store.redeem_password_link(&hash, &password_hash, self.clock.now()).await?.ok_or(USED)?;
        self.end_connections(Holder::User(user), CloseReason::Revoked);
        // Removed again, because a session may have been opened with the old password since the transaction removed them.
        self.store.remove_user_sessions(user).await?;
        tracing::info!(user.id = %user, "password set with a link");
        Ok(())
    }
}
