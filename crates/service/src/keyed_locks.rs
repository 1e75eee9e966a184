//! Locks by key, so that changes of the same thing are stored and published one after the other.

use std::hash::{BuildHasher, Hash, RandomState};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Keys that share a shard wait for each other without need, each for a commit. Nothing else happens. A shard takes some 40 bytes.
const SHARDS: usize = 4_096;

/// Tokio locks, because they are held across a read, a write and a publication.
pub(crate) struct KeyedLocks {
    shards: Vec<RwLock<()>>,
    hasher: RandomState,
}

impl Default for KeyedLocks {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect(), hasher: RandomState::new() }
    }
}

impl KeyedLocks {
    /// Waits until all `keys` are free. Shards are locked in their order, so that two callers never block each other.
    pub(crate) async fn write<K: Hash>(&self, keys: impl IntoIterator<Item = K>) -> Vec<RwLockWriteGuard<'_, ()>> {
        let mut shards: Vec<_> = keys.into_iter().map(|key| self.shard(key)).collect();
        shards.sort_unstable();
        shards.dedup();
        let mut guards = Vec::with_capacity(shards.len());
        for shard in shards {
            guards.push(self.shards[shard].write().await);
        }
        guards
    }

    /// Waits until no writer holds `key`. Readers share it.
    pub(crate) async fn read(&self, key: impl Hash) -> RwLockReadGuard<'_, ()> {
        self.shards[self.shard(key)].read().await
    }

    fn shard(&self, key: impl Hash) -> usize {
        self.hasher.hash_one(key) as usize % SHARDS
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn overlapping_keys_never_wait_for_each_other_forever() {
        let locks = Arc::new(KeyedLocks::default());
        let keys: Vec<u64> = (1..=40).collect();
        let tasks = (0..40).map(|at| {
            let (locks, mut keys) = (Arc::clone(&locks), keys.clone());
            keys.rotate_left(at);
            tokio::spawn(async move {
                for pair in keys.windows(2) {
                    let _guards = locks.write(pair).await;
                    tokio::task::yield_now().await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
        }
    }
}
