//! Takes a merit or demerit back.

use super::Records;
use crate::{Request, ServiceError};
use milepost_domain::{CadetId, ExpectedVersion, GradeId, TenantId};

/// Takes a grade back, and publishes the new totals to the cadet and its staff.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's cadet, and for a grade that was taken back already;
/// [`ServiceError::Forbidden`]; [`ServiceError::Changed`].
pub async fn take_back_grade(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    cadet: CadetId,
    expected: &ExpectedVersion,
    grade: GradeId,
) -> Result<(), ServiceError> {
    records.find_cadet_to_change(request, tenant, cadet).await?;
    let taken = records.store.remove_grade(tenant, cadet, expected, grade, request.now).await?;
    taken.ok_or(ServiceError::NotFound("grade"))?;
    records.wakers.wake_all(tenant);
    tracing::debug!(grade.id = %grade, cadet.id = %cadet, by = request.caller.log_name(), "grade taken back");
    Ok(())
}
