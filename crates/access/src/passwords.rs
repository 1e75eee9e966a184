//! Hashes passwords with argon2id, off the async workers.

use crate::foreign_hash::Pbkdf2Hash;
use crate::{Access, AccessError};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use milepost_domain::{Invalid, prepare_password};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes computed at the same time. Each takes 19 MiB and tens of milliseconds of a core. Further logins wait, and the
/// login limit bounds their number.
const PARALLEL_HASHES: usize = 2;

/// A shorter password is refused where one is set. Shorter ones of older versions still open.
const MIN_PASSWORD_CHARS: usize = 8;

/// A longer password is refused, because hashing megabytes is a cheap attack.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1024;

pub(crate) struct Passwords {
    busy: Arc<Semaphore>,
    /// A hash to verify against when the user does not exist, so that the answer takes as long as for one that does.
    decoy: Arc<tokio::sync::OnceCell<String>>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { busy: Arc::new(Semaphore::new(PARALLEL_HASHES)), decoy: Arc::default() }
    }
}

impl Access {
    /// Hashes a new password for the store, in the form of RFC 8265 (OpaqueString): who types it on another keyboard types
    /// the same password.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] when it is too short, too long, or has characters that nobody sees.
    pub async fn hash_password(&self, password: String) -> Result<String, AccessError> {
        let refused = |message| AccessError::Invalid(Invalid::new("password", message));
        let is_long_enough = |prepared: &str| prepared.chars().count() >= MIN_PASSWORD_CHARS;
        let prepared = if password.len() > MAX_PASSWORD_BYTES { None } else { prepare_password(&password) };
        match prepared {
            Some(prepared) if is_long_enough(&prepared) => self.passwords.hash(prepared).await,
            None if is_long_enough(&password) && password.len() <= MAX_PASSWORD_BYTES => {
                Err(refused("must have only letters, digits, punctuation, symbols and spaces"))
            }
            _ => Err(refused("must have at least 8 characters and at most 1024 bytes")),
        }
    }
}

impl Passwords {
    /// Returns the PHC string of `password`: argon2id with the crate's defaults (OWASP's: 19 MiB, 2 passes) and a fresh
    /// salt.
    pub(crate) async fn hash(&self, password: String) -> Result<String, AccessError> {
        self.off_thread(move || {
            Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| {
                tracing::error!(%error, "password hashing failed");
                AccessError::Internal
            })
        })
        .await?
    }

    /// Whether `password` matches `hash`, in its prepared form or as it was typed: older versions hashed that. Without a
    /// hash the answer is no, after the same time; with one of another server not before that time.
    pub(crate) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, AccessError> {
        let known = hash.is_some();
        let foreign = hash.as_deref().and_then(Pbkdf2Hash::parse);
        let hash = match hash.filter(|_| foreign.is_none()) {
            Some(hash) => hash,
            None => self.decoy.get_or_try_init(|| self.hash("decoy".to_owned())).await?.clone(),
        };
        self.off_thread(move || {
            let prepared = prepare_password(&password).filter(|prepared| *prepared != password);
            if let Some(foreign) = &foreign
                && (prepared.as_deref().is_some_and(|form| foreign.is_of(form)) || foreign.is_of(&password))
            {
                return true;
            }
            let matches = PasswordHash::new(&hash).is_ok_and(|hash| {
                let is_right = |form: &str| Argon2::default().verify_password(form.as_bytes(), &hash).is_ok();
                prepared.as_deref().is_some_and(is_right) || is_right(&password)
            });
            known && foreign.is_none() && matches
        })
        .await
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AccessError> {
        let _permit = self.busy.acquire().await.map_err(|_| AccessError::Internal)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| AccessError::Internal)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_that_was_hashed_as_it_was_typed_still_opens() {
        let passwords = Passwords::default();
        for typed in ["contrasen\u{303}a", "tab\tinside", "\u{200b}"] {
            let hash = passwords.hash(typed.to_owned()).await.unwrap();
            assert!(passwords.verify(typed.to_owned(), Some(hash.clone())).await.unwrap(), "{typed:?}");
            assert!(!passwords.verify(format!("{typed}x"), Some(hash)).await.unwrap(), "{typed:?}");
        }
    }
}
