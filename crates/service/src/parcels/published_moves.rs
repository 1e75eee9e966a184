//! The locations and zone crossings of drivers that this node published. They come again from other nodes, from the database and
//! from the event feed, and must not be published twice.

use milepost_cache::WeightedCache;
use milepost_domain::{DriverFix, ParcelId, TenantId, Timestamp, UserId, Zone, lies_ahead};
use std::sync::Mutex;

/// Memory for each of both, about 15,000 entries. When it is full, the least used ones are removed: a location or a crossing may
/// then be published twice, and nothing else happens.
const BYTES: usize = 2 * 1024 * 1024;

/// A parcel and the driver who brings it.
type Brought = (TenantId, ParcelId, UserId);
/// Came or left, where, and when.
pub(super) type ZoneStep = (Zone, bool, Timestamp);

/// Std mutexes: held for a look-up, never across an await.
pub(super) struct PublishedMoves {
    /// The time of the newest location.
    locations: Mutex<WeightedCache<Brought, Timestamp>>,
    crossings: Mutex<WeightedCache<(TenantId, ParcelId, ZoneStep), ()>>,
}

impl Default for PublishedMoves {
    fn default() -> Self {
        let (locations, crossings) = (WeightedCache::new(BYTES, |_, _| 0), WeightedCache::new(BYTES, |_, _| 0));
        Self { locations: Mutex::new(locations), crossings: Mutex::new(crossings) }
    }
}

impl PublishedMoves {
    /// Whether this location or a newer one of its driver was published for the parcel. One that lies ahead of `now` is no newer one.
    pub(super) fn has(&self, tenant: &TenantId, id: ParcelId, fix: &DriverFix, now: Timestamp) -> bool {
        let locations = self.locations.lock().expect("nothing panics while holding it");
        locations
            .get(&(tenant.clone(), id, fix.driver_id))
            .is_some_and(|at| *at == fix.at || *at > fix.at && !lies_ahead(*at, now))
    }

    pub(super) fn note(&self, tenant: &TenantId, id: ParcelId, fix: &DriverFix) {
        let mut locations = self.locations.lock().expect("nothing panics while holding it");
        locations.insert((tenant.clone(), id, fix.driver_id), fix.at);
    }

    /// Notes that this node publishes a crossing with its location. To be called before the commit, after which the event feed may
    /// bring it.
    pub(super) fn note_crossing(&self, tenant: &TenantId, id: ParcelId, step: ZoneStep) {
        let mut crossings = self.crossings.lock().expect("nothing panics while holding it");
        crossings.insert((tenant.clone(), id, step), ());
    }

    /// Whether this node publishes the crossing with its location.
    pub(super) fn takes_crossing(&self, tenant: &TenantId, id: ParcelId, step: ZoneStep) -> bool {
        let crossings = self.crossings.lock().expect("nothing panics while holding it");
        crossings.get(&(tenant.clone(), id, step)).is_some()
    }
}
