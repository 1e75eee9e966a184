//! What the committer remembers of the vehicles that it saw last.

use super::PositionBatch;
use crate::{Result, Store, Track};
use milepost_domain::{TenantId, VehicleId};
use std::collections::{HashMap, HashSet};

/// Tracks in one generation, about 400 bytes each. When a generation is full it becomes the old one, and the one before
/// it is forgotten: a vehicle that was heard of within the last so many others is always known.
const GENERATION: usize = 50_000;

/// A vehicle's full name.
pub(super) type Key = (TenantId, VehicleId);

/// Tracks of recently heard vehicles, in two generations.
#[derive(Debug, Default)]
pub(super) struct TrackCache {
    young: HashMap<Key, Track>,
    old: HashMap<Key, Track>,
}

impl TrackCache {
    /// A known track.
    pub(super) fn get(&self, key: &Key) -> Option<&Track> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Reads the tracks that batches need and that are not known. Vehicles that don't exist stay unknown.
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
        // The generations stay: the rest of what these batches need may be in the old one.
        self.young.extend(loaded.into_iter().map(|(place, track)| (wanted[place].clone(), track)));
        Ok(())
    }

    /// Remembers tracks, after a commit. More than a generation at once is kept as a whole until the next time.
    pub(super) fn keep(&mut self, tracks: impl IntoIterator<Item = (Key, Track)>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.extend(tracks);
    }

    /// Forgets every vehicle of a batch.
    pub(super) fn forget(&mut self, batch: &PositionBatch) {
        for position in &batch.positions {
            let key = (batch.tenant.clone(), position.vehicle_id.clone());
            self.young.remove(&key);
            self.old.remove(&key);
        }
    }
}
