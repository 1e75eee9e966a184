//! Counts deliveries for admins.

use super::Deliveries;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Reach, TenantId, may, reach};
use milepost_store::DeliveryCount;

/// Counts the sessions that have not expired, of the named tenant or of all tenants that the caller may see. Returns
/// the counted tenant too: `None` means all tenants.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn count_deliveries(
    deliveries: &Deliveries,
    request: &Request,
    named: Option<TenantId>,
) -> Result<(Option<TenantId>, Vec<DeliveryCount>), ServiceError> {
    let tenant = match named {
        None if reach(&request.caller, Action::SeeDeliveryFigures) == Some(Reach::Everywhere) => None,
        None => Some(request.caller.tenant.clone()),
        Some(named) => Some(named),
    };
    if let Some(tenant) = &tenant
        && !may(&request.caller, Action::SeeDeliveryFigures, tenant)
    {
        return Err(ServiceError::Forbidden("only an admin of the tenant may see the figures of its deliveries"));
    }
    let counts = deliveries.store.count_deliveries(tenant.as_ref(), request.now).await?;
    Ok((tenant, counts))
}
