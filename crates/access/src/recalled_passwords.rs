//! Remembers for some minutes which passwords were right, for programs that send theirs with every request.
//!
//! What is kept is a keyed hash of the password together with the stored hash that it was right for, by a key that this process
//! made. The user is read from the store with each request all the same: with a new password, a lock-out or a logout everywhere the
//! stored values differ, and nothing that was remembered fits them, on whichever node the change was made. A wrong password is never
//! remembered: it costs a slow hash and counts as a failure each time.

use crate::identity_cache::password_fingerprint;
use milepost_cache::WeightedCache;
use milepost_domain::Timestamp;
use milepost_store::Login;
use ring::hmac::{self, HMAC_SHA256};
use std::sync::Mutex;

/// How long a password is remembered after it was verified. Its use does not make that longer.
const REMEMBERED_MS: i64 = 10 * 60 * 1000;
/// Memory for passwords: some 5,000. When it is full, those that were used least are verified again.
const PASSWORDS_BYTES: usize = 1024 * 1024;

type Tag = [u8; 32];

/// A std mutex: held for a look-up.
pub(crate) struct RecalledPasswords {
    key: hmac::Key,
    verified: Mutex<WeightedCache<Tag, Timestamp>>,
}

impl Default for RecalledPasswords {
    fn default() -> Self {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        let verified = WeightedCache::new(PASSWORDS_BYTES, |_: &Tag, _: &Timestamp| 0);
        Self { key: hmac::Key::new(HMAC_SHA256, &bytes), verified: Mutex::new(verified) }
    }
}

impl RecalledPasswords {
    /// Whether this password was right for this login a short time ago.
    pub(crate) fn knows(&self, login: &Login, password: &str, now: Timestamp) -> bool {
        let Some(tag) = self.tag(login, password) else { return false };
        let verified = self.verified.lock().expect("nothing panics while holding it");
        // A clock that was set back makes it forgotten.
        verified.get(&tag).is_some_and(|at| (0..REMEMBERED_MS).contains(&now.ms_since(*at)))
    }

    /// Remembers a password that was verified now.
    pub(crate) fn remember(&self, login: &Login, password: &str, now: Timestamp) {
        if let Some(tag) = self.tag(login, password) {
            self.verified.lock().expect("nothing panics while holding it").insert(tag, now);
        }
    }

    /// `None` for a login without a password.
    fn tag(&self, login: &Login, password: &str) -> Option<Tag> {
        let hash = login.password_hash.as_deref()?;
        let mut context = hmac::Context::with_key(&self.key);
        // The lengths of the first two are given, so that no two logins make one text.
        let (user, fingerprint) = (login.user.id.to_string(), password_fingerprint(login));
        for text in [&user, &fingerprint, hash] {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        context.update(password.as_bytes());
        context.sign().as_ref().try_into().ok()
    }
}
