//! Gives a cadet a merit or demerit.

use super::Records;
use crate::{Request, ServiceError};
use milepost_domain::{CadetId, Grade, GradeGiven, TenantId};
use milepost_store::Once;

/// Gives a grade, and publishes it with the new totals to the cadet and its staff.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's cadet; [`ServiceError::Forbidden`].
pub async fn give_grade(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    cadet: CadetId,
    given: &GradeGiven,
    once: &Once<'_, Grade>,
) -> Result<Grade, ServiceError> {
    records.find_cadet_to_change(request, tenant, cadet).await?;
    let grade = records.store.add_grade(tenant, cadet, given, request.now, once).await?;
    records.wakers.wake_all(tenant);
    tracing::debug!(grade.id = %grade.id, cadet.id = %cadet, by = request.caller.log_name(), "grade given");
    Ok(grade)
}
