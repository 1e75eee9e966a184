//! Publishes the locations and zone crossings of drivers that another process on the same database stored.

use super::{MovedParcel, Parcels, progress_of};
use crate::{Listener, ServiceError};
use milepost_domain::{DriverFix, Parcel, ParcelId, TenantId, Timestamp, Zone};

/// Publishes a driver's new location to the followers of its parcels here, unless it was published before.
pub(crate) async fn follow_driver(
    parcels: &Parcels,
    tenant: &TenantId,
    brought: &[ParcelId],
    fix: &DriverFix,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let followed: Vec<_> = brought.iter().filter(|parcel| parcels.listeners.follows_parcel(tenant, **parcel)).collect();
    if !followed.is_empty() && parcels.live.off_duty(&*parcels.store, tenant).await?.since(fix.driver_id).is_some() {
        return Ok(());
    }
    for &id in followed {
        // Under the driver's lock, because a location of this node may be committed and not yet published.
        let _lock = parcels.locks.write([fix.driver_id], None).await;
        if parcels.published_moves.has(tenant, id, fix, now) {
            continue;
        }
        let Some(parcel) = parcels.store.get_parcel(tenant, id).await? else { continue };
        // It may have another driver by now, whose followers must not see this one.
        if parcel.driver_id == Some(fix.driver_id) && parcel.is_active() {
            publish_move(parcels, parcel, fix, now);
        }
    }
    Ok(())
}

/// Publishes a stored location of an active parcel's driver, unless it was published before. To be called under the driver's lock.
pub(super) fn publish_if_new_move(parcels: &Parcels, parcel: &Parcel, fix: &DriverFix, now: Timestamp) {
    if !parcels.published_moves.has(&parcel.tenant, parcel.id, fix, now) {
        publish_move(parcels, parcel.clone(), fix, now);
    }
}

fn publish_move(parcels: &Parcels, parcel: Parcel, fix: &DriverFix, now: Timestamp) {
    parcels.published_moves.note(&parcel.tenant, parcel.id, fix);
    let progress = progress_of(&parcel, fix.clone(), now);
    parcels.listeners.driver_moved(&[MovedParcel { parcel, progress, crossed: Vec::new() }]);
}

/// Publishes a crossing that the event feed brings, unless this node published it with the location that caused it.
pub(crate) fn follow_crossing(
    parcels: &Parcels,
    tenant: &TenantId,
    id: ParcelId,
    zone: Zone,
    entered: bool,
    at: Timestamp,
) {
    if parcels.listeners.follows_parcel(tenant, id)
        && !parcels.published_moves.takes_crossing(tenant, id, (zone, entered, at))
    {
        parcels.listeners.zone_crossed(tenant, id, zone, entered, at);
    }
}
