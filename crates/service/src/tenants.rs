//! Tenants: added and listed by whoever looks after all of them.

use crate::{Service, ServiceError};
use milepost_domain::{Action, Caller, Label, Tenant, TenantId, may};
use milepost_store::{Once, Store};

impl Service {
    /// Adds a tenant.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::Conflict`].
    pub async fn add_tenant(&self, caller: &Caller, tenant: &Tenant, once: &Once<'_, ()>) -> Result<(), ServiceError> {
        require_tenants(caller, &tenant.id)?;
        self.store.add_tenant(tenant, once).await?;
        tracing::info!(tenant.id = %tenant.id, by = caller.log_name(), "tenant added");
        Ok(())
    }

    /// Tenants in the order of their ids.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub async fn list_tenants(
        &self,
        caller: &Caller,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>, ServiceError> {
        require_tenants(caller, &caller.tenant)?;
        Ok(self.store.list_tenants(after, limit).await?)
    }

    /// Is there such a tenant?
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn has_tenant(&self, id: &TenantId) -> Result<bool, ServiceError> {
        Ok(self.store.get_tenant(id).await?.is_some())
    }

    /// A tenant named only by a trusted issuer's token comes to be with the first thing stored for it.
    pub(crate) async fn ensure_tenant(&self, id: &TenantId) -> Result<(), ServiceError> {
        ensure_tenant(&*self.store, id).await
    }
}

/// Creates a tenant that only a trusted issuer's token has named, with the first thing stored for it.
pub(crate) async fn ensure_tenant(store: &dyn Store, id: &TenantId) -> Result<(), ServiceError> {
    let name = Label::new(id.as_str())?;
    store.ensure_tenant(&Tenant { id: id.clone(), name }).await?;
    Ok(())
}

fn require_tenants(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageTenants, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only a superadmin may manage tenants"))
    }
}
