//! Caches users, devices, sessions, access tokens and shares, to read the store less often.

use crate::{Holder, hash_secret};
use milepost_cache::WeightedCache;
use milepost_domain::{AccessToken, Device, EndedAssignment, Share, Timestamp, UniqueId, User, UserId, VehicleId};
use milepost_store::{Digest, Login, Session};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// How long an entry is used of whose change nobody tells. Changes on this node are seen at once, those of another node or of the
/// command line after at most this time.
const FRESH_MS: i64 = 1_000;
/// Memory for access tokens: about 50,000 entries.
const ACCESS_TOKENS_BYTES: usize = 8 * 1024 * 1024;
/// Memory for shares: some thousand entries.
const SHARES_BYTES: usize = 1024 * 1024;
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
    /// The user's role needs a second factor, and the user has none.
    pub(crate) lacks_factor: bool,
}

impl From<Login> for Account {
    fn from(login: Login) -> Self {
        Self {
            password_fingerprint: password_fingerprint(&login),
            tokens_valid_from: login.tokens_valid_from,
            lacks_factor: login.is_factor_demanded && login.factors.is_empty(),
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
    /// The cache, if the entry was read from the store less than [`FRESH_MS`] ago, or every change of it up to that time is known.
    Cache,
    /// Always the store.
    Store,
}

/// Until when changes in the store are known, as the event feed says.
#[derive(Default)]
pub(crate) struct KnownChanges(Mutex<Option<Instant>>);

impl KnownChanges {
    /// All changes that were committed before `followed` are known: what they changed was dropped from the cache.
    pub(crate) fn note(&self, followed: Instant) {
        let mut known = self.0.lock().expect("nothing panics while holding it");
        *known = (*known).max(Some(followed));
    }

    /// Whether all changes up to a second ago are known.
    pub(crate) fn are_fresh(&self, now: Instant) -> bool {
        let known = *self.0.lock().expect("nothing panics while holding it");
        known.is_some_and(|known| now.saturating_duration_since(known) < Duration::from_millis(FRESH_MS.unsigned_abs()))
    }
}

/// The present, as the cache needs it.
#[derive(Clone, Copy)]
pub(crate) struct Present {
    pub(crate) now: Timestamp,
    /// See [`KnownChanges::are_fresh`].
    pub(crate) changes_are_known: bool,
}

/// The entries of one kind.
pub(crate) struct Cache<K, V> {
    entries: Mutex<Entries<K, V>>,
    /// Whether an event tells of every change of this value. Such a value is believed as long as the event feed is fresh.
    is_told: fn(&V) -> bool,
}

struct Entries<K, V> {
    known: WeightedCache<K, (Timestamp, V)>,
    /// How often something was dropped.
    generation: u64,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn new(capacity_bytes: usize, heap_bytes: fn(&K, &(Timestamp, V)) -> usize, is_told: fn(&V) -> bool) -> Self {
        let entries = Entries { known: WeightedCache::new(capacity_bytes, heap_bytes), generation: 0 };
        Self { entries: Mutex::new(entries), is_told }
    }

    /// The value of `key`; `load` reads it from the store if it has to be.
    pub(crate) async fn read<E>(
        &self,
        key: K,
        from: ReadFrom,
        present: Present,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        if from == ReadFrom::Store {
            return load.await;
        }
        let generation = match self.get(&key, present) {
            Ok(value) => return Ok(value),
            Err(generation) => generation,
        };
        let value = load.await?;
        self.put(key, value.clone(), present.now, generation);
        Ok(value)
    }

    /// Returns the cached value, or the generation in which it was missing.
    fn get(&self, key: &K, present: Present) -> Result<V, u64> {
        let entries = self.lock();
        let fresh = entries.known.get(key).filter(|(read_at, value)| {
            present.changes_are_known && (self.is_told)(value)
                || (0..FRESH_MS).contains(&present.now.ms_since(*read_at))
        });
        fresh.map(|(_, value)| value.clone()).ok_or(entries.generation)
    }

    /// Stores a value, unless something was dropped since `generation`: the value may be older than the change.
    fn put(&self, key: K, value: V, now: Timestamp, generation: u64) {
        let mut entries = self.lock();
        if entries.generation == generation {
            entries.known.insert(key, (now, value));
        }
    }

    fn clear(&self) {
        self.drop_of(|known| known.clear());
    }

    fn remove(&self, key: &K) {
        self.drop_of(|known| drop(known.remove(key)));
    }

    /// Looks at all entries.
    fn remove_where(&self, is_changed: impl Fn(&V) -> bool) {
        self.drop_of(|known| known.retain(|_, (_, value)| !is_changed(value)));
    }

    fn drop_of(&self, change: impl FnOnce(&mut WeightedCache<K, (Timestamp, V)>)) {
        let mut entries = self.lock();
        change(&mut entries.known);
        entries.generation += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().expect("nothing panics while holding it")
    }
}

/// All caches. What does not exist is kept too.
pub(crate) struct IdentityCache {
    pub(crate) accounts: Cache<UserId, KnownUser>,
    pub(crate) devices: Cache<Digest, Option<Device>>,
    pub(crate) named_devices: Cache<UniqueId, Option<Device>>,
    pub(crate) sessions: Cache<Digest, Option<Session>>,
    pub(crate) access_tokens: Cache<Digest, Option<AccessToken>>,
    pub(crate) shares: Cache<Digest, Option<Share>>,
}

impl IdentityCache {
    /// When the memory is full, the entries that were used least leave it and are read again.
    pub(crate) fn new(capacity_bytes: usize) -> Self {
        Self {
            // `UserChanged` tells of most changes of a user, but no event tells of its second factor and whether its tenant demands
            // one.
            accounts: Cache::new(capacity_bytes / 2, |_, (_, user)| user_bytes(user), |_| false),
            // No event tells that a device was added: that a key is unknown is believed for a second.
            devices: Cache::new(
                capacity_bytes / 4,
                |_, (_, device)| device.as_ref().map_or(0, device_bytes),
                Option::is_some,
            ),
            named_devices: Cache::new(
                capacity_bytes / 8,
                |unique_id, (_, device)| unique_id.as_str().len() + device.as_ref().map_or(0, device_bytes),
                Option::is_some,
            ),
            // Those of a user may be removed without an event.
            sessions: Cache::new(capacity_bytes / 8, |_, _| 0, |_| false),
            access_tokens: Cache::new(
                ACCESS_TOKENS_BYTES,
                |_, (_, token)| {
                    token
                        .as_ref()
                        .map_or(0, |token| NAMES_BYTES + token.vehicle_ids.as_ref().map_or(0, Vec::len) * VEHICLE_BYTES)
                },
                |_| false,
            ),
            shares: Cache::new(
                SHARES_BYTES,
                |_, (_, share)| share.as_ref().map_or(0, |share| NAMES_BYTES + share.vehicle_ids.len() * VEHICLE_BYTES),
                |_| false,
            ),
        }
    }

    pub(crate) fn forget_all(&self) {
        self.accounts.clear();
        self.devices.clear();
        self.named_devices.clear();
        self.sessions.clear();
        self.access_tokens.clear();
        self.shares.clear();
    }

    /// Drops what a change of `holder` may have made wrong.
    pub(crate) fn forget(&self, holder: Holder<'_>) {
        match holder {
            Holder::User(user) | Holder::Session(user, _) => {
                self.accounts.remove(&user);
                self.sessions.remove_where(|session| session.as_ref().is_some_and(|session| session.user == user));
            }
            Holder::Device(tenant, id) => {
                let is_it = |device: &Option<Device>| {
                    device.as_ref().is_some_and(|device| device.tenant == *tenant && device.id == *id)
                };
                self.devices.remove_where(is_it);
                self.named_devices.remove_where(is_it);
            }
            Holder::AccessToken(tenant, id) => self
                .access_tokens
                .remove_where(|token| token.as_ref().is_some_and(|token| token.tenant == *tenant && token.id == id)),
            Holder::Share(tenant, id) => self
                .shares
                .remove_where(|share| share.as_ref().is_some_and(|share| share.tenant == *tenant && share.id == id)),
            // The vehicle left the lists of users too.
            Holder::DevicesOf(..) => self.forget_all(),
        }
    }

    pub(crate) fn forget_session(&self, digest: &Digest) {
        self.sessions.remove(digest);
    }

    pub(crate) fn forget_key(&self, key: &Digest) {
        self.devices.remove(key);
        self.access_tokens.remove(key);
        self.shares.remove(key);
    }

    pub(crate) fn forget_name(&self, unique_id: &UniqueId) {
        self.named_devices.remove(unique_id);
    }
}

fn device_bytes(device: &Device) -> usize {
    NAMES_BYTES + device.past_vehicles.count() * PAST_VEHICLE_BYTES
}

fn user_bytes(user: &KnownUser) -> usize {
    match user {
        KnownUser::Stored(account) => {
            let email = account.user.contact.email.as_ref().map_or(0, |email| email.as_str().len());
            size_of::<Account>() + NAMES_BYTES + email + account.user.vehicle_ids.len() * VEHICLE_BYTES
        }
        KnownUser::Erased | KnownUser::Unknown => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(now_ms: i64, changes_are_known: bool) -> Present {
        let now_ms = 1_000_000 + now_ms;
        Present { now: Timestamp::from_unix_ms(now_ms).unwrap(), changes_are_known }
    }

    /// Texts of which events tell if they are long.
    fn texts() -> Cache<u8, &'static str> {
        Cache::new(1024, |_, _| 0, |text| text.len() > 3)
    }

    #[test]
    fn an_identity_read_before_a_change_is_not_cached_after_it() {
        type Change = fn(&Cache<u8, &'static str>);
        let changes: [Change; 3] = [|all| all.clear(), |one| one.remove(&2), |some| some.remove_where(|_| false)];
        for change in changes {
            let cache = texts();
            let before = cache.get(&1, at(0, true)).unwrap_err();
            change(&cache);
            cache.put(1, "older", at(0, true).now, before);
            let after = cache.get(&1, at(0, true)).expect_err("it kept what was read before the change");
            cache.put(1, "newer", at(0, true).now, after);
            assert_eq!(cache.get(&1, at(0, true)), Ok("newer"));
        }
    }

    #[test]
    fn an_identity_is_believed_while_every_change_is_known_and_for_a_second_otherwise() {
        let cache = texts();
        cache.put(1, "told", at(0, true).now, 0);
        cache.put(2, "not", at(0, true).now, 0);
        assert_eq!(cache.get(&1, at(1_000_000, true)), Ok("told"));
        assert!(cache.get(&2, at(FRESH_MS, true)).is_err(), "no event tells of its change");
        for (key, value) in [(1, "told"), (2, "not")] {
            assert_eq!(cache.get(&key, at(FRESH_MS - 1, false)), Ok(value));
            assert!(cache.get(&key, at(FRESH_MS, false)).is_err(), "the event feed is behind");
            assert!(cache.get(&key, at(-1, false)).is_err(), "the clock was set back");
        }
    }

    #[test]
    fn changes_are_known_for_a_second_after_they_were_followed() {
        let (known, followed) = (KnownChanges::default(), Instant::now());
        let second = Duration::from_secs(1);
        assert!(!known.are_fresh(followed));
        known.note(followed);
        known.note(followed - second);
        assert!(known.are_fresh(followed + second / 2) && !known.are_fresh(followed + second));
    }
}
