//! Caches users, devices and sessions, to read the store less often.

use crate::hash_secret;
use milepost_domain::{Device, Timestamp, User, UserId};
use milepost_store::{Digest, Login};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};

/// How long an entry is used. Changes on this node are seen at once, those of another node or of the command line after
/// at most this time.
const FRESH_MS: i64 = 1_000;
/// Entries of each kind. When the cache is full, all are dropped: a burst of reads follows, and nothing is lost.
const MAX_CACHED: usize = 50_000;

/// A stored user with the fingerprint of its password.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) password_fingerprint: String,
}

impl From<Login> for Account {
    fn from(login: Login) -> Self {
        Self { password_fingerprint: password_fingerprint(&login), user: login.user }
    }
}

/// Changes with the password and reveals nothing about it: 64 bits of a hash of the salted password hash.
pub(crate) fn password_fingerprint(login: &Login) -> String {
    let digest = hash_secret(login.password_hash.as_deref().unwrap_or_default());
    digest[..8].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The source of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadFrom {
    /// The cache, if the entry was read from the store less than [`FRESH_MS`] ago.
    Cache,
    /// Always the store.
    Store,
}

/// The entries of one kind.
pub(crate) struct Cache<K, V>(Mutex<Entries<K, V>>);

struct Entries<K, V> {
    known: HashMap<K, (Timestamp, V)>,
    /// Counts how often all entries were dropped.
    generation: u64,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { known: HashMap::new(), generation: 0 }))
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// Returns the value of `key`, and reads it with `load` if it is not cached.
    pub(crate) async fn read<E>(
        &self,
        key: K,
        from: ReadFrom,
        now: Timestamp,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        if from == ReadFrom::Store {
            return load.await;
        }
        let generation = match self.get(&key, now) {
            Ok(value) => return Ok(value),
            Err(generation) => generation,
        };
        let value = load.await?;
        self.put(key, value.clone(), now, generation);
        Ok(value)
    }

    /// Returns the cached value, or the generation in which it was missing.
    fn get(&self, key: &K, now: Timestamp) -> Result<V, u64> {
        let entries = self.lock();
        let fresh = entries.known.get(key).filter(|(at, _)| (0..FRESH_MS).contains(&now.ms_since(*at)));
        fresh.map(|(_, value)| value.clone()).ok_or(entries.generation)
    }

    /// Stores a value, unless the cache was cleared since `generation`: the value may be older than the change.
    fn put(&self, key: K, value: V, now: Timestamp, generation: u64) {
        let mut entries = self.lock();
        if entries.generation != generation {
            return;
        }
        if entries.known.len() >= MAX_CACHED {
            entries.known.clear();
        }
        entries.known.insert(key, (now, value));
    }

    fn clear(&self) {
        let mut entries = self.lock();
        entries.known.clear();
        entries.generation += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

/// The caches of all kinds. They hold `None` for an identity that does not exist.
#[derive(Default)]
pub(crate) struct IdentityCache {
    pub(crate) accounts: Cache<UserId, Option<Account>>,
    pub(crate) devices: Cache<Digest, Option<Device>>,
    pub(crate) sessions: Cache<Digest, Option<(UserId, Timestamp)>>,
}

impl IdentityCache {
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
        let before = cache.get(&1, now).unwrap_err();
        cache.clear();
        cache.put(1, "old", now, before);
        let after = cache.get(&1, now).expect_err("it kept what was read before the change");
        cache.put(1, "new", now, after);
        assert_eq!(cache.get(&1, now.plus_ms(FRESH_MS - 1)), Ok("new"));
        assert!(cache.get(&1, now.plus_ms(FRESH_MS)).is_err());
    }
}
