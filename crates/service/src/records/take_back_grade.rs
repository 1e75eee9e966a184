//! Takes a merit or demerit back.

use crate::{Service, ServiceError};
use milepost_domain::{CadetId, Caller, GradeId};

impl Service {
    /// Takes a grade back; the cadet and its staff are told, with the new totals.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another tenant's cadet, and for a grade that was taken back already;
    /// [`ServiceError::Forbidden`].
    pub async fn take_back_grade(&self, caller: &Caller, cadet: CadetId, grade: GradeId) -> Result<(), ServiceError> {
        self.find_cadet_to_change(caller, cadet).await?;
        let taken = self.store.remove_grade(cadet, grade, self.now()).await?;
        taken.ok_or(ServiceError::NotFound("grade"))?;
        self.records_stored();
        tracing::info!(grade.id = %grade, cadet.id = %cadet, by = caller.log_name(), "grade taken back");
        Ok(())
    }
}
