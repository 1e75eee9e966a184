//! Adds and removes devices. Each gets a secret key, shown once.

use crate::{Service, ServiceError};
use milepost_access::{CloseReason, Holder, hash_secret, random_secret};
use milepost_domain::{Action, Caller, Device, DeviceId, TenantId, may};
use milepost_store::answering_from;

/// A device and the key that is never shown again.
#[derive(Clone)]
pub struct NewDevice {
    /// The device.
    pub device: Device,
    /// Its secret key.
    pub key: String,
}

impl Service {
    /// Adds a device for a vehicle of its tenant.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Conflict`], [`ServiceError::NotFound`] for the vehicle.
    pub async fn add_device(&self, caller: &Caller, device: Device) -> Result<NewDevice, ServiceError> {
        require(caller, &device.tenant)?;
        let new = NewDevice { device, key: random_secret("mpd_") };
        let (added, key_hash) = (new.clone(), hash_secret(&new.key));
        answering_from(move |(): &()| Some(added.clone()), self.store.add_device(&new.device, &key_hash)).await?;
        self.access.forget_identities();
        let (id, tenant) = (&new.device.id, &new.device.tenant);
        tracing::info!(device.id = %id, tenant.id = %tenant, by = caller.log_name(), "device added");
        Ok(new)
    }

    /// One device.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn get_device(&self, caller: &Caller, tenant: &TenantId, id: &DeviceId) -> Result<Device, ServiceError> {
        require(caller, tenant)?;
        self.store.get_device(tenant, id).await?.ok_or(ServiceError::NotFound("device"))
    }

    /// Devices in the order of their ids.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub async fn list_devices(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        after: Option<&DeviceId>,
        limit: u32,
    ) -> Result<Vec<Device>, ServiceError> {
        require(caller, tenant)?;
        Ok(self.store.list_devices(tenant, after, limit).await?)
    }

    /// Removes a device: its key opens nothing from now on.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn remove_device(&self, caller: &Caller, tenant: &TenantId, id: &DeviceId) -> Result<(), ServiceError> {
        require(caller, tenant)?;
        if !self.store.remove_device(tenant, id, self.now()).await? {
            return Err(ServiceError::NotFound("device"));
        }
        self.access.end_connections(Holder::Device(tenant, id), CloseReason::Revoked);
        tracing::info!(device.id = %id, tenant.id = %tenant, by = caller.log_name(), "device removed");
        Ok(())
    }
}

fn require(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageDevices, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may manage its devices"))
    }
}
