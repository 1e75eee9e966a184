//! Caches users, devices and sessions, to read the store less often.

use crate::hash_secret;
use milepost_cache::WeightedCache;
use milepost_domain::{Device, EndedAssignment, Timestamp, User, UserId, VehicleId};
use milepost_store::{Digest, Login, Session};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};

/// How long an entry is used. Changes on this node are seen at once, those of another node or of the command line after
/// at most this time.
const FRESH_MS: i64 = 1_000;
/// Memory for each kind: about 50,000 entries. When it is full, those that were used least leave it and are read again.
const ACCOUNTS_BYTES: usize = 24 * 1024 * 1024;
const DEVICES_BYTES: usize = 16 * 1024 * 1024;
const SESSIONS_BYTES: usize = 8 * 1024 * 1024;
/// About what a user's or a device's names take.
const NAMES_BYTES: usize = 160;
/// A vehicle's id with what surrounds it.
const VEHICLE_BYTES: usize = size_of::<VehicleId>() + 48;

/// A vehicle that a device was in.
const PAST_VEHICLE_BYTES: usize = size_of::<EndedAssignment<Option<VehicleId>>>() + 48;

/// A stored user with what its tokens are compared with.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) password_fingerprint: String,
    pub(crate) tokens_valid_from: Timestamp,
}

impl From<Login> for Account {
    fn from(login: Login) -> Self {
        Self {
            password_fingerprint: password_fingerprint(&login),
            tokens_valid_from: login.tokens_valid_from,
            user: login.user,
        }
    }
}

/// What is known of a user's number.
#[derive(Clone)]
pub(crate) enum KnownUser {
    /// A stored user has it.
    Stored(Box<Account>),
    /// A removed user had it. Nobody has it again.
    Erased,
    /// It was never given here. Another issuer may name its users by it.
    Unknown,
}

/// Changes with the password, with a lock-out, and with a logout everywhere. It reveals nothing about the password: 64 bits of
/// a hash of the salted password hash.
pub(crate) fn password_fingerprint(login: &Login) -> String {
    let mut hashed = login.password_hash.clone().unwrap_or_default();
    // Without such a change it is the fingerprint of older versions, whose tokens go on.
    if login.tokens_valid_from.unix_ms() != 0 {
        hashed = format!("{hashed} {}", login.tokens_valid_from.unix_ms());
    }
    let digest = hash_secret(&hashed);
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
    known: WeightedCache<K, (Timestamp, V)>,
    /// How often everything was dropped.
    generation: u64,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn new(capacity_bytes: usize, heap_bytes: fn(&K, &(Timestamp, V)) -> usize) -> Self {
        Self(Mutex::new(Entries { known: WeightedCache::new(capacity_bytes, heap_bytes), generation: 0 }))
    }

    /// The value of `key`; `load` reads it from the store if it has to be.
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
        if entries.generation == generation {
            entries.known.insert(key, (now, value));
        }
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

/// All caches. What does not exist is kept too.
pub(crate) struct IdentityCache {
    pub(crate) accounts: Cache<UserId, KnownUser>,
    pub(crate) devices: Cache<Digest, Option<Device>>,
    pub(crate) sessions: Cache<Digest, Option<Session>>,
}

impl IdentityCache {
    pub(crate) fn new() -> Self {
        Self {
            accounts: Cache::new(ACCOUNTS_BYTES, |_, (_, user)| match user {
                KnownUser::Stored(account) => account_bytes(account),
                KnownUser::Erased | KnownUser::Unknown => 0,
            }),
            devices: Cache::new(DEVICES_BYTES, |_, (_, device)| device.as_ref().map_or(0, device_bytes)),
            sessions: Cache::new(SESSIONS_BYTES, |_, _| 0),
        }
    }

    pub(crate) fn forget(&self) {
        self.accounts.clear();
        self.devices.clear();
        self.sessions.clear();
    }
}

fn device_bytes(device: &Device) -> usize {
    NAMES_BYTES + device.past_vehicles.count() * PAST_VEHICLE_BYTES
}

fn account_bytes(account: &Account) -> usize {
    let email = account.user.contact.email.as_ref().map_or(0, |email| email.as_str().len());
    size_of::<Account>() + NAMES_BYTES + email + account.user.vehicle_ids.len() * VEHICLE_BYTES
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_identity_read_before_a_change_is_not_cached_after_it() {
        let cache: Cache<u8, &str> = Cache::new(1024, |_, _| 0);
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
