//! Keeps values in memory up to a number of bytes.

#![forbid(unsafe_code)]

mod budget;

pub use budget::CacheBudget;

use quick_cache::unsync::Cache;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};
use std::fmt;
use std::hash::{Hash, RandomState};
use std::ops::DerefMut;

/// Memory of an entry beside its key and value: links, a slot in the hash table, and free slots.
const OVERHEAD_BYTES: usize = 48;
/// An entry counts as this part of the capacity at most, so that a value that is heavier than the whole cache is kept too.
const HEAVIEST_PART: usize = 4;
/// Evicted keys that are remembered, as a part of the entries that fit. A value that is read again soon after it was evicted
/// then stays longer.
const REMEMBERED_PART: f64 = 0.25;

/// A map of bounded weight, for one task or behind a mutex.
///
/// When it is full, an insertion evicts the values that were used least: those that were used once before those that were
/// used again (S3-FIFO). A fleet somewhat larger than the cache therefore keeps most of its vehicles in memory, although
/// each is used in turn.
///
/// A value is weighed when it is inserted. The weight is the size of key and value, plus what `heap_bytes` says of what they
/// point to. It may be rough: it has to keep the order of magnitude of the memory in use.
///
/// Keys are hashed by SipHash: names come from strangers.
pub struct WeightedCache<K, V> {
    entries: Cache<K, Weighed<V>, Weights, RandomState, Evicted>,
    heap_bytes: fn(&K, &V) -> usize,
    capacity_bytes: usize,
}

struct Weighed<V> {
    value: V,
    bytes: usize,
}

#[derive(Clone)]
struct Weights;

impl<K, V> Weighter<K, Weighed<V>> for Weights {
    fn weight(&self, _: &K, weighed: &Weighed<V>) -> u64 {
        weighed.bytes as u64
    }
}

/// Returns evicted values to the caller of an insertion.
#[derive(Clone)]
struct Evicted;

impl<K, V> Lifecycle<K, Weighed<V>> for Evicted {
    type RequestState = Vec<V>;

    fn on_evict(&self, evicted: &mut Vec<V>, _: K, weighed: Weighed<V>) {
        evicted.push(weighed.value);
    }
}

impl<K: Eq + Hash, V> WeightedCache<K, V> {
    /// An empty cache. `heap_bytes` says about how many bytes a key and a value point to.
    pub fn new(capacity_bytes: usize, heap_bytes: fn(&K, &V) -> usize) -> Self {
        let options = OptionsBuilder::new()
            .weight_capacity(capacity_bytes as u64)
            .estimated_items_capacity(capacity_bytes / Self::least_bytes())
            .ghost_allocation(REMEMBERED_PART)
            .build()
            .expect("both capacities are given");
        let entries = Cache::with_options(options, Weights, RandomState::new(), Evicted);
        Self { entries, heap_bytes, capacity_bytes }
    }

    /// An entry that points to nothing.
    const fn least_bytes() -> usize {
        size_of::<K>() + size_of::<Weighed<V>>() + OVERHEAD_BYTES
    }

    /// A value, which counts as used.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|weighed| &weighed.value)
    }

    /// A value to be changed, which counts as used. Its weight stays what it was when it was inserted.
    pub fn get_mut<'a>(&'a mut self, key: &K) -> Option<impl DerefMut<Target = V> + use<'a, K, V>> {
        self.entries.get_mut(key).map(ValueMut)
    }

    /// Inserts or replaces a value, and returns the values that had to leave for it: possibly itself.
    pub fn insert(&mut self, key: K, value: V) -> Vec<V> {
        let bytes = Self::least_bytes() + (self.heap_bytes)(&key, &value);
        let bytes = bytes.min(self.capacity_bytes / HEAVIEST_PART);
        let mut evicted = Vec::new();
        self.entries.insert_with_lifecycle(key, Weighed { value, bytes }, &mut evicted);
        evicted
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(_, weighed)| weighed.value)
    }

    /// Drops the values that `is_kept` refuses, by looking at all.
    pub fn retain(&mut self, is_kept: impl Fn(&K, &V) -> bool) {
        self.entries.retain(|key, weighed| is_kept(key, &weighed.value));
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// All values, in no order. They don't count as used.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, weighed)| &weighed.value)
    }

    /// The weight of all that is kept.
    pub fn bytes(&self) -> u64 {
        self.entries.weight()
    }
}

impl<K, V> fmt::Debug for WeightedCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeightedCache").field("capacity_bytes", &self.capacity_bytes).finish_non_exhaustive()
    }
}

/// Looks through [`Weighed`].
struct ValueMut<G>(G);

impl<V, G: DerefMut<Target = Weighed<V>>> std::ops::Deref for ValueMut<G> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0.value
    }
}

impl<V, G: DerefMut<Target = Weighed<V>>> DerefMut for ValueMut<G> {
    fn deref_mut(&mut self) -> &mut V {
        &mut self.0.value
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    fn texts(capacity_bytes: usize) -> WeightedCache<usize, String> {
        WeightedCache::new(capacity_bytes, |_, text| text.len())
    }

    #[test]
    fn the_weight_stays_within_the_capacity_and_evicted_values_are_returned() {
        let mut cache = texts(64 * KIB);
        let evicted: usize = (0..1_000).map(|n| cache.insert(n, "x".repeat(KIB)).len()).sum();
        assert!(cache.bytes() <= 64 * KIB as u64, "{} bytes", cache.bytes());
        assert!((50..64).contains(&cache.values().count()), "{} values", cache.values().count());
        assert_eq!(evicted + cache.values().count(), 1_000);
    }

    #[test]
    fn values_that_are_used_again_outlive_values_used_once() {
        let mut cache = texts(64 * KIB);
        cache.insert(0, "used".to_owned());
        for n in 1..1_000 {
            assert_eq!(cache.get(&0).map(String::as_str), Some("used"), "at {n}");
            cache.insert(n, "x".repeat(KIB));
        }
    }

    #[test]
    fn a_fleet_somewhat_larger_than_the_cache_keeps_most_of_its_vehicles() {
        let mut cache = texts(1_000 * KIB);
        let mut hits = 0;
        for n in (0..1_200).cycle().take(12_000) {
            hits += usize::from(cache.get(&n).is_some());
            cache.insert(n, "x".repeat(KIB));
        }
        assert!(hits > 6_000, "{hits} of 12,000 were in memory");
    }

    #[test]
    fn a_value_heavier_than_the_cache_is_kept() {
        let mut cache = texts(KIB);
        assert!(cache.insert(1, "x".repeat(10 * KIB)).is_empty());
        assert!(cache.get(&1).is_some());
    }

    #[test]
    fn the_values_that_are_not_kept_give_their_memory_back() {
        let mut cache = texts(64 * KIB);
        for n in 0..20 {
            cache.insert(n, "x".repeat(KIB));
        }
        let before = cache.bytes();
        cache.retain(|n, _| *n < 5);
        assert_eq!((cache.values().count(), cache.bytes()), (5, before / 4));
        assert!(cache.get(&4).is_some() && cache.get(&5).is_none());
    }

    #[test]
    fn a_value_is_changed_in_place_and_removed() {
        let mut cache = texts(KIB);
        cache.insert(1, "a".to_owned());
        cache.get_mut(&1).unwrap().push('b');
        assert_eq!(cache.remove(&1).as_deref(), Some("ab"));
        assert!(cache.get(&1).is_none());
        assert_eq!(cache.bytes(), 0);
    }
}
