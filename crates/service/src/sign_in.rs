//! Helps people back in who forgot their password.

use milepost_access::{Access, Forgetful};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Requests for resets that are looked up at the same time. Further ones are dropped: people ask again.
const PARALLEL_RESETS: usize = 16;

/// What the use cases of logins need.
pub struct SignIn {
    access: Arc<Access>,
    resets: Arc<Semaphore>,
}

impl SignIn {
    pub(crate) fn new(access: Arc<Access>) -> Self {
        Self { access, resets: Arc::new(Semaphore::new(PARALLEL_RESETS)) }
    }
}

/// Looks for the users who forgot their password, in a task of its own: nobody learns from the answer whether there is one.
pub fn request_reset(sign_in: &SignIn, forgetful: Forgetful, address: Option<IpAddr>) {
    if !sign_in.access.allows_reset(&forgetful, address) {
        return;
    }
    let Ok(permit) = Arc::clone(&sign_in.resets).try_acquire_owned() else { return };
    let access = Arc::clone(&sign_in.access);
    tokio::spawn(async move {
        match access.find_forgetful(&forgetful).await {
            Ok(found) => {
                for login in found {
                    tracing::info!(user.id = %login.user.id, "a password was forgotten, and no mail is sent here: an admin can invite the user");
                }
            }
            Err(error) => tracing::warn!(%error, "a request for a new password was lost"),
        }
        drop(permit);
    });
}
