//! Which version of each parcel this node published last, so that its own events, read again from the log, are not
//! published twice.

use milepost_domain::{Parcel, ParcelId, ParcelStatus, UserId};
use std::collections::HashMap;
use std::sync::Mutex;

/// Parcels in a generation; two are kept. A forgotten parcel may be published again: a repeated status, nothing worse.
const GENERATION: usize = 20_000;

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
#[derive(Default)]
pub(super) struct LastPublished(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<ParcelId, PublishedParcel>,
    old: HashMap<ParcelId, PublishedParcel>,
}

impl LastPublished {
    pub(super) fn get(&self, id: ParcelId) -> Option<PublishedParcel> {
        let generations = self.0.lock().expect("nothing panics while holding it");
        generations.young.get(&id).or_else(|| generations.old.get(&id)).copied()
    }

    pub(super) fn set(&self, parcel: &Parcel) {
        let mut generations = self.0.lock().expect("nothing panics while holding it");
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(parcel.id, parcel.into());
    }
}
