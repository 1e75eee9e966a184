//! Signs links in mails by which their readers end them.

use crate::{Access, AccessError};
use milepost_domain::{EmailAddress, UserId};

/// What the signature is for, so that it is good for nothing else.
const PURPOSE: &str = "unsubscribe";

impl Access {
    /// The token of a link that ends mails about alerts for a user with this address.
    pub fn sign_unsubscribe(&self, user: UserId, email: &EmailAddress) -> String {
        format!("{user}.{}", self.tokens.seal(PURPOSE, &text(user, email)))
    }

    /// The user of such a link, if it still has the address that the link was for.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn user_of_unsubscribe(&self, token: &str) -> Result<Option<UserId>, AccessError> {
        let parts = token.split_once('.');
        let Some((id, seal)) = parts.and_then(|(id, seal)| Some((UserId::new(id.parse().ok()?).ok()?, seal))) else {
            return Ok(None);
        };
        let user = self.store.get_user(id).await?;
        let email = user.and_then(|user| user.contact.email);
        Ok(email.filter(|email| self.tokens.is_sealed(PURPOSE, &text(id, email), seal)).map(|_| id))
    }
}

fn text(user: UserId, email: &EmailAddress) -> String {
    format!("{user} {}", email.as_str())
}
