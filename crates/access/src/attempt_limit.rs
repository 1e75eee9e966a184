//! Limits how often something may be asked for, by whom it is about and by whoever asks.

use milepost_cache::WeightedCache;
use milepost_domain::Timestamp;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use crate::login_limit::counted_address;

/// Memory for attempts: about 10,000 names and addresses. When it is full, those that asked once leave first.
const ATTEMPTS_BYTES: usize = 2 * 1024 * 1024;
/// Attempts for one name, at once.
const NAME_ATTEMPTS: i64 = 3;
/// One of them is forgiven in this time, milliseconds.
const NAME_RECOVERY_MS: i64 = 10 * 60 * 1000;
/// Attempts of one address, at once.
const ADDRESS_ATTEMPTS: i64 = 20;
/// One of them is forgiven in this time, milliseconds.
const ADDRESS_RECOVERY_MS: i64 = 60 * 1000;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(Arc<str>),
    Address(IpAddr),
}

/// When the attempts that were made will all be forgiven. A std mutex: held for microseconds, never across an await.
pub(crate) struct AttemptLimit(Mutex<WeightedCache<Key, Timestamp>>);

impl Default for AttemptLimit {
    fn default() -> Self {
        let heap_bytes = |key: &Key, _: &Timestamp| match key {
            Key::Name(name) => name.len(),
            Key::Address(_) => 0,
        };
        Self(Mutex::new(WeightedCache::new(ATTEMPTS_BYTES, heap_bytes)))
    }
}

impl AttemptLimit {
    /// Counts an attempt for `name` from `address`, and says whether both are within their limits. One that is not counts for
    /// neither.
    pub(crate) fn allows(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> bool {
        let mut keys =
            vec![(Key::Name(name.chars().take(220).collect::<String>().into()), NAME_ATTEMPTS, NAME_RECOVERY_MS)];
        keys.extend(address.map(|at| (Key::Address(counted_address(at)), ADDRESS_ATTEMPTS, ADDRESS_RECOVERY_MS)));
        let mut attempts = self.0.lock().expect("nothing panics while holding it");
        let mut counted = Vec::with_capacity(keys.len());
        for (key, most, recovery_ms) in keys {
            let forgiven_at = attempts.get(&key).copied().unwrap_or(now).max(now);
            if forgiven_at.ms_since(now) > (most - 1) * recovery_ms {
                return false;
            }
            counted.push((key, forgiven_at.plus_ms(recovery_ms)));
        }
        for (key, forgiven_at) in counted {
            attempts.insert(key, forgiven_at);
        }
        true
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::AttemptLimit;
    use milepost_domain::Timestamp;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_000_000 + ms).unwrap()
    }

    #[test]
    fn a_name_and_an_address_have_limits_of_their_own() {
        let limit = AttemptLimit::default();
        let from = |number: u8| Some([192, 0, 2, number].into());
        assert_eq!((0..9).filter(|number| limit.allows("ann", from(*number), at(0))).count(), 3);
        assert!(limit.allows("bob", from(1), at(0)));
        assert!(!limit.allows("ann", from(9), at(599_999)));
        assert!(limit.allows("ann", from(9), at(600_000)));
        let limit = AttemptLimit::default();
        assert_eq!((0..99).filter(|number| limit.allows(&format!("user{number}"), from(1), at(0))).count(), 20);
        assert!(limit.allows("ann", from(2), at(0)));
        assert!(limit.allows("ann", from(1), at(60_000)));
    }
}
