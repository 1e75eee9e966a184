//! Lets whoever changes the same driver's or parcel's things go one after the other, each up to its publishing.

use milepost_domain::{ParcelId, UserId};
use std::hash::{BuildHasher, Hash, RandomState};
use tokio::sync::{Mutex, MutexGuard};

/// Queues. Two names may share one: then they wait for each other needlessly, and nothing else.
const SHARDS: usize = 256;

/// Who waits for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Driver(UserId),
    Parcel(ParcelId),
}

/// A tokio mutex for each shard: held across a read, a write and the handing over to the hub, so that what is told goes
/// out in the order of commit.
pub(super) struct Turns {
    shards: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl Turns {
    /// Waits until all of `names` are free. Taken in one order by everybody, so that no two wait for each other.
    pub(super) async fn take(&self, names: impl IntoIterator<Item = Name>) -> Vec<MutexGuard<'_, ()>> {
        let mut shards: Vec<_> = names.into_iter().map(|name| self.shard(name)).collect();
        shards.sort_unstable();
        shards.dedup();
        let mut turns = Vec::with_capacity(shards.len());
        for shard in shards {
            turns.push(self.shards[shard].lock().await);
        }
        turns
    }

    fn shard(&self, name: Name) -> usize {
        self.hasher.hash_one(name) as usize % SHARDS
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn overlapping_names_never_wait_for_each_other_forever() {
        let turns = std::sync::Arc::new(Turns::default());
        let names: Vec<_> = (1..=40).map(|number| Name::Driver(UserId::new(number).unwrap())).collect();
        let tasks = (0..40).map(|at| {
            let (turns, mut names) = (turns.clone(), names.clone());
            names.rotate_left(at);
            tokio::spawn(async move {
                for pair in names.windows(2) {
                    let _held = turns.take(pair.to_vec()).await;
                    tokio::task::yield_now().await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            tokio::time::timeout(std::time::Duration::from_secs(10), task).await.unwrap().unwrap();
        }
    }
}
