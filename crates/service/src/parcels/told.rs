//! Which version of each parcel this node told last, so that its own events, met again, are not told twice.

use milepost_cache::WeightedCache;
use milepost_domain::{Parcel, ParcelId, ParcelStatus, UserId};
use std::sync::Mutex;

/// Memory for published parcels: about 30,000. When it is full, those that were used least leave it. Such a parcel may be
/// published again: a repeated status, nothing worse.
const PARCELS_BYTES: usize = 4 * 1024 * 1024;

/// What was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ToldParcel {
    pub(super) version: i64,
    pub(super) status: ParcelStatus,
    pub(super) driver_id: Option<UserId>,
}

impl From<&Parcel> for ToldParcel {
    fn from(parcel: &Parcel) -> Self {
        Self { version: parcel.version, status: parcel.status, driver_id: parcel.driver_id }
    }
}

/// A std mutex: held for a look-up, never across an await.
pub(super) struct Told(Mutex<WeightedCache<ParcelId, ToldParcel>>);

impl Default for Told {
    fn default() -> Self {
        Self(Mutex::new(WeightedCache::new(PARCELS_BYTES, |_, _| 0)))
    }
}

impl Told {
    pub(super) fn last(&self, id: ParcelId) -> Option<ToldParcel> {
        self.0.lock().expect("nothing panics while holding it").get(&id).copied()
    }

    pub(super) fn note(&self, parcel: &Parcel) {
        self.0.lock().expect("nothing panics while holding it").insert(parcel.id, parcel.into());
    }
}
