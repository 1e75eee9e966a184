//! Names what a message is about (`vehicle 7`, `route 12`), cheap to clone, compare and hash.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock};

/// Stands between topic and id. Topics are literals and never contain it, so the first one separates.
const SEPARATOR: char = '\u{1f}';

/// Seeded once per process: ids come from outside, and a client must not be able to choose keys that share a bucket.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The same for keys that are numbers.
static NUMBER_SEED: LazyLock<u64> = LazyLock::new(|| SEED.hash_one("numbers"));

/// A topic and an id within it, as one shared string with its hash beside it; or a number.
///
/// Two keys are equal only when topic and id are equal: the hash is compared first, and the text decides. Making a key
/// allocates once; keep it beside the vehicle and clone it.
#[derive(Clone)]
pub struct Key {
    hash: u64,
    /// `None` for a number, of which the hash is a permutation.
    text: Option<Arc<str>>,
}

impl Key {
    /// The key of `id` within `topic`, for example `Key::new("vehicle", "bus-7")`.
    pub fn new(topic: &'static str, id: &str) -> Self {
        debug_assert!(!topic.contains(SEPARATOR), "a topic never contains the separator");
        let mut text = String::with_capacity(topic.len() + SEPARATOR.len_utf8() + id.len());
        text.push_str(topic);
        text.push(SEPARATOR);
        text.push_str(id);
        Self { hash: SEED.hash_one(text.as_str()), text: Some(text.into()) }
    }

    /// The key of a number. It takes no memory of its own. All numbers of a channel name things of one kind, such as cells of a map.
    pub fn number(number: u64) -> Self {
        // Each step can be undone, so that no two numbers share a hash.
        let mixed = (number ^ *NUMBER_SEED).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self { hash, text: None }
    }

    /// The topic that the key was made with.
    pub fn topic(&self) -> &str {
        self.parts().0
    }

    /// The id that the key was made with.
    pub fn id(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.text.as_deref().and_then(|text| text.split_once(SEPARATOR)).unwrap_or_default()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && match (&self.text, &other.text) {
                (Some(text), Some(other)) => Arc::ptr_eq(text, other) || text == other,
                (None, None) => true,
                _ => false,
            }
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By hash first: the order serves binary search, not display.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.hash.cmp(&other.hash).then_with(|| self.text.cmp(&other.text))
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(_) => write!(f, "{}:{}", self.topic(), self.id()),
            None => write!(f, "number {:x}", self.hash),
        }
    }
}

/// A map by [`Key`] that uses the hash which the key carries.
pub type KeyMap<V> = HashMap<Key, V, BuildHasherDefault<CarriedHash>>;

/// Passes a key's own hash through.
#[derive(Default)]
pub struct CarriedHash(u64);

impl Hasher for CarriedHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("a key hashes itself as one u64");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A small set of keys in one allocation: there may be ten thousand subscribers with a handful of keys each.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet(Box<[Key]>);

impl KeySet {
    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.0.binary_search(key).is_ok()
    }

    pub(crate) fn intersects(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.contains(key))
    }

    pub(crate) fn as_slice(&self) -> &[Key] {
        &self.0
    }
}

impl FromIterator<Key> for KeySet {
    fn from_iter<I: IntoIterator<Item = Key>>(keys: I) -> Self {
        let mut keys: Vec<Key> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self(keys.into())
    }
}
