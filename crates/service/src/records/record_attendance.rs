//! Records how a cadet attended a training day.

use super::Records;
use crate::{Request, ServiceError};
use milepost_domain::{Attendance, CadetId, ExpectedVersion, TenantId, TrainingDayId};

/// Sets or changes the attendance of a training day. A difference is published to the cadet and its staff.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's cadet; [`ServiceError::Forbidden`]; [`ServiceError::Changed`].
pub async fn record_attendance(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    cadet: CadetId,
    expected: &ExpectedVersion,
    day: TrainingDayId,
    attendance: &Attendance,
) -> Result<(), ServiceError> {
    records.find_cadet_to_change(request, tenant, cadet).await?;
    if records.store.set_attendance(tenant, cadet, expected, day, attendance, request.now).await? {
        records.wakers.wake_all(tenant);
        tracing::debug!(training_day.id = %day, cadet.id = %cadet, by = request.caller.log_name(), "attendance recorded");
    }
    Ok(())
}
