//! Enters, changes and takes back scores of examinations.

use crate::{Service, ServiceError};
use milepost_domain::{Cadet, CadetId, Caller, ScoreChange};

impl Service {
    /// Changes scores; the cadet and its staff are told what differs, if anything does. The cadet as it is then.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another tenant's cadet; [`ServiceError::Forbidden`].
    pub async fn change_scores(
        &self,
        caller: &Caller,
        cadet: CadetId,
        change: ScoreChange,
    ) -> Result<Cadet, ServiceError> {
        self.find_cadet_to_change(caller, cadet).await?;
        let (changed, differs) = self.store.change_scores(cadet, change, self.now()).await?;
        if differs {
            self.records_stored();
            tracing::info!(cadet.id = %cadet, by = caller.log_name(), "scores changed");
        }
        Ok(changed)
    }
}
