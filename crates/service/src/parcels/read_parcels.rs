//! Lists parcels, and reads one, for their clients, drivers and dispatchers.

use super::follow_driver::publish_if_new_move;
use super::follow_parcel::publish_if_new;
use super::{FollowedParcel, Parcels, progress_of};
use crate::{Request, ServiceError};
use milepost_domain::{Action, Parcel, ParcelId, ParcelStatus, Reach, Role, TenantId, UserId, may_with_parcel, reach};
use milepost_store::ParcelScope;

/// Which parcels to list.
#[derive(Debug, Clone)]
pub struct ParcelListing {
    /// The tenant of the parcels.
    pub tenant: TenantId,
    /// Only parcels of this client.
    pub client_id: Option<UserId>,
    /// Only parcels that this driver brings or brought.
    pub driver_id: Option<UserId>,
    /// Only parcels with this status.
    pub status: Option<ParcelStatus>,
    /// Only parcels after this one.
    pub after: Option<ParcelId>,
    /// The most parcels to read.
    pub limit: u32,
}

/// A page of parcels.
#[derive(Debug, Clone, PartialEq)]
pub struct ParcelPage {
    /// The parcels that match, in the order of their ids.
    pub parcels: Vec<Parcel>,
    /// The id to continue after, if there may be more. With a filter a page may have fewer parcels than the limit, or
    /// none, and still have a next page.
    pub next: Option<ParcelId>,
}

/// One parcel of a tenant.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's; [`ServiceError::Forbidden`] for a parcel of the tenant that
/// the caller may not see.
pub async fn get_parcel(
    parcels: &Parcels,
    request: &Request,
    tenant: &TenantId,
    id: ParcelId,
) -> Result<Parcel, ServiceError> {
    if *tenant != request.caller.tenant && !request.caller.is_superadmin() {
        return Err(ServiceError::NotFound("parcel"));
    }
    let parcel = parcels.store.get_parcel(tenant, id).await?.ok_or(ServiceError::NotFound("parcel"))?;
    require_visible(request, &parcel)?;
    Ok(parcel)
}

fn require_visible(request: &Request, parcel: &Parcel) -> Result<(), ServiceError> {
    if may_with_parcel(&request.caller, Action::SeeParcel, parcel) {
        return Ok(());
    }
    Err(ServiceError::Forbidden("you are neither this parcel's client nor its assigned driver"))
}

/// One parcel with its driver's progress, for a new subscriber, and what `begin` returns. It is called while nothing of the parcel is
/// published, and only if the caller may see the parcel: a subscription that it makes begins exactly after what is returned. `prepare` is
/// called as soon as that is known, before others are waited for: what happens once, such as a crossing, need not be missed meanwhile. What
/// another node stored and is not known here yet is published to the other subscribers first, so that nothing older follows.
///
/// # Errors
/// As [`get_parcel`].
pub async fn watch_parcel<P: Send, T>(
    parcels: &Parcels,
    request: &Request,
    tenant: &TenantId,
    id: ParcelId,
    prepare: impl FnOnce() -> P + Send,
    begin: impl FnOnce(P) -> T + Send,
) -> Result<(FollowedParcel, T), ServiceError> {
    let driver = get_parcel(parcels, request, tenant, id).await?.driver_id;
    let prepared = prepare();
    let locked = parcels.lock_parcel(tenant, id, driver).await?;
    let (_locks, parcel) = locked.ok_or(ServiceError::NotFound("parcel"))?;
    require_visible(request, &parcel)?;
    // The client of an ended parcel must not see where its driver is now.
    let fix = match parcel.driver_id {
        Some(driver) if parcel.is_active() => parcels.shown_fix(&parcel.tenant, driver).await?,
        _ => None,
    };
    publish_if_new(parcels, &parcel, request.now).await;
    if let Some(fix) = &fix {
        publish_if_new_move(parcels, &parcel, fix, request.now);
    }
    let progress = fix.map(|fix| progress_of(&parcel, fix, request.now));
    Ok((FollowedParcel { parcel, progress }, begin(prepared)))
}

/// The parcels of a tenant that the caller may see: all, or those of which it is the client or driver.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a caller that may see no parcel.
pub async fn list_parcels(
    parcels: &Parcels,
    request: &Request,
    listing: &ParcelListing,
) -> Result<ParcelPage, ServiceError> {
    let scope = match (reach(&request.caller, Action::SeeParcel), request.caller.role(), request.caller.user_id()) {
        (Some(Reach::Everywhere | Reach::Tenant), ..) => match (listing.client_id, listing.driver_id) {
            (Some(client), _) => ParcelScope::Client(client),
            (None, Some(driver)) => ParcelScope::Driver(driver),
            (None, None) => ParcelScope::All,
        },
        (Some(Reach::Own), Some(Role::Client), Some(id)) => ParcelScope::Client(id),
        (Some(Reach::Own), Some(Role::Driver), Some(id)) => ParcelScope::Driver(id),
        _ => return Err(ServiceError::Forbidden("you may see no parcel")),
    };
    let read = parcels.store.list_parcels(&listing.tenant, scope, listing.after, listing.limit).await?;
    let next = if read.len() < listing.limit as usize { None } else { read.last().map(|p| p.id) };
    let fits = |parcel: &Parcel| {
        may_with_parcel(&request.caller, Action::SeeParcel, parcel)
            && listing.client_id.is_none_or(|client| parcel.client_id == client)
            && listing.driver_id.is_none_or(|driver| parcel.driver_id == Some(driver))
            && listing.status.is_none_or(|status| parcel.status == status)
    };
    Ok(ParcelPage { parcels: read.into_iter().filter(fits).collect(), next })
}
