//! Adds a cadet.

use super::Records;
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Cadet, may};
use milepost_store::{NewCadet, Once};

/// Adds a cadet without records.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Conflict`] when the tenant has a cadet with this student id.
pub async fn add_cadet(
    records: &Records,
    request: &Request,
    cadet: &NewCadet,
    once: &Once<'_, Cadet>,
) -> Result<Cadet, ServiceError> {
    if !may(&request.caller, Action::ManageRecords, &cadet.tenant) {
        return Err(ServiceError::Forbidden("only an admin or training staff may enter cadets"));
    }
    ensure_tenant(&*records.store, &cadet.tenant).await?;
    let added = records.store.add_cadet(cadet, request.now, once).await?;
    records.wakers.wake_all(&cadet.tenant);
    tracing::info!(cadet.id = %added.id, tenant.id = %added.tenant, by = request.caller.log_name(), "cadet added");
    Ok(added)
}
