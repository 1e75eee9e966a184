//! Adds and lists tenants.

use crate::{Request, ServiceError};
use milepost_domain::{Action, Caller, Label, Tenant, TenantId, may};
use milepost_store::{Once, Store};
use std::sync::Arc;

/// What the use cases of tenants need.
pub struct Tenants {
    store: Arc<dyn Store>,
}

impl Tenants {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}

/// Adds a tenant.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`].
pub async fn add_tenant(
    tenants: &Tenants,
    request: &Request,
    tenant: &Tenant,
    once: &Once<'_, ()>,
) -> Result<(), ServiceError> {
    require_tenants(&request.caller, &tenant.id)?;
    tenants.store.by(request.author()).add_tenant(tenant, once).await?;
    tracing::info!(tenant.id = %tenant.id, by = request.caller.log_name(), "tenant added");
    Ok(())
}

/// Tenants in the order of their ids.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_tenants(
    tenants: &Tenants,
    request: &Request,
    after: Option<&TenantId>,
    limit: u32,
) -> Result<Vec<Tenant>, ServiceError> {
    require_tenants(&request.caller, &request.caller.tenant)?;
    Ok(tenants.store.list_tenants(after, limit).await?)
}

/// Whether there is such a tenant.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn has_tenant(tenants: &Tenants, id: &TenantId) -> Result<bool, ServiceError> {
    Ok(tenants.store.get_tenant(id).await?.is_some())
}

/// Adds the tenant if it is missing. A trusted issuer's token may name a tenant that is not stored; it is added with
/// the first row that is stored for it.
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
