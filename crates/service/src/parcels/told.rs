//! Which version of each parcel this node told last, so that its own events, met again, are not told twice.

use milepost_domain::{Parcel, ParcelId, ParcelStatus, UserId};
use std::collections::HashMap;
use std::sync::Mutex;

/// Parcels in a generation; two are kept. What is forgotten may be told again: a repeated status, nothing worse.
const GENERATION: usize = 20_000;

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
#[derive(Default)]
pub(super) struct Told(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<ParcelId, ToldParcel>,
    old: HashMap<ParcelId, ToldParcel>,
}

impl Told {
    pub(super) fn last(&self, id: ParcelId) -> Option<ToldParcel> {
        let generations = self.0.lock().expect("nothing panics while holding it");
        generations.young.get(&id).or_else(|| generations.old.get(&id)).copied()
    }

    pub(super) fn note(&self, parcel: &Parcel) {
        let mut generations = self.0.lock().expect("nothing panics while holding it");
        if generations.young.len() >= GENERATION {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(parcel.id, parcel.into());
    }
}
