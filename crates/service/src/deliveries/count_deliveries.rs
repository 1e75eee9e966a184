//! Counts deliveries for whoever runs the platform.

use crate::{Service, ServiceError};
use milepost_domain::{Action, Caller, Reach, TenantId, may, reach};
use milepost_store::DeliveryCount;

impl Service {
    /// Counts the sessions that have not expired: of the named tenant, or of all that the caller may see. Also whose
    /// they are: `None` means everybody's.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub async fn count_deliveries(
        &self,
        caller: &Caller,
        named: Option<TenantId>,
    ) -> Result<(Option<TenantId>, Vec<DeliveryCount>), ServiceError> {
        let tenant = match named {
            None if reach(caller, Action::SeeDeliveryFigures) == Some(Reach::Everywhere) => None,
            None => Some(caller.tenant.clone()),
            Some(named) => Some(named),
        };
        if let Some(tenant) = &tenant
            && !may(caller, Action::SeeDeliveryFigures, tenant)
        {
            return Err(ServiceError::Forbidden("only an admin of the tenant may see the figures of its deliveries"));
        }
        let counts = self.store.count_deliveries(tenant.as_ref(), self.now()).await?;
        Ok((tenant, counts))
    }
}
