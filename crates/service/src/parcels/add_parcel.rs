//! Adds a parcel.

use super::Parcels;
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Invalid, Parcel, ParcelStatus, Role, TenantId, UserId, may};
use milepost_store::{NewParcel, Once, Store};

/// Adds a parcel. Its status is `assigned` if it has a driver, else `pending`.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a user of the tenant that is no client or driver.
pub async fn add_parcel(
    parcels: &Parcels,
    request: &Request,
    mut parcel: NewParcel,
    once: &Once<'_, Parcel>,
) -> Result<Parcel, ServiceError> {
    if !may(&request.caller, Action::ManageParcels, &parcel.tenant) {
        return Err(ServiceError::Forbidden("only an admin or manager of the tenant may enter parcels"));
    }
    check_client(&*parcels.store, &parcel.tenant, parcel.client_id).await?;
    if let Some(driver) = parcel.driver_id {
        check_driver(&*parcels.store, &parcel.tenant, driver).await?;
    }
    parcel.status = if parcel.driver_id.is_some() { ParcelStatus::Assigned } else { ParcelStatus::Pending };
    ensure_tenant(&*parcels.store, &parcel.tenant).await?;
    let added = parcels.store.by(request.author()).add_parcel(&parcel, request.now, once).await?;
    parcels.last_published.set(&added);
    parcels.wakers.wake_outbox();
    tracing::debug!(parcel.id = %added.id, tenant.id = %added.tenant, by = request.caller.log_name(), "parcel added");
    Ok(added)
}

/// A user of the tenant must be a driver. Any other number may be a user of another issuer, who is not stored: it is accepted, that
/// of another tenant's user too, so that nobody learns which numbers other tenants have.
pub(super) async fn check_driver(store: &dyn Store, tenant: &TenantId, driver: UserId) -> Result<(), ServiceError> {
    let fits = is_elsewhere_or(store, tenant, driver, Role::Driver).await?;
    if fits { Ok(()) } else { Err(Invalid::new("driver_id", "must be a driver of the tenant").into()) }
}

async fn check_client(store: &dyn Store, tenant: &TenantId, client: UserId) -> Result<(), ServiceError> {
    let fits = is_elsewhere_or(store, tenant, client, Role::Client).await?;
    if fits { Ok(()) } else { Err(Invalid::new("client_id", "must be a client of the tenant").into()) }
}

async fn is_elsewhere_or(store: &dyn Store, tenant: &TenantId, user: UserId, role: Role) -> Result<bool, ServiceError> {
    let stored = store.get_user(user).await?;
    Ok(stored.is_none_or(|user| user.tenant != *tenant || user.role == role))
}
