//! Enters a parcel.

use crate::{Service, ServiceError};
use milepost_domain::{Action, Caller, Invalid, Parcel, ParcelStatus, Role, TenantId, UserId, may};
use milepost_store::{NewParcel, Once};

impl Service {
    /// Enters a parcel: `pending`, or `assigned` with a driver.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a client or driver that is stored and is not one of
    /// the tenant.
    pub async fn add_parcel(
        &self,
        caller: &Caller,
        mut parcel: NewParcel,
        once: &Once<'_, Parcel>,
    ) -> Result<Parcel, ServiceError> {
        if !may(caller, Action::ManageParcels, &parcel.tenant) {
            return Err(ServiceError::Forbidden("only an admin or manager of the tenant may enter parcels"));
        }
        self.check_client(&parcel.tenant, parcel.client_id).await?;
        if let Some(driver) = parcel.driver_id {
            self.check_driver(&parcel.tenant, driver).await?;
        }
        parcel.status = if parcel.driver_id.is_some() { ParcelStatus::Assigned } else { ParcelStatus::Pending };
        self.ensure_tenant(&parcel.tenant).await?;
        let added = self.store.add_parcel(&parcel, self.now(), once).await?;
        self.parcels.told.note(&added);
        self.wake_outbox();
        tracing::info!(parcel.id = %added.id, tenant.id = %added.tenant, by = caller.log_name(), "parcel added");
        Ok(added)
    }

    /// Another issuer's users are not stored and are taken at their number; a stored one must be a driver of the tenant.
    pub(super) async fn check_driver(&self, tenant: &TenantId, driver: UserId) -> Result<(), ServiceError> {
        let fits = self.is_absent_or(tenant, driver, Role::Driver).await?;
        if fits { Ok(()) } else { Err(Invalid::new("driver_id", "must be a driver of the tenant").into()) }
    }

    async fn check_client(&self, tenant: &TenantId, client: UserId) -> Result<(), ServiceError> {
        let fits = self.is_absent_or(tenant, client, Role::Client).await?;
        if fits { Ok(()) } else { Err(Invalid::new("client_id", "must be a client of the tenant").into()) }
    }

    async fn is_absent_or(&self, tenant: &TenantId, user: UserId, role: Role) -> Result<bool, ServiceError> {
        let stored = self.store.get_user(user).await?;
        Ok(stored.is_none_or(|user| user.tenant == *tenant && user.role == role))
    }
}
