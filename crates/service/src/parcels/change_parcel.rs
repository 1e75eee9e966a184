//! Changes a parcel's driver or status.

use super::add_parcel::check_driver;
use super::read_parcels::get_parcel;
use super::{FollowedParcel, ParcelUpdate, Parcels, progress_of};
use crate::{Listener, Request, ServiceError};
use milepost_domain::{
    Action, Caller, ExpectedVersion, Fact, Parcel, ParcelId, ParcelStatus, TenantId, Timestamp, UserId, ZonesInside,
    may_with_parcel,
};
use std::sync::Arc;

/// Attempts when other nodes change the same parcel at the same time. A failed one means that another change was stored
/// first.
const TRIES: usize = 16;

/// A change of a parcel. `None` keeps the value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::option_option, reason = "absent and none differ in a change")]
pub struct ParcelChange {
    /// The driver. `Some(None)` removes it.
    pub driver_id: Option<Option<UserId>>,
    /// The status.
    pub status: Option<ParcelStatus>,
}

/// Changes a parcel. Unless the change names a status, a pending parcel becomes assigned when it gets a driver, and an
/// assigned one becomes pending when it loses its driver.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's; [`ServiceError::Forbidden`]; [`ServiceError::Changed`];
/// [`ServiceError::Conflict`] for an ended parcel; [`ServiceError::Invalid`] for a user of the tenant that is no driver.
pub async fn change_parcel(
    parcels: &Arc<Parcels>,
    request: &Request,
    tenant: &TenantId,
    id: ParcelId,
    expected: &ExpectedVersion,
    change: ParcelChange,
) -> Result<Parcel, ServiceError> {
    let (parcels, request, tenant, expected) = (Arc::clone(parcels), request.clone(), tenant.clone(), expected.clone());
    // In a task of its own, so that a stored change is published even if its client disconnects.
    let changing =
        tokio::spawn(async move { store_and_publish(&parcels, &request, &tenant, id, &expected, change).await });
    changing.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the change of a parcel did not end");
        Err(ServiceError::Internal)
    })
}

async fn store_and_publish(
    parcels: &Parcels,
    request: &Request,
    tenant: &TenantId,
    id: ParcelId,
    expected: &ExpectedVersion,
    change: ParcelChange,
) -> Result<Parcel, ServiceError> {
    for _ in 0..TRIES {
        let seen = get_parcel(parcels, request, tenant, id).await?;
        require(&request.caller, &seen, change)?;
        if let Some(Some(driver)) = change.driver_id
            && seen.driver_id != Some(driver)
        {
            check_driver(&*parcels.store, &seen.tenant, driver).await?;
        }
        // The drivers' locks are held too, so that no location is published after the parcel's end, or to viewers that
        // may not see it any more.
        let drivers = [seen.driver_id, change.driver_id.flatten()].into_iter().flatten();
        let _locks = parcels.locks.write(drivers, Some((tenant, id))).await;
        let before = parcels.store.get_parcel(tenant, id).await?.ok_or(ServiceError::NotFound("parcel"))?;
        if before.driver_id != seen.driver_id {
            continue;
        }
        if !expected.allows(before.version) {
            return Err(ServiceError::Changed("parcel"));
        }
        let Some(after) = changed(&before, change)? else { return Ok(before) };
        let after = Parcel { updated_at: request.now.max(before.updated_at), version: before.version + 1, ..after };
        let fact = Fact::ParcelChanged { parcel_id: id, status: after.status, driver_id: after.driver_id };
        if parcels.store.by(request.author()).change_parcel(&after, &[fact], &[], request.now).await? {
            tracing::debug!(parcel.id = %id, tenant.id = %after.tenant, by = request.caller.log_name(), "parcel changed");
            parcels.wakers.wake_outbox();
            publish_parcel(
                parcels,
                &after,
                before.status != after.status,
                before.driver_id != after.driver_id,
                request.now,
            )
            .await;
            return Ok(after);
        }
    }
    Err(ServiceError::Unavailable)
}

/// Publishes a change of a parcel. To be called under the locks of the parcel and its driver, after the commit.
pub(super) async fn publish_parcel(
    parcels: &Parcels,
    parcel: &Parcel,
    status_changed: bool,
    driver_changed: bool,
    now: Timestamp,
) {
    let fix = match parcel.driver_id {
        Some(driver) if driver_changed && parcel.is_active() => {
            // An error is ignored, because the new driver's next location follows soon.
            parcels.shown_fix(&parcel.tenant, driver).await.ok().flatten()
        }
        _ => None,
    };
    if let Some(fix) = &fix {
        parcels.published_moves.note(&parcel.tenant, parcel.id, fix);
    }
    let progress = fix.map(|fix| progress_of(parcel, fix, now));
    let current = FollowedParcel { parcel: parcel.clone(), progress };
    parcels.listeners.parcel_changed(&ParcelUpdate { current, status_changed, driver_changed });
    // Only now: whoever ends before leaves the change to the event feed.
    parcels.last_published.set(parcel);
}

fn require(caller: &Caller, parcel: &Parcel, change: ParcelChange) -> Result<(), ServiceError> {
    if may_with_parcel(caller, Action::ManageParcels, parcel) {
        return Ok(());
    }
    if !may_with_parcel(caller, Action::BringParcel, parcel) {
        return Err(ServiceError::Forbidden("only an admin, a manager or the assigned driver may change a parcel"));
    }
    if change.driver_id.is_some() {
        return Err(ServiceError::Forbidden("only an admin or manager may give a parcel to a driver"));
    }
    Ok(())
}

/// The parcel with the change; `None` when nothing changes.
fn changed(before: &Parcel, change: ParcelChange) -> Result<Option<Parcel>, ServiceError> {
    let driver_id = change.driver_id.unwrap_or(before.driver_id);
    let follows_driver = match (before.status, driver_id) {
        (ParcelStatus::Pending, Some(_)) if change.driver_id.is_some() => ParcelStatus::Assigned,
        (ParcelStatus::Assigned, None) => ParcelStatus::Pending,
        (status, _) => status,
    };
    let status = change.status.unwrap_or(follows_driver);
    let driver_changes = driver_id != before.driver_id;
    if before.status.has_ended() && (driver_changes || !before.status.may_become(status)) {
        return Err(ServiceError::Conflict(format!("the parcel has ended: it is {}", before.status.as_str())));
    }
    if !driver_changes && status == before.status {
        return Ok(None);
    }
    // Another driver has to come to both places itself.
    let inside = if driver_changes { ZonesInside::default() } else { before.inside };
    Ok(Some(Parcel { driver_id, status, inside, ..before.clone() }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Address, Latitude, Longitude, Place};

    fn parcel(status: ParcelStatus, driver: Option<i64>) -> Parcel {
        let at = Timestamp::from_unix_ms(0).unwrap();
        let place = Place {
            latitude: Latitude::new(0.0).unwrap(),
            longitude: Longitude::new(0.0).unwrap(),
            address: Address::default(),
        };
        Parcel {
            id: ParcelId::new(1).unwrap(),
            tenant: TenantId::default_tenant(),
            client_id: UserId::new(9).unwrap(),
            driver_id: driver.map(|id| UserId::new(id).unwrap()),
            pickup: place.clone(),
            destination: place,
            status,
            inside: ZonesInside { pickup: true, destination: false },
            created_at: at,
            updated_at: at,
            version: 1,
        }
    }

    #[test]
    fn the_status_follows_the_driver_unless_it_is_named() {
        use ParcelStatus::{Assigned, Cancelled, Delivered, InTransit, Pending, PickedUp};
        let check = |from: (ParcelStatus, Option<i64>), driver: Option<Option<i64>>, status, expected: Option<_>| {
            let driver_id = driver.map(|driver| driver.map(|id| UserId::new(id).unwrap()));
            let found = changed(&parcel(from.0, from.1), ParcelChange { driver_id, status });
            let found = found.map(|parcel| parcel.map(|p| (p.status, p.driver_id.map(UserId::get), p.inside.pickup)));
            match expected {
                Some(expected) => assert_eq!(found.unwrap(), expected, "{from:?} {driver:?} {status:?}"),
                None => assert!(found.is_err(), "{from:?} {driver:?} {status:?}"),
            }
        };
        check((Pending, None), Some(Some(5)), None, Some(Some((Assigned, Some(5), false))));
        check((Pending, None), Some(Some(5)), Some(PickedUp), Some(Some((PickedUp, Some(5), false))));
        check((Assigned, Some(5)), Some(Some(6)), None, Some(Some((Assigned, Some(6), false))));
        check((Assigned, Some(5)), Some(None), None, Some(Some((Pending, None, false))));
        check((InTransit, Some(5)), Some(None), None, Some(Some((InTransit, None, false))));
        check((Assigned, Some(5)), None, Some(Delivered), Some(Some((Delivered, Some(5), true))));
        check((InTransit, Some(5)), None, Some(Assigned), Some(Some((Assigned, Some(5), true))));
        check((Assigned, Some(5)), Some(Some(5)), None, Some(None));
        check((Pending, None), None, None, Some(None));
        check((Delivered, Some(5)), None, Some(Delivered), Some(None));
        check((Delivered, Some(5)), None, Some(InTransit), None);
        check((Cancelled, None), Some(Some(5)), None, None);
    }
}
