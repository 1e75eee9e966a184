//! Limits password guessing, and lets nobody lock out another: failed logins are counted for a name from an address, for an
//! address, and, with a far larger allowance, for a name.
//!
//! A keyed rate limiter from a library charges every attempt. A hundred correct logins from a school's one address must
//! cost nothing, so this limiter charges an attempt first and refunds it when the password was right.

use crate::AccessError;
use milepost_cache::WeightedCache;
use milepost_domain::Timestamp;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};

/// Memory for failures: about 50,000 names and addresses. When it is full, those that failed once leave it before those that
/// failed again, so that an attack from many addresses does not wipe out the failures of a name under attack.
const FAILURES_BYTES: usize = 8 * 1024 * 1024;

/// A longer name counts as its beginning: a tenant's id and a username have 214 characters at most.
const COUNTED_CHARS: usize = 220;

/// Selects the first 64 bits of an IPv6 address.
const NETWORK: u128 = (u64::MAX as u128) << 64;

/// How many failures are allowed in a burst, and how long one takes to recover.
#[derive(Clone, Copy)]
struct Allowance {
    burst: f64,
    recovery_ms: f64,
}

/// Failures of a name from an address, in a burst.
const NAME_AND_ADDRESS_FAILURES: f64 = 10.0;
/// Failures of an address, whatever the names.
const ADDRESS_FAILURES: f64 = 50.0;
/// Failures of a name, whatever the addresses. Reached by guesses from a hundred addresses only; then the name's user still gets
/// in from an address from which it got in before.
const NAME_FAILURES: f64 = 1_000.0;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    NameFrom(Arc<str>, Option<IpAddr>),
    /// For IPv6 the 64-bit network, because an attacker can use all addresses of a network.
    Address(IpAddr),
    Name(Arc<str>),
}

impl Key {
    const fn allowance(&self) -> Allowance {
        match self {
            Self::NameFrom(..) => Allowance { burst: NAME_AND_ADDRESS_FAILURES, recovery_ms: 6_000.0 },
            Self::Address(_) => Allowance { burst: ADDRESS_FAILURES, recovery_ms: 1_000.0 },
            Self::Name(_) => Allowance { burst: NAME_FAILURES, recovery_ms: 6_000.0 },
        }
    }
}

/// The address, or the 64-bit network of an IPv6 address.
pub(crate) fn counted_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(whole) => IpAddr::V6(Ipv6Addr::from_bits(whole.to_bits() & NETWORK)),
        v4 => v4,
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    failures: f64,
    at: Timestamp,
    /// A login succeeded.
    is_known: bool,
}

impl Bucket {
    fn settle(&mut self, allowance: Allowance, now: Timestamp) {
        let recovered = now.ms_since(self.at).max(0) as f64 / allowance.recovery_ms;
        self.failures = (self.failures - recovered).max(0.0);
        self.at = now;
    }
}

/// A std mutex: held for microseconds, never across an await.
pub(crate) struct LoginLimit(Mutex<WeightedCache<Key, Bucket>>);

impl Default for LoginLimit {
    fn default() -> Self {
        let heap_bytes = |key: &Key, _: &Bucket| match key {
            Key::NameFrom(name, _) | Key::Name(name) => name.len(),
            Key::Address(_) => 0,
        };
        Self(Mutex::new(WeightedCache::new(FAILURES_BYTES, heap_bytes)))
    }
}

/// A charged attempt. It counts as a failure unless it is refunded.
#[must_use]
pub(crate) struct Charge<'a> {
    limit: &'a LoginLimit,
    keys: Vec<Key>,
}

impl LoginLimit {
    /// Charges an attempt to the name from the address, to the address and to the name. `name` names the tenant too.
    ///
    /// # Errors
    /// [`AccessError::TooMany`] when one of them has failed too often.
    pub(crate) fn begin(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<Charge<'_>, AccessError> {
        let keys = keys_of(name, address);
        let mut buckets = self.0.lock().expect("nothing panics while holding it");
        let mut charged: Vec<(Key, Bucket)> = Vec::with_capacity(keys.len());
        for key in keys {
            let allowance = key.allowance();
            let mut bucket = buckets.get(&key).copied().unwrap_or(Bucket { failures: 0.0, at: now, is_known: false });
            bucket.settle(allowance, now);
            bucket.failures += 1.0;
            if bucket.failures <= allowance.burst {
                charged.push((key, bucket));
                continue;
            }
            let is_known = charged.first().is_some_and(|(_, name_from)| name_from.is_known);
            if !(is_known && matches!(key, Key::Name(_))) {
                let wait_ms = (bucket.failures - allowance.burst) * allowance.recovery_ms;
                return Err(AccessError::TooMany { retry_after_s: (wait_ms / 1000.0).ceil() as u64 });
            }
        }
        for (key, bucket) in &charged {
            buckets.insert(key.clone(), *bucket);
        }
        drop(buckets);
        Ok(Charge { limit: self, keys: charged.into_iter().map(|(key, _)| key).collect() })
    }
}

impl LoginLimit {
    /// Counts a failure on another node, which was within that node's limit. An attempt here may be charged at the same time, so
    /// that it is counted beyond the limit too.
    pub(crate) fn note_failure(&self, name: &str, address: Option<IpAddr>, now: Timestamp) {
        let mut buckets = self.0.lock().expect("nothing panics while holding it");
        for key in keys_of(name, address) {
            let allowance = key.allowance();
            let mut bucket = buckets.get(&key).copied().unwrap_or(Bucket { failures: 0.0, at: now, is_known: false });
            bucket.settle(allowance, now);
            bucket.failures = (bucket.failures + 1.0).min(2.0 * allowance.burst);
            buckets.insert(key, bucket);
        }
    }
}

/// What a failure of the name from the address counts for.
fn keys_of(name: &str, address: Option<IpAddr>) -> Vec<Key> {
    let name: Arc<str> = name.chars().take(COUNTED_CHARS).collect::<String>().into();
    let address = address.map(counted_address);
    let mut keys = vec![Key::NameFrom(Arc::clone(&name), address)];
    keys.extend(address.map(Key::Address));
    keys.push(Key::Name(name));
    keys
}

impl Charge<'_> {
    /// Takes the charge back, because the password was right.
    pub(crate) fn refund(self) {
        let mut buckets = self.limit.0.lock().expect("nothing panics while holding it");
        for key in &self.keys {
            if let Some(mut bucket) = buckets.get_mut(key) {
                bucket.failures = (bucket.failures - 1.0).max(0.0);
                bucket.is_known = true;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_000_000 + ms).unwrap()
    }

    /// Addresses of documentation and benchmarks.
    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(0xc612_0000 + number).into()
    }

    #[test]
    fn eleventh_failure_of_a_name_from_an_address_waits() {
        let limit = LoginLimit::default();
        for _ in 0..10 {
            let _failed = limit.begin("ann", None, at(0)).unwrap();
        }
        assert!(matches!(limit.begin("ann", None, at(0)), Err(AccessError::TooMany { retry_after_s: 6 })));
        assert!(limit.begin("bob", None, at(0)).is_ok());
        assert!(limit.begin("ann", None, at(6_000)).is_ok());
    }

    #[test]
    fn a_failure_elsewhere_counts_beside_an_attempt_that_is_charged_here() {
        let limit = LoginLimit::default();
        for _ in 0..9 {
            limit.note_failure("ann", None, at(0));
        }
        let charge = limit.begin("ann", None, at(0)).unwrap();
        limit.note_failure("ann", None, at(0));
        charge.refund();
        assert!(limit.begin("ann", None, at(0)).is_err());
    }

    #[test]
    fn failures_from_one_address_keep_nobody_at_another_out() {
        let limit = LoginLimit::default();
        // An hour of guesses, one every second.
        for second in 0..3_600 {
            let _ = limit.begin("ann", Some(address(1)), at(second * 1_000));
        }
        assert!(limit.begin("ann", Some(address(1)), at(3_599_500)).is_err(), "the guesser may go on");
        assert!(limit.begin("ann", Some(address(2)), at(3_599_500)).is_ok());
    }

    #[test]
    fn guesses_from_many_addresses_are_limited_and_known_addresses_get_in() {
        let limit = LoginLimit::default();
        let home = Some(address(0));
        limit.begin("ann", home, at(0)).unwrap().refund();
        let taken = (1..=5_000).filter(|number| limit.begin("ann", Some(address(*number)), at(0)).is_ok()).count();
        assert_eq!(taken, 1_000);
        assert!(limit.begin("ann", Some(address(6_000)), at(0)).is_err());
        assert!(limit.begin("bob", Some(address(6_000)), at(0)).is_ok());
        for _ in 0..100 {
            limit.begin("ann", home, at(0)).unwrap().refund();
        }
        // A known address has its own allowance too.
        assert_eq!((0..20).filter(|_| limit.begin("ann", home, at(0)).is_ok()).count(), 10);
        assert!(limit.begin("ann", Some(address(7_000)), at(12_000)).is_ok());
    }

    #[test]
    fn a_flood_of_other_names_does_not_reset_the_count_of_a_name() {
        let limit = LoginLimit::default();
        let fails = |name: &str| limit.begin(name, None, at(0)).is_err();
        assert_eq!((0..11).filter(|_| fails("ann")).count(), 1);
        for n in 0..60_000 {
            assert!(!fails(&format!("user{n}")));
        }
        assert!(fails("ann"), "its failures are forgotten");
        let limit = limit.0.lock().unwrap();
        assert!(limit.bytes() <= FAILURES_BYTES as u64);
    }

    #[test]
    fn successful_logins_are_not_limited() {
        let limit = LoginLimit::default();
        for _ in 0..1_000 {
            limit.begin("ann", Some([127, 0, 0, 1].into()), at(0)).unwrap().refund();
        }
    }

    #[test]
    fn many_names_from_one_address_are_slowed_down() {
        let limit = LoginLimit::default();
        let address = Some([127, 0, 0, 1].into());
        let refused = (0..100).filter(|n| limit.begin(&format!("user{n}"), address, at(0)).is_err()).count();
        assert_eq!(refused, 50);
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one_and_ipv4_each_for_itself() {
        let refused = |addresses: &dyn Fn(u16) -> IpAddr| {
            let limit = LoginLimit::default();
            let fails = |n: &u16| limit.begin(&format!("user{n}"), Some(addresses(*n)), at(0)).is_err();
            (0..100).filter(fails).count()
        };
        let v6 = |network: u16, host: u16| Ipv6Addr::new(0x2001, 0xdb8, 0, network, host, 1, 2, host);
        assert_eq!(refused(&|n| v6(0, n).into()), 50);
        assert_eq!(refused(&|n| v6(n, 0).into()), 0);
        assert_eq!(refused(&|n| [192, 0, 2, u8::try_from(n).unwrap()].into()), 0);
        // An IPv4-mapped address counts as its IPv4 address. All of them together would be one IPv6 network.
        let mapped = |last: u16| std::net::Ipv4Addr::new(192, 0, 2, u8::try_from(last).unwrap()).to_ipv6_mapped();
        assert_eq!(refused(&|n| mapped(n).into()), 0);
        assert_eq!(refused(&|n| if n % 2 == 0 { mapped(7).into() } else { [192, 0, 2, 7].into() }), 50);
    }
}
