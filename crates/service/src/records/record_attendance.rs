//! Records how a cadet attended a training day.

use crate::{Service, ServiceError};
use milepost_domain::{Attendance, CadetId, Caller, TrainingDayId};

impl Service {
    /// Enters the attendance of a training day, or changes it; the cadet and its staff are told, unless it was so already.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another tenant's cadet; [`ServiceError::Forbidden`].
    pub async fn record_attendance(
        &self,
        caller: &Caller,
        cadet: CadetId,
        day: TrainingDayId,
        attendance: &Attendance,
    ) -> Result<(), ServiceError> {
        self.find_cadet_to_change(caller, cadet).await?;
        if self.store.set_attendance(cadet, day, attendance, self.now()).await? {
            self.records_stored();
            tracing::info!(training_day.id = %day, cadet.id = %cadet, by = caller.log_name(), "attendance recorded");
        }
        Ok(())
    }
}
