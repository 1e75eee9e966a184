//! The committer's cache of recent vehicles' tracks.

use super::PositionBatch;
use crate::{Result, Store, TrackRow, VehicleNo};
use milepost_cache::WeightedCache;
use milepost_domain::{TenantId, VehicleId};
use std::collections::{HashMap, HashSet};

/// Memory around a shared text.
const TEXT_BYTES: usize = 32;

/// The key of a vehicle in the cache.
pub(super) type Key = (TenantId, VehicleId);

/// Tracks of recently heard vehicles.
#[derive(Debug)]
pub(super) struct TrackCache {
    known: WeightedCache<Key, TrackRow>,
    /// What was read for the transaction under way. It joins the others after the commit, so that no vehicle that the plan
    /// needs is evicted by another one.
    loaded: HashMap<Key, TrackRow>,
}

impl TrackCache {
    /// When the memory is full, the vehicles that were used least leave it and are read again with their next position.
    pub(super) fn new(capacity_bytes: usize) -> Self {
        Self { known: WeightedCache::new(capacity_bytes, heap_bytes), loaded: HashMap::new() }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.loaded.clear();
    }

    /// A known track.
    pub(super) fn get(&self, key: &Key) -> Option<&TrackRow> {
        self.known.get(key).or_else(|| self.loaded.get(key))
    }

    /// Begins another transaction.
    pub(super) fn begin(&mut self) {
        self.loaded.clear();
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
        self.loaded.extend(loaded.into_iter().map(|(place, track)| (wanted[place].clone(), track)));
        Ok(())
    }

    /// Remembers tracks, after a commit.
    pub(super) fn keep(&mut self, tracks: impl IntoIterator<Item = (Key, TrackRow)>) {
        for (key, track) in tracks {
            self.known.insert(key, track);
        }
    }

    /// Drops those vehicles of the batches that another node changed.
    pub(super) fn forget_stale(&mut self, batches: &[PositionBatch], stale: &[VehicleNo]) {
        let stale: HashSet<VehicleNo> = stale.iter().copied().collect();
        self.loaded.retain(|_, track| !stale.contains(&track.vehicle_no));
        for batch in batches {
            for position in &batch.positions {
                let key = (batch.tenant.clone(), position.vehicle_id.clone());
                if self.known.get(&key).is_some_and(|track| stale.contains(&track.vehicle_no)) {
                    self.known.remove(&key);
                }
            }
        }
    }

    /// Drops every vehicle of a batch.
    pub(super) fn forget(&mut self, batch: &PositionBatch) {
        for position in &batch.positions {
            self.known.remove(&(batch.tenant.clone(), position.vehicle_id.clone()));
        }
        self.loaded.clear();
    }
}

/// The texts of the key; the last position may hold the vehicle's id once more.
fn heap_bytes((tenant, vehicle): &Key, _: &TrackRow) -> usize {
    tenant.as_str().len() + 2 * vehicle.as_str().len() + 3 * TEXT_BYTES
}
