//! The version of each parcel that this node published last. The event feed reads this node's own changes too, and must
//! not publish them twice.

use milepost_cache::WeightedCache;
use milepost_domain::{Parcel, ParcelId, ParcelStatus, TenantId, UserId};
use std::sync::Mutex;

/// Memory for about 30,000 parcels. When it is full, the least used entries are removed. The status of a removed parcel
/// may be published twice, and nothing else happens.
const PARCELS_BYTES: usize = 4 * 1024 * 1024;

/// A parcel as it was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PublishedParcel {
    pub(super) version: i64,
    pub(super) status: ParcelStatus,
    pub(super) driver_id: Option<UserId>,
}

impl From<&Parcel> for PublishedParcel {
    fn from(parcel: &Parcel) -> Self {
        Self { version: parcel.version, status: parcel.status, driver_id: parcel.driver_id }
    }
}

/// A std mutex: held for a look-up, never across an await.
pub(super) struct LastPublished(Mutex<WeightedCache<(TenantId, ParcelId), PublishedParcel>>);

impl Default for LastPublished {
    fn default() -> Self {
        Self(Mutex::new(WeightedCache::new(PARCELS_BYTES, |_, _| 0)))
    }
}

impl LastPublished {
    pub(super) fn get(&self, tenant: &TenantId, id: ParcelId) -> Option<PublishedParcel> {
        self.0.lock().expect("nothing panics while holding it").get(&(tenant.clone(), id)).copied()
    }

    pub(super) fn set(&self, parcel: &Parcel) {
        self.0
            .lock()
            .expect("nothing panics while holding it")
            .insert((parcel.tenant.clone(), parcel.id), parcel.into());
    }
}
