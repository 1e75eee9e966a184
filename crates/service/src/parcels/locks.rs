//! Locks of drivers and parcels, held from the reading of a row until its change is published, so that changes are published in the
//! order of commit.

use crate::keyed_locks::KeyedLocks;
use milepost_domain::{ParcelId, TenantId, UserId};
use tokio::sync::RwLockWriteGuard;

#[derive(Default)]
pub(super) struct Locks {
    drivers: KeyedLocks,
    parcels: KeyedLocks,
}

impl Locks {
    /// Waits until all are free. Drivers come first, always: two callers never block each other, and who begins to follow a parcel has
    /// its turn before a location that the driver sends later.
    pub(super) async fn write(
        &self,
        drivers: impl IntoIterator<Item = UserId>,
        parcel: Option<(&TenantId, ParcelId)>,
    ) -> Vec<RwLockWriteGuard<'_, ()>> {
        let mut guards = self.drivers.write(drivers).await;
        guards.extend(self.parcels.write(parcel).await);
        guards
    }
}
