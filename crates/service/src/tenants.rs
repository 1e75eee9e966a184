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

/// Says whether a tenant's deliveries end with a proof only.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn demand_proofs(
    tenants: &Tenants,
    request: &Request,
    tenant: &TenantId,
    is_demanded: bool,
) -> Result<(), ServiceError> {
    if !may(&request.caller, Action::ManageDeliveries, tenant) {
        return Err(ServiceError::Forbidden("only an admin of the tenant may say whether deliveries need a proof"));
    }
    if !tenants.store.by(request.author()).set_proof_required(tenant, is_demanded).await? {
        return Err(ServiceError::NotFound("tenant"));
    }
    tracing::info!(tenant.id = %tenant, by = request.caller.log_name(), is_demanded, "proofs of deliveries demanded or not");
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
