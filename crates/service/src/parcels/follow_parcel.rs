//! Publishes changes that another process on the same database made to a parcel with subscribers on this node.

use super::change_parcel::publish_parcel;
use super::{Key, Parcels};
use crate::{Listener, ServiceError};
use milepost_domain::{ParcelId, TenantId, Timestamp};

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
    // Under the parcel's lock, because a change of this node may be committed and not yet published.
    let _lock = parcels.locks.write([Key::Parcel(tenant, id)]).await;
    let Some(parcel) = parcels.store.get_parcel(tenant, id).await? else { return Ok(()) };
    let last = parcels.last_published.get(tenant, id);
    if last.is_some_and(|last| last.version >= parcel.version) {
        return Ok(());
    }
    // While nobody here followed the parcel, nothing was published: what was published last says only what changed next.
    let before = last.filter(|last| last.version + 1 == parcel.version);
    let status_changed = before.is_none_or(|before| before.status != parcel.status);
    let driver_changed = before.is_none_or(|before| before.driver_id != parcel.driver_id);
    publish_parcel(parcels, &parcel, status_changed, driver_changed, now).await;
    Ok(())
}
