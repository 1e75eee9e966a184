//! Users, devices and sessions lately read, so that not every request asks the store.

use crate::hash_secret;
use milepost_domain::{Device, Timestamp, User, UserId};
use milepost_store::{Digest, Login};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

/// How long a user, device or session read from the store is believed. Changes made on this node are seen at once;
/// those of another node or of the command line after this time at the latest.
const BELIEVED_MS: i64 = 1_000;
/// Entries kept of each kind; when full, all are forgotten and read again: a burst of reads, nothing lost.
const MAX_CACHED: usize = 50_000;

/// A stored user with the mark of its password.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) password_mark: String,
}

impl From<Login> for Account {
    fn from(login: Login) -> Self {
        Self { password_mark: password_mark(&login), user: login.user }
    }
}

/// Changes with the password and tells nothing about it: 64 bits of the hash of a salted hash.
pub(crate) fn password_mark(login: &Login) -> String {
    let digest = hash_secret(login.password_hash.as_deref().unwrap_or_default());
    digest[..8].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What the store said lately of one kind of thing.
pub(crate) struct Cache<K, V>(Mutex<Entries<K, V>>);

struct Entries<K, V> {
    known: HashMap<K, (Timestamp, V)>,
    /// How often everything was forgotten.
    generation: u64,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { known: HashMap::new(), generation: 0 }))
    }
}

/// What a cache answers.
pub(crate) enum Recalled<V> {
    /// Read a moment ago.
    Known(V),
    /// Has to be read; the generation goes back with what was read.
    Unknown(u64),
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn get(&self, key: &K, now: Timestamp) -> Recalled<V> {
        let entries = self.0.lock().expect("nothing panics while holding it");
        let fresh = entries.known.get(key).filter(|(at, _)| (0..BELIEVED_MS).contains(&now.ms_since(*at)));
        fresh.map_or(Recalled::Unknown(entries.generation), |(_, value)| Recalled::Known(value.clone()))
    }

    /// Keeps what was read, unless all was forgotten since `generation`: the reading may have been before the change.
    pub(crate) fn put(&self, key: K, value: V, now: Timestamp, generation: u64) {
        let mut entries = self.0.lock().expect("nothing panics while holding it");
        if entries.generation != generation {
            return;
        }
        if entries.known.len() >= MAX_CACHED {
            entries.known.clear();
        }
        entries.known.insert(key, (now, value));
    }

    fn clear(&self) {
        let mut entries = self.0.lock().expect("nothing panics while holding it");
        entries.known.clear();
        entries.generation += 1;
    }
}

/// Users, devices and sessions lately read.
#[derive(Default)]
pub(crate) struct IdentityCache {
    pub(crate) accounts: Cache<UserId, Option<Account>>,
    pub(crate) devices: Cache<Digest, Option<Device>>,
    pub(crate) sessions: Cache<Digest, Option<(UserId, Timestamp)>>,
}

impl IdentityCache {
    /// Something about identities changed.
    pub(crate) fn forget(&self) {
        self.accounts.clear();
        self.devices.clear();
        self.sessions.clear();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache: Cache<u8, &str> = Cache::default();
        let now = Timestamp::from_unix_ms(1_000_000).unwrap();
        let Recalled::Unknown(before) = cache.get(&1, now) else { panic!("nothing was read yet") };
        cache.clear();
        cache.put(1, "old", now, before);
        let Recalled::Unknown(after) = cache.get(&1, now) else { panic!("it kept what was read before the change") };
        cache.put(1, "new", now, after);
        assert!(matches!(cache.get(&1, now.plus_ms(BELIEVED_MS - 1)), Recalled::Known("new")));
        assert!(matches!(cache.get(&1, now.plus_ms(BELIEVED_MS)), Recalled::Unknown(_)));
    }
}
