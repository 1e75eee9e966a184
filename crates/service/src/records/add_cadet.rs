//! Enters a cadet.

use crate::{Service, ServiceError};
use milepost_domain::{Action, Cadet, Caller, may};
use milepost_store::{NewCadet, Once};

impl Service {
    /// Enters a cadet, without any record yet.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::Conflict`] when the tenant has a cadet with this student id.
    pub async fn add_cadet(
        &self,
        caller: &Caller,
        cadet: &NewCadet,
        once: &Once<'_, Cadet>,
    ) -> Result<Cadet, ServiceError> {
        if !may(caller, Action::ManageRecords, &cadet.tenant) {
            return Err(ServiceError::Forbidden("only an admin or training staff may enter cadets"));
        }
        self.ensure_tenant(&cadet.tenant).await?;
        let added = self.store.add_cadet(cadet, self.now(), once).await?;
        self.records_stored();
        tracing::info!(cadet.id = %added.id, tenant.id = %added.tenant, by = caller.log_name(), "cadet added");
        Ok(added)
    }
}
