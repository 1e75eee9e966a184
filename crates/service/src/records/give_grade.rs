//! Gives a cadet a merit or demerit.

use crate::{Service, ServiceError};
use milepost_domain::{CadetId, Caller, Grade, GradeGiven};
use milepost_store::Once;

impl Service {
    /// Gives a grade; the cadet and its staff are told, with the new totals.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another tenant's cadet; [`ServiceError::Forbidden`].
    pub async fn give_grade(
        &self,
        caller: &Caller,
        cadet: CadetId,
        given: &GradeGiven,
        once: &Once<'_, Grade>,
    ) -> Result<Grade, ServiceError> {
        self.find_cadet_to_change(caller, cadet).await?;
        let grade = self.store.add_grade(cadet, given, self.now(), once).await?;
        self.records_stored();
        tracing::info!(grade.id = %grade.id, cadet.id = %cadet, by = caller.log_name(), "grade given");
        Ok(grade)
    }
}
