//! The committer's cache of recent vehicles' tracks.

use super::PositionBatch;
use crate::{Result, Store, Track};
use milepost_domain::{TenantId, VehicleId};
use std::collections::{HashMap, HashSet};

/// Tracks in one generation, about 400 bytes each. A full generation becomes the old one, and the old one is dropped.
/// So a vehicle stays cached as long as fewer than this many other vehicles have reported since its last position.
const GENERATION: usize = 50_000;

/// The key of a vehicle in the cache.
pub(super) type Key = (TenantId, VehicleId);

/// Tracks of recent vehicles, in two generations.
#[derive(Debug, Default)]
pub(super) struct TrackCache {
    young: HashMap<Key, Track>,
    old: HashMap<Key, Track>,
}

impl TrackCache {
    /// Returns a cached track.
    pub(super) fn get(&self, key: &Key) -> Option<&Track> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Reads the tracks that the batches need and the cache lacks. Vehicles that don't exist are not cached.
    pub(super) async fn load(&mut self, store: &dyn Store, batches: &[PositionBatch]) -> Result<()> {
        let mut wanted: HashSet<Key> = HashSet::new();
        for batch in batches {
            for position in &batch.positions {
                let key = (batch.tenant.clone(), position.vehicle_id.clone());
                if self.get(&key).is_none() {
                    wanted.insert(key);
                }
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<Key> = wanted.into_iter().collect();
        let loaded = store.load_tracks(&wanted).await?;
        // Entries are added without dropping a generation, because the old one may hold other tracks that these batches
        // need.
        self.young.extend(loaded.into_iter().map(|(place, track)| (wanted[place].clone(), track)));
        Ok(())
    }

    /// Caches tracks after a commit. If they exceed a generation, all are kept until the next call.
    pub(super) fn keep(&mut self, tracks: impl IntoIterator<Item = (Key, Track)>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.extend(tracks);
    }

    /// Drops every vehicle of a batch.
    pub(super) fn forget(&mut self, batch: &PositionBatch) {
        for position in &batch.positions {
            let key = (batch.tenant.clone(), position.vehicle_id.clone());
            self.young.remove(&key);
            self.old.remove(&key);
        }
    }
}
