//! Sets, changes and removes scores of examinations.

use super::Records;
use crate::{Request, ServiceError};
use milepost_domain::{Cadet, CadetId, ExpectedVersion, ScoreChange, TenantId};

/// Changes scores, publishes the differences to the cadet and its staff, and returns the changed cadet.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's cadet; [`ServiceError::Forbidden`]; [`ServiceError::Changed`].
pub async fn change_scores(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    cadet: CadetId,
    expected: &ExpectedVersion,
    change: ScoreChange,
) -> Result<Cadet, ServiceError> {
    records.find_cadet_to_change(request, tenant, cadet).await?;
    let (changed, differs) = records.store.change_scores(tenant, cadet, expected, change, request.now).await?;
    if differs {
        records.wakers.wake_all(tenant);
        tracing::debug!(cadet.id = %cadet, by = request.caller.log_name(), "scores changed");
    }
    Ok(changed)
}
