//! Publishes changes that another process on the same database made to a parcel with subscribers on this node.

use super::Parcels;
use super::change_parcel::publish_parcel;
use crate::{Listener, ServiceError};
use milepost_domain::{Parcel, ParcelId, TenantId, Timestamp};

/// Publishes the change that an event reports. Events of this node come here too, and are not published twice.
pub(crate) async fn follow_parcel(
    parcels: &Parcels,
    tenant: &TenantId,
    id: ParcelId,
    now: Timestamp,
) -> Result<(), ServiceError> {
    if !parcels.listeners.follows_parcel(tenant, id) {
        return Ok(());
    }
    // Most events are of this node, and were published here: nobody who opens a parcel should wait for this look.
    let published = parcels.last_published.get(tenant, id);
    let stored = parcels.store.get_parcel(tenant, id).await?;
    if stored.is_none_or(|stored| published.is_some_and(|published| published.version >= stored.version)) {
        return Ok(());
    }
    // Under the locks, because a change of this node may be committed and not yet published.
    if let Some((_locks, parcel)) = parcels.lock_parcel(tenant, id, None).await? {
        publish_if_new(parcels, &parcel, now).await;
    }
    Ok(())
}

/// Publishes a parcel as it is stored, unless that was published before. To be called under
/// [`Parcels::lock_parcel`].
pub(super) async fn publish_if_new(parcels: &Parcels, parcel: &Parcel, now: Timestamp) {
    let last = parcels.last_published.get(&parcel.tenant, parcel.id);
    if last.is_some_and(|last| last.version >= parcel.version) {
        return;
    }
    // While nobody here followed the parcel, nothing was published: what was published last says only what changed next.
    let before = last.filter(|last| last.version + 1 == parcel.version);
    let status_changed = before.is_none_or(|before| before.status != parcel.status);
    let driver_changed = before.is_none_or(|before| before.driver_id != parcel.driver_id);
    publish_parcel(parcels, parcel, status_changed, driver_changed, now).await;
}
