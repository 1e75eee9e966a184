//! Notes logins in the audit of their tenant.

use crate::{Access, AccessError};
use milepost_domain::{Author, User, UserId};
use milepost_store::{AuditNote, Login};
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;

impl Access {
    /// Notes that a user has logged in, and what it got: `session` or `token`. Nobody gets in without it.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub(crate) async fn note_login(
        &self,
        login: &Login,
        got: &'static str,
        address: Option<IpAddr>,
    ) -> Result<(), AccessError> {
        let user = &login.user;
        let author = Author { at: self.clock.now(), user: Some(user.id), access_token: None, address };
        let after = Some(json!({ "got": got }));
        let note = AuditNote { after, ..AuditNote::of("login.succeeded", Some(format!("user:{}", user.id))) };
        Ok(self.store.note_audit(&user.tenant, &author, &note).await?)
    }

    /// Notes that somebody tried to log in as a user, or to show that it is still that user, and what was `wrong`. It is written
    /// beside the answer, which must not take longer for a name that exists. Failed logins are limited, and so are these tasks.
    pub(crate) fn note_failed_login(&self, user: &User, wrong: &'static str, address: Option<IpAddr>) {
        let (store, tenant, id) = (Arc::clone(&self.store), user.tenant.clone(), user.id);
        let author = Author { at: self.clock.now(), user: None, access_token: None, address };
        tokio::spawn(async move {
            let after = Some(json!({ "wrong": wrong }));
            let note = AuditNote { after, ..AuditNote::of("login.failed", Some(format!("user:{id}"))) };
            if let Err(error) = store.note_audit(&tenant, &author, &note).await {
                tracing::warn!(%error, tenant.id = %tenant, user.id = %id, "a failed login is missing in the audit");
            }
        });
    }

    /// Somebody who changes its own login.
    pub(crate) fn author(&self, user: UserId, address: Option<IpAddr>) -> Author {
        Author { at: self.clock.now(), user: Some(user), access_token: None, address }
    }

    /// The identity provider, which has no number here.
    pub(crate) fn provider_author(&self, address: Option<IpAddr>) -> Author {
        Author { at: self.clock.now(), user: None, access_token: None, address }
    }
}
